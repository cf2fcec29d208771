"""Sweep rows over every split value of a feature, and find where the probability turns back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from scoring_model.contract import EncodedRows
from scoring_model.trees import TreeModel, read_trees
from scoring_model.types import FloatArray
from scoring_model.version import Scorer

# Limit on scored rows times trees: about ten seconds on one processor.
BUDGET = 400_000_000
MIN_ROWS, MAX_ROWS = 20, 500


@dataclass(frozen=True, slots=True)
class Sweep:
    """What a sweep found.

    Attributes
    ----------
    rows : int
        Rows that were swept.
    splits : int
        Split values of all constrained features together.
    fall : float
        Largest step of the probability against the direction; 0 if there is none.
    feature : str
        Feature with this step; empty if there is none.
    """

    rows: int
    splits: int
    fall: float
    feature: str


def sweep_splits(
    scorer: Scorer, signs: Mapping[str, int], matrix: FloatArray, seed: int, rows: int = 0
) -> Sweep:
    """Give rows every split value of each constrained feature, and compare the probabilities.

    Between two neighbouring split values the probability does not change. So the value itself,
    which goes left, and the next number above it show every change. The rows are scored as a
    server scores them.

    Parameters
    ----------
    scorer : Scorer
        The final scorer.
    signs : mapping of str to int
        For each constrained feature, 1 if the probability must not fall, -1 if it must not rise.
    matrix : ndarray of float64, shape (rows, features)
        Encoded rows. Some of them are drawn.
    seed : int
        Seed of the draw.
    rows : int
        How many are drawn. Without it their number follows from `BUDGET`.

    Raises
    ------
    ValueError
        The booster is of a kind whose splits cannot be read.
    """
    text = scorer.booster.model_to_string()
    trees = read_trees(text)
    if trees is None:
        raise ValueError("the splits of this booster cannot be read")
    served = replace(scorer, booster=TreeModel(text))
    columns = {scorer.contract.names.index(name): name for name in signs}
    cuts: dict[int, set[float]] = {column: set() for column in columns}
    for tree in trees:
        for node in tree.nodes:
            if node.column in cuts:
                cuts[node.column].add(node.threshold)
    splits = sum(map(len, cuts.values()))
    wanted = rows or max(MIN_ROWS, min(MAX_ROWS, BUDGET // (2 * max(1, splits) * len(trees))))
    drawn = np.random.default_rng(seed).permutation(len(matrix))[:wanted]
    worst, feature = 0.0, ""
    for column, own in cuts.items():
        at = np.array(sorted(own))
        values = np.unique(np.concatenate((at, np.nextafter(at, np.inf))))
        for row in matrix[drawn]:
            steps = signs[columns[column]] * np.diff(_probabilities(served, row, column, values))
            if steps.size and -steps.min() > worst:
                worst, feature = float(-steps.min()), columns[column]
    return Sweep(len(drawn), splits, worst, feature)


def _probabilities(scorer: Scorer, row: FloatArray, column: int, values: FloatArray) -> FloatArray:
    """Return the probability of a row with each of the values in one column."""
    swept = np.tile(row, (len(values), 1))
    swept[:, column] = values
    return scorer.score_encoded(EncodedRows(swept)).probability

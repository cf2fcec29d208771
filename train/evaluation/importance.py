"""Which features matter in money: the rise in cost when one of them is shuffled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scoring_model.types import FloatArray, RowNumbers
from train.statistics import Interval, normal_mean

REPEATS = 2
# Rows times trees that a run may score for this: about ten seconds on two processors.
BUDGET = 150_000_000
MIN_ROWS, MAX_ROWS = 2_000, 30_000
# Of a wide portfolio only the features that the booster uses most are shuffled.
MAX_FEATURES = 40


@dataclass(frozen=True, slots=True)
class FeatureImportance:
    """What one feature is worth.

    Attributes
    ----------
    feature : str
    rise : Interval
        Cost per applicant with the feature shuffled, less that without.
    """

    feature: str
    rise: Interval


def importance_in_money(
    matrix: FloatArray,
    cost_of: Callable[[FloatArray, RowNumbers], FloatArray],
    names: Sequence[str],
    gain: FloatArray,
    trees: int,
    seed: int,
) -> tuple[FeatureImportance, ...]:
    """Shuffle one feature after the other and see what the decisions cost, dearest first.

    L. Breiman, Random forests, Machine Learning 2001. The interval is that of the mean over
    rows of the rise in `REPEATS` shuffles: it holds for rows like these, not for another model.

    Parameters
    ----------
    matrix : ndarray of float64, shape (rows, features)
        Encoded test rows.
    cost_of : callable
        From a matrix of some rows and their numbers to the cost of each decision.
    names : sequence of str
        The features' names.
    gain : ndarray of float64, shape (features,)
        By which the booster rates them: those without any are not shuffled.
    trees : int
        How many the booster has: they tell how long a row takes.
    seed : int
    """
    rng = np.random.default_rng(seed)
    used = [int(f) for f in np.argsort(-gain, kind="stable")[:MAX_FEATURES] if gain[f] > 0]
    wanted = BUDGET // max(1, len(used) * REPEATS * trees)
    size = min(len(matrix), max(MIN_ROWS, min(MAX_ROWS, wanted)))
    rows = np.sort(rng.choice(len(matrix), size, replace=False))
    sample = matrix[rows]
    before = cost_of(sample, rows)
    found = []
    for feature in used:
        rise = np.zeros(size)
        for _ in range(REPEATS):
            shuffled = sample.copy()
            shuffled[:, feature] = rng.permutation(sample[:, feature])
            rise += (cost_of(shuffled, rows) - before) / REPEATS
        interval = normal_mean(rise)
        found.append(FeatureImportance(names[feature], interval))
    return tuple(sorted(found, key=lambda item: -item.rise.value))

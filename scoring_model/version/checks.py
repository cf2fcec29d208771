"""`check_scorer`: score the example and a probe set before a version answers anybody."""

from collections.abc import Mapping

import numpy as np

from scoring_model.errors import ArtifactError
from scoring_model.trees import have_equal_bits, make_probe, read_trees
from scoring_model.types import FloatArray
from scoring_model.version.artifacts import check_example
from scoring_model.version.scorer import Scorer

# contributions take a hundred times as long as margins
_SINGLE_ROWS, _EXPLAINED_ROWS = 200, 20


def check_scorer(files: Mapping[str, bytes], scorer: Scorer) -> None:
    """Score the logged example and a probe set with every function that answers requests.

    Parameters
    ----------
    files : mapping of str to bytes
        The files of the version.
    scorer : Scorer
        The scorer made of them.

    Raises
    ------
    ArtifactError
        The example does not get the logged answer, an answer is not finite, a probability is not
        in [0, 1], or a single row is answered otherwise than among others.
    """
    check_example(files, scorer)
    rows = _make_rows(scorer)
    margins = scorer.predict_margins(rows)
    few = margins[:_SINGLE_ROWS]
    single = [scorer.booster.predict_row(row) for row in rows[:_SINGLE_ROWS].tolist()]
    probabilities = scorer.policy.calibration.apply(margins)
    contributions = scorer.predict_contributions(rows[:_EXPLAINED_ROWS])
    if not (np.isfinite(margins).all() and np.isfinite(contributions).all()):
        raise ArtifactError("the booster gives log-odds or contributions that are not finite")
    if not have_equal_bits(few, np.array(single)):
        raise ArtifactError("the booster gives other log-odds to one row than to several")
    if not ((probabilities >= 0.0) & (probabilities <= 1.0)).all():
        raise ArtifactError("the calibration gives a probability outside [0, 1]")


def _make_rows(scorer: Scorer) -> FloatArray:
    """Return a row without any value, a row of zeros, and rows that reach most leaves."""
    columns = len(scorer.contract.features)
    trees = read_trees(scorer.booster.model_to_string()) or []
    return np.vstack([np.full(columns, np.nan), np.zeros(columns), make_probe(trees, columns)])

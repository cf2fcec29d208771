"""`check_scorer`: score the example and other rows before a version answers anybody."""

from collections.abc import Mapping

from scoring_model.version.artifacts import check_example
from scoring_model.version.scorer import Scorer


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
        An answer is not the logged one, not finite, or not the same in both ways of scoring.
    """
    check_example(files, scorer)

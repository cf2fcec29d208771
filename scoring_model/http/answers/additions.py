"""`add_fields`: what the portfolio wants in an answer of `/predict` in addition."""

from collections.abc import Mapping
from typing import Any

from scoring_model.contract import AnswerFields

DECISIONS = ("refused", "accepted")
"""What a score of 0 and a score of 1 mean."""


def add_fields(
    answer: dict[str, Any], wanted: AnswerFields, version: str, applicant: Mapping[str, Any]
) -> None:
    """Add fields to the answer about an applicant.

    Parameters
    ----------
    answer : dict
        It is changed.
    wanted : AnswerFields
        The fields to add.
    version : str
        Number in the registry of the version that made the decision.
    applicant : mapping
        The applicant's own columns, which the contract has checked.
    """
    if "decision" in wanted.include:
        answer["decision"] = DECISIONS[answer["score"]]
    if "model_version" in wanted.include:
        answer["model_version"] = version
    reference = applicant.get(wanted.reference)
    if reference is not None:
        answer[wanted.reference] = reference

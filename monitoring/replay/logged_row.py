"""`LoggedRow`: what is needed of one logged decision to make it again."""

from typing import Any, NamedTuple

import orjson

from monitoring.decisions import name_version, parse_record
from monitoring.replay.selection import Selection
from scoring_model.decision_log import LoggedPair, VersionName, commit_to


class LoggedRow(NamedTuple):
    """One logged decision.

    Attributes
    ----------
    identifier : str
    version : VersionName
    decided_on : str or None
    probability, threshold : float
    score : int
    applicant : dict
        Parsed by orjson, which rounds whole numbers beyond 64 bits.
    values : str
        The JSON text that holds the applicant.
    """

    identifier: str
    version: VersionName
    decided_on: str | None
    probability: float
    threshold: float
    score: int
    applicant: dict[str, Any]
    values: str


class ErasedDecision(Exception):
    """The applicant was erased."""


def read_row(pair: LoggedPair, selection: Selection) -> LoggedRow | None:
    """Return a decision, or None if it is not selected.

    Parameters
    ----------
    pair : LoggedPair
    selection : Selection

    Raises
    ------
    ErasedDecision
        Its applicant was erased.
    ValueError
        It is damaged, or the applicant is not the one that the record commits to.
    """
    text, personal = pair
    record = parse_record(text)
    if not selection.takes(record["id"], record["time"]):
        return None
    if personal is None or personal.identifier != record["id"]:
        raise ValueError("the personal part is damaged")
    if personal.erased:
        raise ErasedDecision
    salt, values = bytes.fromhex(personal.salt), personal.values.encode()
    if commit_to(salt, values) != record["commitment"]:
        raise ValueError("the personal part is not the one that was logged")
    applicant = orjson.loads(values)["applicant"]
    if type(applicant) is not dict:
        raise ValueError("the applicant is damaged")
    return LoggedRow(
        identifier=record["id"],
        version=name_version(record),
        decided_on=record["decided_on"],
        probability=record["probability"],
        threshold=record["threshold"],
        score=record["score"],
        applicant=applicant,
        values=personal.values,
    )

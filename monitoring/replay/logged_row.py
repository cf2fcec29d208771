"""`LoggedRow`: what is needed of one logged decision to make it again."""

from typing import Any, NamedTuple

import orjson

from monitoring.replay.selection import Selection
from scoring_model.decision_log import LoggedPair, VersionName, commit_to

_TEXT, _OPTIONAL_TEXT = (str,), (str, type(None))
_ABSENT = object()
_KINDS: dict[str, tuple[type, ...]] = {
    "id": _TEXT,
    "time": _TEXT,
    "decided_on": _OPTIONAL_TEXT,
    "model": _OPTIONAL_TEXT,
    "version": _TEXT,
    "manifest": _TEXT,
    "probability": (float,),
    "threshold": (float,),
    "score": (int,),
    "commitment": _TEXT,
}


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


def parse_record(text: bytes | None) -> dict[str, Any]:
    """Return the fields of a record; raises `ValueError` if it is damaged."""
    record = None if text is None else orjson.loads(text)
    if type(record) is not dict:
        raise ValueError("the record is damaged")
    for name, kinds in _KINDS.items():
        if type(record.get(name, _ABSENT)) not in kinds:
            raise ValueError(f"{name} of the record is damaged")
    return record


def name_version(record: dict[str, Any]) -> VersionName:
    """Return what a record calls the version that decided."""
    return VersionName(record["model"], record["version"], record["manifest"])

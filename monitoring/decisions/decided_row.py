"""`DecidedRow`: what is needed of one logged decision to monitor it."""

import datetime
from functools import cache
from typing import Any, NamedTuple

import orjson

from scoring_model.decision_log import PersonalPart

EPOCH = datetime.date(1970, 1, 1)
_OPTIONAL_TEXT = (str, type(None))


class DecidedRow(NamedTuple):
    """One logged decision.

    Attributes
    ----------
    identifier : str
    reference : str or None
        Text, or a digest of it; None if there is none, or it was erased.
    is_digest : bool
        Whether `reference` is a digest.
    month : int
        Such as 200501: of `decided_on`, or of the time (UTC) without it.
    day : int
        Days since 1970, of the same day.
    probability : float
    score : int
    applicant : dict or None
        Parsed by orjson, which rounds whole numbers beyond 64 bits; None if it was erased.
    values : str
        The JSON text that holds the applicant.
    decided_on : str or None
    """

    identifier: str
    reference: str | None
    is_digest: bool
    month: int
    day: int
    probability: float
    score: int
    applicant: dict[str, Any] | None
    values: str
    decided_on: str | None


def read_decided_row(record: dict[str, Any], personal: PersonalPart | None) -> DecidedRow:
    """Return a decision. The commitment is not checked: the command `verify` does that.

    Parameters
    ----------
    record : dict
        From `parse_record`.
    personal : PersonalPart or None

    Raises
    ------
    ValueError, LookupError, TypeError
        It is damaged.
    """
    if personal is None or personal.identifier != record["id"]:
        raise ValueError("the personal part is damaged")
    reference = applicant = None
    is_digest = False
    if not personal.erased:
        values = orjson.loads(personal.values)
        applicant = values["applicant"]
        reference = values.get("reference", values.get("reference_digest"))
        is_digest = reference is not None and "reference" not in values
        if type(applicant) is not dict or type(reference) not in _OPTIONAL_TEXT:
            raise ValueError("the personal part is damaged")
    probability, score = record["probability"], record["score"]
    if not 0.0 <= probability <= 1.0 or score not in (0, 1):
        raise ValueError("the answer in the record is damaged")
    month, day = _read_day(record["decided_on"] or record["time"][:10])
    return DecidedRow(
        record["id"],
        reference,
        is_digest,
        month,
        day,
        probability,
        score,
        applicant,
        personal.values,
        record["decided_on"],
    )


@cache
def _read_day(text: str) -> tuple[int, int]:
    day = datetime.date.fromisoformat(text)
    return 100 * day.year + day.month, (day - EPOCH).days

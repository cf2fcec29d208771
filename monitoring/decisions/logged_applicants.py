"""`encode_logged`: encode logged applicants as they were encoded on the day of the decision."""

from collections.abc import Mapping, Sequence
from typing import Any

from scoring_model.contract import EncodedRows, FeatureContract, parse_exactly
from scoring_model.errors import InvalidRequest

_Applicant = Mapping[str, Any]


def encode_logged(
    contract: FeatureContract,
    applicants: Sequence[Mapping[str, Any]],
    values: Sequence[str],
    days: Sequence[str | None],
) -> EncodedRows:
    """Return logged applicants as numbers, with dates counted from the logged day.

    Parameters
    ----------
    contract : FeatureContract
        Contract of the version that decided.
    applicants : sequence of mapping
        Parsed by orjson, which rounds whole numbers beyond 64 bits.
    values : sequence of str
        The JSON text that holds each applicant.
    days : sequence of str or None
        `decided_on` of each record.

    Raises
    ------
    InvalidRequest
        The version refuses an applicant now, or a record lacks the day that the version needs.
    """
    encoded = contract.encode_records(_date(applicants, days, contract.decision_date))
    if encoded.has_long_numbers():
        exact = [parse_exactly(text.encode())["applicant"] for text in values]
        encoded = contract.encode_records(_date(exact, days, contract.decision_date))
    return encoded


def _date(
    applicants: Sequence[_Applicant], days: Sequence[str | None], field: str
) -> Sequence[_Applicant]:
    """Return applicants of the logged days: without one, the version would count from today."""
    if not field:
        return applicants
    if None in days:
        raise InvalidRequest("its record has no decided_on")
    return [{**each, field: day} for each, day in zip(applicants, days, strict=True)]

"""What the decision log keeps of an answered request."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from scoring_model.contract import (
    MOST_REFERENCE_CHARACTERS,
    FeatureContract,
    judge_reference,
    name_day,
    parse_day,
    parse_exactly,
    today,
)
from scoring_model.decision_log import NewDecision, PersonalValues, write_applicant
from scoring_model.errors import MOST_PROBLEMS, FieldProblem, InvalidRequest
from scoring_model.policy import Decision
from scoring_model.version import TimedScoring

_REFERENCE = b"x-reference"
_ONE = (b"x-decision-count", b"1")


class Asked(NamedTuple):
    """What the log needs of a request itself.

    Attributes
    ----------
    route : str
        Path of the request.
    key : str or None
        Name of the caller's key.
    reference : str or None
        The header `X-Reference`.
    """

    route: str
    key: str | None
    reference: str | None


def decision_headers(ids: Sequence[str]) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that name the first decision of an answer, and count all; none if none."""
    if not ids:
        return ()
    count = _ONE if len(ids) == 1 else (b"x-decision-count", b"%d" % len(ids))
    return ((b"x-decision-id", ids[0].encode()), count)


def read_reference(headers: Mapping[bytes, bytes]) -> str | None:
    """Return the header `X-Reference`; None if it is absent. Raises `InvalidRequest`."""
    given = headers.get(_REFERENCE)
    if given is None:
        return None
    try:
        reference = given.decode()
    except UnicodeDecodeError:
        reference = ""
    if not reference or judge_reference(reference):
        raise InvalidRequest(
            f"X-Reference must be text in UTF-8 of 1 to {MOST_REFERENCE_CHARACTERS} characters"
        )
    return reference


def check_references(references: Sequence[Any], column: str) -> None:
    """Raise `InvalidRequest` if a reference in a table breaks its rule."""
    judged = enumerate(map(judge_reference, references))
    problems = [FieldProblem(row, column, problem) for row, problem in judged if problem]
    if problems:
        raise InvalidRequest.from_problems(problems[:MOST_PROBLEMS], len(problems))


def with_day(
    contract: FeatureContract, record: Mapping[str, Any], body: bytes
) -> tuple[Mapping[str, Any], bytes]:
    """Return an applicant with the day of the decision, and the body that it was parsed from.

    The day is set once, before the scoring, so that the log has the day that was used.
    """
    name = contract.decision_date
    if not name or record.get(name) is not None:
        return record, body
    return {**parse_exactly(body), name: name_day(today())}, b""


def log_one(
    values: PersonalValues,
    contract: FeatureContract,
    body: bytes,
    record: Mapping[str, Any],
    decision: Decision,
    reference: str | None,
) -> NewDecision:
    """Return a decision about a single applicant for the log.

    Parameters
    ----------
    values : PersonalValues
    contract : FeatureContract
    body : bytes
        The applicant as it was sent.
    record : mapping
        The applicant that was scored, from `with_day`.
    decision : Decision
    reference : str or None
        From the header; a reference in the applicant goes first.
    """
    applicant = body
    if contract.unscored:
        applicant = write_applicant(contract.keep_fields(record))
        if contract.answer and (own := record.get(contract.answer.reference)) is not None:
            reference = own
    day = parse_day(record[contract.decision_date]) if contract.decision_date else None
    return NewDecision(
        decision.probability,
        decision.threshold,
        decision.score,
        values.write(applicant, reference, decision.notices),
        None if day is None else name_day(day),
    )


def log_many(
    values: PersonalValues,
    contract: FeatureContract,
    scoring: TimedScoring,
    reference: str | None,
) -> list[NewDecision]:
    """Return the decisions about several applicants for the log.

    Parameters
    ----------
    values : PersonalValues
    contract : FeatureContract
    scoring : TimedScoring
        A scoring that is finished.
    reference : str or None
        From the header, which only a request with one applicant may have.

    Raises
    ------
    InvalidRequest
        There is such a header, and the request has several applicants.
    """
    rows, decisions = scoring.rows, scoring.decisions
    if rows is None or decisions is None:
        return []
    count = len(decisions.probability)
    if reference is not None and count != 1:
        raise InvalidRequest("X-Reference names one applicant, and the request has several")
    own = scoring.references or [None] * count
    references = [reference if each is None else each for each in own]
    notices = rows.notices_by_row()
    explained = scoring.explained or [{}] * count
    written = [
        values.write(write_applicant(applicant), reference, notices.get(row, ()), reasons)
        for row, (applicant, reference, reasons) in enumerate(
            zip(scoring.applicants, references, explained, strict=True)
        )
    ]
    columns = (decisions.probability, decisions.threshold, decisions.score)
    answers, days = (column.tolist() for column in columns), _days(contract, scoring, count)
    return [NewDecision(*each) for each in zip(*answers, written, days, strict=True)]


def _days(contract: FeatureContract, scoring: TimedScoring, count: int) -> list[str | None]:
    """Return the day of each decision."""
    if not contract.decision_date or scoring.rows is None:
        return [None] * count
    column = scoring.rows.field_values[:, contract.field_names.index(contract.decision_date)]
    return [None if math.isnan(day) else name_day(day) for day in column.tolist()]

"""`POST /predict`: checks and scores one applicant or an array of applicants."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import parse_qsl

import orjson

from scoring_model.contract import EncodedRows, Notice, parse_json, refuse_duplicates
from scoring_model.errors import InvalidRequest
from scoring_model.features import ApplicantFeatures
from scoring_model.http.answers.limits import RequestLimits
from scoring_model.policy import Decision
from scoring_model.version import (
    DEFAULT_TOP,
    Explanation,
    Scorer,
    TimedScoring,
    choose_language,
    explain,
)

# contributions take a hundred times as long to compute as the log-odds, so the time limit is
# checked after so few rows
_EXPLAINED_STEP_ROWS = 20
_SWITCH = {"true": True, "false": False}


def read_explanation(query: bytes, language: bytes | None) -> Explanation | None:
    """Return which reasons a query such as `explain=true&top=4` asks for, None for no reasons.

    Parameters
    ----------
    query : bytes
        The query string, without the question mark.
    language : bytes or None
        The header `Accept-Language`; None if it is absent.

    Raises
    ------
    InvalidRequest
        A parameter is unknown, given twice or has a wrong value.
    """
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True, errors="replace")
    given = dict(pairs)
    if len(given) < len(pairs) or not given.keys() <= {"explain", "top"}:
        raise InvalidRequest(
            "the query may have only the parameters explain and top, each at most once"
        )
    wanted = _SWITCH.get(given.get("explain", "false").lower())
    if wanted is None:
        raise InvalidRequest("explain must be true or false, such as explain=true")
    top = given.get("top", str(DEFAULT_TOP))
    if top != "all" and not (top.isascii() and top.isdigit() and 0 < len(top) < 6 and int(top)):
        raise InvalidRequest("top must be all or a whole number from 1 to 99999")
    if not wanted:
        return None
    return Explanation(None if top == "all" else int(top), choose_language(language))


def predict_one(scorer: Scorer, body: bytes) -> tuple[bytes, Decision]:
    """Answer a body with one applicant; call it in the event loop's thread only."""
    record = parse_json(body)
    if type(record) is not dict:
        raise InvalidRequest("the body must be an object or an array of objects")
    refuse_duplicates(body, len(record), (record.values(),))
    decision = scorer.score_record(record, body)
    answer = decision.answer()
    if decision.notices:
        answer["warnings"] = list(map(_warn, decision.notices))
    return orjson.dumps(answer), decision


def predict_many(
    scorer: Scorer,
    histories: ApplicantFeatures | None,
    body: bytes,
    limits: RequestLimits,
    scoring: TimedScoring,
    explanation: Explanation | None,
) -> bytes:
    """Answer every other body: an array, a request for reasons, applicants with histories."""
    applicants = parse_json(body)
    single = type(applicants) is dict
    records = [applicants] if single else _check_array(applicants, limits)
    if explanation is not None:
        limits.check_explained_rows(len(records))
    try:
        rows = _encode(scorer, histories, body, records, scoring)
    except InvalidRequest:
        # only a request with unknown fields can have too many
        limits.check_columns(len(set().union(*records)))
        raise
    answers = _answer(scorer, rows, scoring)
    if explanation is not None:
        _add_reasons(scorer, rows, answers, scoring, explanation)
    return orjson.dumps(answers[0] if single else answers)


def _encode(
    scorer: Scorer,
    histories: ApplicantFeatures | None,
    body: bytes,
    records: Sequence[Mapping[str, Any]],
    scoring: TimedScoring,
) -> EncodedRows:
    if histories is not None:
        return histories.encode(body, records, scoring.check_time)
    refuse_duplicates(body, sum(map(len, records)), (record.values() for record in records))
    return scorer.contract.encode_records(records, body)


def _check_array(applicants: Any, limits: RequestLimits) -> list[Mapping[str, Any]]:
    if type(applicants) is not list:
        raise InvalidRequest("the body must be an object or an array of objects")
    limits.check_rows(len(applicants))
    if not set(map(type, applicants)) <= {dict}:
        wrong = (row for row, record in enumerate(applicants) if type(record) is not dict)
        raise InvalidRequest(f"row {next(wrong)} must be an object")
    return applicants


def _answer(scorer: Scorer, rows: EncodedRows, scoring: TimedScoring) -> list[dict[str, Any]]:
    answers = scoring.score(scorer, rows).answers()
    for notice in rows.notices:
        answers[notice.row].setdefault("warnings", []).append(_warn(notice))
    return answers


def _add_reasons(
    scorer: Scorer,
    rows: EncodedRows,
    answers: Sequence[dict[str, Any]],
    scoring: TimedScoring,
    explanation: Explanation,
) -> None:
    for start in range(0, len(answers), _EXPLAINED_STEP_ROWS):
        scoring.check_time()
        step = slice(start, start + _EXPLAINED_STEP_ROWS)
        scores = [answer["score"] for answer in answers[step]]
        explained = explain(scorer, rows.matrix[step], scores, explanation)
        for answer, reasons in zip(answers[step], explained, strict=True):
            answer.update(reasons)


def _warn(notice: Notice) -> dict[str, str]:
    return {"field": notice.field, "problem": notice.problem}

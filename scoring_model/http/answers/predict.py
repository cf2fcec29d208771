"""`POST /predict`: checks and scores one applicant or an array of applicants."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson

from scoring_model.contract import EncodedRows, Notice, parse_json, refuse_duplicates
from scoring_model.errors import InvalidRequest
from scoring_model.features import ApplicantFeatures
from scoring_model.http.answers.additions import add_fields
from scoring_model.http.answers.limits import RequestLimits
from scoring_model.http.answers.logged import with_day
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


class PredictQuery(NamedTuple):
    """What the query of a request to `/predict` asks for.

    Attributes
    ----------
    explanation : Explanation or None
        Which reasons to add; None for none.
    is_simulated : bool
        Whether the answers are no decisions, so that nothing is logged.
    """

    explanation: Explanation | None = None
    is_simulated: bool = False


def read_query(query: bytes, language: bytes | None) -> PredictQuery:
    """Read a query such as `explain=true&top=4&simulate=true`.

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
    if len(given) < len(pairs) or not given.keys() <= {"explain", "top", "simulate"}:
        raise InvalidRequest(
            "the query may have only the parameters explain, top and simulate, each at most once"
        )
    wanted, is_simulated = (_read_switch(given, name) for name in ("explain", "simulate"))
    top = given.get("top", str(DEFAULT_TOP))
    if top != "all" and not (top.isascii() and top.isdigit() and 0 < len(top) < 6 and int(top)):
        raise InvalidRequest("top must be all or a whole number from 1 to 99999")
    if not wanted:
        return PredictQuery(None, is_simulated)
    explanation = Explanation(None if top == "all" else int(top), choose_language(language))
    return PredictQuery(explanation, is_simulated)


def _read_switch(given: Mapping[str, str], name: str) -> bool:
    switch = _SWITCH.get(given.get(name, "false").lower())
    if switch is None:
        raise InvalidRequest(f"{name} must be true or false, such as {name}=true")
    return switch


def predict_one(scorer: Scorer, body: bytes) -> tuple[bytes, Decision, Mapping[str, Any]]:
    """Answer a body with one applicant; call it in the event loop's thread only.

    Parameters
    ----------
    scorer : Scorer
    body : bytes

    Returns
    -------
    tuple of (bytes, Decision, mapping)
        The answer, the decision, and the applicant that was scored.
    """
    record = parse_json(body)
    if type(record) is not dict:
        raise InvalidRequest("the body must be an object or an array of objects")
    refuse_duplicates(body, len(record), (record.values(),))
    record, exact_body = with_day(scorer.contract, record, body)
    decision = scorer.score_record(record, exact_body)
    answer = decision.answer()
    if (wanted := scorer.contract.answer) is not None:
        add_fields(answer, wanted, scorer.version, record)
    if decision.notices:
        answer["warnings"] = list(map(_warn, decision.notices))
    return orjson.dumps(answer), decision, record


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
    answers = scoring.score(scorer, rows).answers()
    if (wanted := scorer.contract.answer) is not None:
        own = records if histories is None else list(map(histories.own_columns, records))
        for answer, record in zip(answers, own, strict=True):
            add_fields(answer, wanted, scorer.version, record)
        scoring.references = [record.get(wanted.reference) for record in own]
    for notice in rows.notices:
        answers[notice.row].setdefault("warnings", []).append(_warn(notice))
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
    kept: list[Mapping[str, Any]] = []
    if histories is not None:
        rows = histories.encode(body, records, scoring.check_time, kept)
    else:
        refuse_duplicates(body, sum(map(len, records)), (record.values() for record in records))
        rows, kept = scorer.contract.encode_records(records, body), list(records)
    if scoring.is_logged:
        scoring.applicants = list(map(scorer.contract.keep_fields, kept))
    return rows


def _check_array(applicants: Any, limits: RequestLimits) -> list[Mapping[str, Any]]:
    if type(applicants) is not list:
        raise InvalidRequest("the body must be an object or an array of objects")
    limits.check_rows(len(applicants))
    if not set(map(type, applicants)) <= {dict}:
        wrong = (row for row, record in enumerate(applicants) if type(record) is not dict)
        raise InvalidRequest(f"row {next(wrong)} must be an object")
    return applicants


def _add_reasons(
    scorer: Scorer,
    rows: EncodedRows,
    answers: Sequence[dict[str, Any]],
    scoring: TimedScoring,
    explanation: Explanation,
) -> None:
    explained: list[dict[str, Any]] = []
    for start in range(0, len(answers), _EXPLAINED_STEP_ROWS):
        scoring.check_time()
        step = slice(start, start + _EXPLAINED_STEP_ROWS)
        scores = [answer["score"] for answer in answers[step]]
        part = explain(scorer, rows.matrix[step], scores, explanation)
        for answer, reasons in zip(answers[step], part, strict=True):
            answer.update(reasons)
        explained += part
    scoring.explained = explained


def _warn(notice: Notice) -> dict[str, str]:
    return {"field": notice.field, "problem": notice.problem}

"""`POST /predict`: one applicant or an array of them, strictly."""

from collections.abc import Mapping
from typing import Any

import orjson

from scoring_model.errors import InvalidRequest, TooLarge
from scoring_model.json_body import parse_json, refuse_duplicates
from scoring_model.scorer import Decision, Scorer, answer_of
from scoring_model.work import Work

NEVER_SEEN = "was never seen in training: it is scored as missing"
NOT_AN_APPLICANT = "must be an object"


def predict_one(scorer: Scorer, body: bytes) -> tuple[bytes, Decision]:
    """Answer a body that is one applicant; for the event loop's thread only."""
    record = parse_json(body)
    if type(record) is not dict:
        raise InvalidRequest("the body must be an object or an array of objects")
    refuse_duplicates(body, len(record))
    decision = scorer.score_record(record)
    answer = answer_of(decision)
    if decision.unseen:
        answer["warnings"] = [warn(name) for name in decision.unseen]
    return orjson.dumps(answer), decision


def predict_many(scorer: Scorer, body: bytes, max_rows: int, work: Work) -> bytes:
    """Answer a body that is an array of applicants."""
    records = parse_applicants(body, max_rows)
    rows = scorer.contract.encode_records(records)
    decisions = work.score(scorer, rows)
    answers: list[dict[str, Any]] = [
        {"probability": probability, "score": score, "threshold": threshold}
        for probability, score, threshold in zip(
            decisions.probability.tolist(),
            decisions.score.tolist(),
            decisions.threshold.tolist(),
            strict=True,
        )
    ]
    for row, name in rows.unseen:
        answers[row].setdefault("warnings", []).append(warn(name))
    return orjson.dumps(answers)


def parse_applicants(body: bytes, max_rows: int) -> list[Mapping[str, Any]]:
    """Return the objects of an array.

    Raises
    ------
    InvalidRequest
        The body is no array of objects, or an object has a field twice.
    TooLarge
        There are more than `max_rows`.
    """
    records = parse_json(body)
    if type(records) is not list:
        raise InvalidRequest("the body must be an object or an array of objects")
    if len(records) > max_rows:
        raise TooLarge(f"a request may have {max_rows} applicants (MAX_ROWS)")
    if not set(map(type, records)) <= {dict}:
        wrong = (row for row, record in enumerate(records) if type(record) is not dict)
        raise InvalidRequest(f"row {next(wrong)}: {NOT_AN_APPLICANT}")
    refuse_duplicates(body, sum(map(len, records)))
    return records


def warn(name: str) -> dict[str, str]:
    """Return the warning for a category that training never saw."""
    return {"field": name, "problem": NEVER_SEEN}

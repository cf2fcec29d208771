"""`[answer]`: what `/predict` answers in addition, and fields that are taken and not scored."""

import io
import json
from typing import Any

import httpx
import pandas as pd
import pytest

from scoring_model.contract import ANSWER_NAMES
from scoring_model.version import Scorer
from tests.scoring_model.conftest import DESK_ANSWER, DESK_KEY, DESK_VERSION
from tests.scoring_model.http.document.test_openapi import run_schemathesis
from tests.scoring_model.planted import EXAMPLE, make_contract, make_rows
from tests.scoring_model.processes import Server

PLAIN = ["probability", "score", "threshold"]
REFERENCE = DESK_ANSWER.reference
KINDS = ["A-17", "", "É" * 200, 0, -(2**63), 2**64 - 1, None]
WRONG = [True, 1.5, 2**64, ["Secret-17"], {"a": "Secret-17"}, "Secret-17" * 23]


def predict(server: Server, body: Any, query: str = "") -> Any:
    answer = server.http.post(f"/predict{query}", json=body)
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-model-version"] == DESK_VERSION
    return answer.json()


def test_the_answer_has_the_wanted_fields_in_their_order(desk: Server, scorer: Scorer) -> None:
    answer = predict(desk, EXAMPLE | {REFERENCE: "A-17", "region": "Atlantis"}, "?explain=true")
    assert list(answer) == [
        *(*PLAIN, "decision", "model_version"),
        *(REFERENCE, "warnings", "reasons"),
    ]
    plain = predict(desk, EXAMPLE)
    assert list(plain) == [*PLAIN, "decision", "model_version"]
    assert plain["model_version"] == DESK_VERSION
    decision = scorer.score_record(EXAMPLE)
    assert [plain[name] for name in PLAIN] == [
        *(decision.probability, decision.score, decision.threshold)
    ]


# answered on the fast path, in the worker, and in a child process
@pytest.mark.parametrize("rows", [20, 300])
def test_every_path_gives_the_same_fields_to_the_last_bit(desk: Server, rows: int) -> None:
    contract = make_contract()
    applicants = make_rows(contract, rows, seed=21)
    for number, applicant in enumerate(applicants):
        if number % 3:
            applicant[REFERENCE] = number if number % 2 else f"A-{number}"
        if number % 4:
            applicant["sex"] = "female"
    many = predict(desk, applicants)
    assert [answer.get(REFERENCE) for answer in many] == [a.get(REFERENCE) for a in applicants]
    assert [predict(desk, applicant) for applicant in applicants[:20]] == many[:20]
    explained = predict(desk, applicants[:20], "?explain=true")
    assert [answer.pop("reasons") for answer in explained]
    assert explained == many[:20]
    words = {1: "accepted", 0: "refused"}
    assert all(answer["decision"] == words[answer["score"]] for answer in many)
    assert rows == 20 or {answer["decision"] for answer in many} == {"accepted", "refused"}
    asked = {"dataframe_records": applicants}
    predictions = desk.http.post("/invocations", json=asked).json()["predictions"]
    assert predictions == [{name: answer[name] for name in PLAIN} for answer in many]


@pytest.mark.parametrize("value", KINDS)
def test_a_reference_is_repeated_as_it_was_sent(desk: Server, value: Any) -> None:
    before = predict(desk, EXAMPLE)
    for body in (EXAMPLE | {REFERENCE: value}, {REFERENCE: value} | EXAMPLE):
        one = predict(desk, body)
        assert predict(desk, [EXAMPLE, body]) == [before, one]
        found = one.pop(REFERENCE, None)
        assert (found, type(found)) == (value, type(value))
        assert one == before


@pytest.mark.hostile("a value that an answer repeats")
@pytest.mark.parametrize("value", WRONG)
def test_a_wrong_reference_is_refused_by_name(desk: Server, value: Any) -> None:
    wrong = EXAMPLE | {REFERENCE: value}
    bodies: list[tuple[Any, int]] = [(wrong, 0), ([wrong], 0), ([EXAMPLE] * 200 + [wrong], 200)]
    for body, row in bodies:
        answer = desk.http.post("/predict", json=body)
        assert answer.status_code == 400
        [problem] = answer.json()["error"]["fields"]
        assert (problem["row"], problem["field"]) == (row, REFERENCE)
        assert problem["problem"].startswith("must be text of at most 200 characters, or a whole")
        assert "Secret-17" not in answer.text
    assert "Secret-17" not in desk.read_log()


@pytest.mark.hostile("a value that an answer repeats")
def test_a_reference_stands_in_the_answer_alone(desk: Server) -> None:
    secret = "Jean-Secret-Dupont"
    assert predict(desk, EXAMPLE | {REFERENCE: secret})[REFERENCE] == secret
    assert predict(desk, [EXAMPLE | {REFERENCE: secret}] * 200)[0][REFERENCE] == secret
    for change in ({"purpose": None}, {"no_such_field": 1}, {"amount_00": "x"}):
        answer = desk.http.post("/predict", json=EXAMPLE | {REFERENCE: secret} | change)
        assert answer.status_code == 400
        assert secret not in answer.text
    assert secret not in desk.http.get("/metrics").text
    assert secret not in desk.read_log()


def test_unknown_fields_and_repeated_ones_are_still_refused(desk: Server) -> None:
    extra = {"sex": 1, REFERENCE: "A-17", "no_such_field": 1, "other": 2}
    for body in (EXAMPLE | extra, [EXAMPLE | extra], [EXAMPLE, EXAMPLE | extra]):
        error = desk.http.post("/predict", json=body).json()["error"]
        assert [problem["field"] for problem in error["fields"]] == ["no_such_field", "other"]
        assert error["message"].endswith("(and 1 more)")
    text = json.dumps(EXAMPLE)[:-1] + f', "{REFERENCE}": "A", "{REFERENCE}": "B"}}'
    headers = {"Content-Type": "application/json"}
    for content in (text, f"[{text}]"):
        answer = desk.http.post("/predict", content=content, headers=headers)
        [problem] = answer.json()["error"]["fields"]
        assert (problem["field"], problem["problem"]) == (REFERENCE, "is given twice")


def in_every_format(http: httpx.Client, applicant: dict[str, Any]) -> dict[str, httpx.Response]:
    """Send an applicant to `/invocations` in every format."""
    names, values = list(applicant), list(applicant.values())
    bodies: dict[str, Any] = {
        "records": {"dataframe_records": [applicant]},
        "instances": {"instances": [applicant]},
        "split": {"dataframe_split": {"columns": names, "data": [values]}},
        "inputs": {"inputs": {name: [value] for name, value in applicant.items()}},
    }
    answers = {kind: http.post("/invocations", json=body) for kind, body in bodies.items()}
    frame, parquet = pd.DataFrame([applicant]), io.BytesIO()
    frame.to_parquet(parquet)
    for kind, content in (
        ("text/csv", frame.to_csv(index=False).encode()),
        ("application/vnd.apache.parquet", parquet.getvalue()),
    ):
        headers = {"Content-Type": kind}
        answers[kind] = http.post("/invocations", content=content, headers=headers)
    return answers


@pytest.mark.parametrize(
    "value", ["female", "", 7, 1.5, 2**70, True, None, ["a"], {"a": [{"b": None}]}, "x" * 5000]
)
def test_a_protected_column_is_taken_and_left_unread(desk: Server, value: Any) -> None:
    before = predict(desk, EXAMPLE)
    applicant = EXAMPLE | {"sex": value}
    assert predict(desk, applicant) == before
    assert predict(desk, [applicant] * 3) == [before] * 3
    assert predict(desk, [applicant] * 150) == [before] * 150
    explained = predict(desk, applicant, "?explain=true")
    assert explained.pop("reasons")
    assert explained == before
    # Parquet and pandas hold no whole number of 71 bits, and no empty structure
    told = applicant | {REFERENCE: "A-17"} if value != 2**70 else EXAMPLE | {"sex": 1}
    for kind, answer in in_every_format(desk.http, told).items():
        assert answer.status_code == 200, (kind, answer.text)
        [prediction] = answer.json()["predictions"]
        assert prediction == {name: before[name] for name in PLAIN}, kind


def test_the_document_describes_the_fields(desk: Server, server: Server) -> None:
    schemas = desk.http.get("/openapi.json").json()["components"]["schemas"]
    plain = server.http.get("/openapi.json").json()["components"]["schemas"]
    applicant, decision = schemas["Applicant"], schemas["Decision"]
    unscored = applicant["properties"].keys() - plain["Applicant"]["properties"].keys()
    assert unscored == {"sex", "age", REFERENCE}
    assert applicant["properties"]["sex"] == {"description": "Accepted but not used."}
    assert applicant["required"] == plain["Applicant"]["required"]
    assert applicant["properties"][REFERENCE]["type"] == ["string", "integer", "null"]
    assert decision["required"] == [*PLAIN, "decision", "model_version"]
    assert list(decision["properties"]) == [
        *(*PLAIN, "decision", "model_version", REFERENCE),
        *("warnings", "reasons", "base_value"),
    ]
    assert decision["properties"].keys() - {REFERENCE} == set(ANSWER_NAMES)
    assert decision["properties"]["decision"]["enum"] == ["refused", "accepted"]
    assert (schemas["Row"], schemas["Prediction"]) == (plain["Row"], plain["Prediction"])


@pytest.mark.slow
def test_schemathesis_finds_no_fault(desk: Server) -> None:
    run_schemathesis(desk, 100, DESK_KEY)

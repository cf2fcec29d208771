"""`/predict` over HTTP: its answers, and the requests that it refuses."""

from typing import Any

import pytest

from scoring_model.version import Scorer
from tests.scoring_model.planted import EXAMPLE, make_contract, make_rows
from tests.scoring_model.processes import Server


def post(server: Server, body: str | bytes, path: str = "/predict") -> Any:
    headers = {"Content-Type": "application/json"}
    return server.http.post(path, content=body, headers=headers)


def test_one_applicant_is_answered_with_the_three_keys(server: Server, scorer: Scorer) -> None:
    decision = scorer.score_record(EXAMPLE)
    answer = server.http.post("/predict", json=EXAMPLE)
    assert answer.status_code == 200
    assert answer.json() == {
        "probability": decision.probability,
        "score": decision.score,
        "threshold": decision.threshold,
    }


def test_an_array_is_answered_in_order_as_each_applicant_alone(server: Server) -> None:
    rows = make_rows(make_contract(), 300, seed=7)
    alone = [server.http.post("/predict", json=row).json() for row in rows]
    assert server.http.post("/predict", json=rows).json() == alone
    assert server.http.post("/predict", json=rows[:3]).json() == alone[:3]
    assert server.http.post("/predict", json=[]).json() == []


def test_score_is_1_under_the_threshold_only(server: Server) -> None:
    answers = server.http.post("/predict", json=make_rows(make_contract(), 300, seed=8)).json()
    assert {answer["score"] for answer in answers} == {0, 1}
    assert all(a["score"] == (a["probability"] < a["threshold"]) for a in answers)


def test_a_new_category_is_scored_as_missing_with_a_warning(server: Server) -> None:
    new = server.http.post("/predict", json=EXAMPLE | {"region": "Atlantis"}).json()
    missing = server.http.post("/predict", json=EXAMPLE | {"region": None}).json()
    [warning] = new.pop("warnings")
    assert warning == {
        "field": "region",
        "problem": "has a category that was never seen in training: it is scored as missing",
    }
    assert new == missing
    [_, second] = server.http.post(
        "/predict", json=[EXAMPLE, EXAMPLE | {"region": "Atlantis"}]
    ).json()
    assert second.pop("warnings") == [warning]
    assert second == new


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"no_such_field": 1}, "is not a field of this model"),
        ({"amount_01": "30"}, "must be a number"),
        ({"amount_01": True}, "must be a number"),
        ({"amount_01": [1]}, "must be a number"),
        ({"amount_01": {"a": 1}}, "must be a number"),
        ({"amount_00": None}, "is required"),
        ({"purpose": None}, "is required"),
        ({"purpose": 3}, "must be text"),
        ({"purpose": ["car"]}, "must be text"),
    ],
)
def test_a_wrong_field_is_named(server: Server, change: dict[str, Any], problem: str) -> None:
    [name] = change
    for body, row in ((EXAMPLE | change, 0), ([EXAMPLE, EXAMPLE | change], 1)):
        answer = server.http.post("/predict", json=body)
        assert answer.status_code == 400
        error = answer.json()["error"]
        assert error["code"] == "invalid_request"
        assert error["fields"] == [{"row": row, "field": name, "problem": problem}]


@pytest.mark.hostile("numbers and texts that strict JSON forbids")
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "-1e400", "9" * 5000])
def test_a_number_beyond_a_double_is_named(server: Server, number: str) -> None:
    text = '{"amount_00": 1, "amount_01": ' + number + ', "purpose": "car", "is_owner": true}'
    for body in (text, f"[{text}]"):
        answer = post(server, body)
        assert answer.status_code == 400
        [field] = answer.json()["error"]["fields"]
        assert field == {
            "row": 0,
            "field": "amount_01",
            "problem": "must be finite and fit into a double",
        }


@pytest.mark.parametrize("missing", ["amount_00", "purpose", "is_owner"])
def test_a_missing_required_field_is_named(server: Server, missing: str) -> None:
    answer = server.http.post("/predict", json={k: v for k, v in EXAMPLE.items() if k != missing})
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == [
        {"row": 0, "field": missing, "problem": "is required"}
    ]


def test_yes_and_no_are_the_categories_true_and_false(server: Server) -> None:
    for text, value in (("true", True), ("false", False)):
        as_text = server.http.post("/predict", json=EXAMPLE | {"is_owner": text}).json()
        as_value = server.http.post("/predict", json=EXAMPLE | {"is_owner": value}).json()
        assert as_text == as_value


@pytest.mark.hostile("numbers and texts that strict JSON forbids")
@pytest.mark.parametrize(
    "body",
    [
        '{"amount_00": 1, "purpose": "car", "is_owner": true, "amount_00": 2}',
        '{"amount_00" : 1, "purpose": "car", "is_owner": "a\\":b", "amount_00": 2}',
        '{"amount_00" : 1, "purpose": "car", "is_owner": true, "amount_0\\u0030": 2}',
    ],
)
def test_a_field_given_twice_is_refused(server: Server, body: str) -> None:
    for text in (body, f"[{body}]"):
        answer = post(server, text)
        assert answer.status_code == 400
        assert answer.json()["error"]["fields"] == [
            {"row": 0, "field": "amount_00", "problem": "is given twice"}
        ]


def test_a_text_with_a_colon_is_not_taken_for_a_second_field(server: Server) -> None:
    answer = server.http.post("/predict", json=EXAMPLE | {"purpose": "boat: used"})
    assert answer.status_code == 200
    assert "warnings" not in answer.json()


@pytest.mark.hostile("numbers and texts that strict JSON forbids")
@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "[", "nonsense", "[" * 100_000, '{"a":' * 100_000, '"text"', "1", "null"),
        *("[1]", "[null]", '{"amount_00": 01}', "{'a': 1}", '{"a": "\\ud800"}', "\ufeff{}", "[[]]"),
    ],
)
def test_a_body_that_is_no_applicant_is_refused(server: Server, body: str) -> None:
    answer = post(server, body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert set(error) == {"code", "message", "fields"}


@pytest.mark.hostile("numbers and texts that strict JSON forbids")
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "latin-1"])
def test_a_body_that_is_not_utf8_is_refused(server: Server, encoding: str) -> None:
    assert post(server, '{"purpose": "études"}'.encode(encoding)).status_code == 400


@pytest.mark.hostile("a value that an answer repeats")
def test_no_answer_repeats_a_value(server: Server) -> None:
    secret = "Jean-Secret-Dupont"
    for field in ("amount_00", "amount_01", "purpose"):
        for value in (secret, [secret], {"a": secret}):
            answer = server.http.post("/predict", json=EXAMPLE | {field: value})
            assert secret not in answer.text

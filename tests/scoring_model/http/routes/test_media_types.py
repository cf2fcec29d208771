"""A body of another kind is refused by a message that says what to send instead."""

import json
from typing import Any

import pytest

from tests.scoring_model.http.routes.test_invocations import frame, split
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server

ROUTES = ("/predict", "/invocations")
FORM = "a form is not read: send the JSON itself as the body, with the header Content-Type: "


def refuse(server: Server, path: str, **request: Any) -> str:
    answer = server.http.post(path, **request)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (415, "unsupported_media_type")
    assert "\n" not in error["message"]
    return str(error["message"])


@pytest.mark.parametrize("path", ROUTES)
def test_a_form_is_refused_with_what_to_send(server: Server, path: str) -> None:
    said = refuse(server, path, files={"file": json.dumps(EXAMPLE).encode()})
    assert said == f"{FORM}application/json"
    assert refuse(server, path, data={"amount_00": "1"}) == said


@pytest.mark.parametrize("kind", ["split", "records"])
def test_a_content_type_of_mlflow_1_is_refused_with_what_to_send(server: Server, kind: str) -> None:
    headers = {"Content-Type": f"application/json; Format=pandas-{kind}"}
    said = refuse(server, "/invocations", content=json.dumps(split([EXAMPLE])), headers=headers)
    assert f'send {{"dataframe_{kind}": ' in said
    assert "as application/json, without format" in said


def test_a_body_of_mlflow_1_is_refused_with_what_to_send(server: Server) -> None:
    for body, key in ((split([EXAMPLE]), "dataframe_split"), ([EXAMPLE], "dataframe_records")):
        answer = server.http.post("/invocations", json=body)
        assert answer.status_code == 400
        assert f'send {{"{key}": ' in answer.json()["error"]["message"]


def test_a_csv_may_say_that_it_has_a_heading(server: Server) -> None:
    body = frame([EXAMPLE]).to_csv(index=False)
    expected = server.http.post("/predict", json=EXAMPLE).json()
    for kind in ("text/csv; header=present", "text/csv;charset=UTF-8; Header=PRESENT"):
        answer = server.http.post("/invocations", content=body, headers={"Content-Type": kind})
        assert answer.json() == {"predictions": [expected]}
    for kind, said in (
        ("text/csv; header=absent", "the CSV must have a heading: header must be present"),
        ("application/json; header=present", "may have no parameter but charset=utf-8"),
    ):
        assert said in refuse(server, "/invocations", content=body, headers={"Content-Type": kind})


@pytest.mark.parametrize(("sign", "called"), [(";", "a semicolon"), ("\t", "a tab")])
def test_a_csv_without_commas_is_refused_with_the_reason(
    server: Server, sign: str, called: str
) -> None:
    body = frame([EXAMPLE]).to_csv(index=False, sep=sign, decimal=",")
    answer = server.http.post("/invocations", content=body, headers={"Content-Type": "text/csv"})
    assert answer.status_code == 400
    said = f"the cells of the CSV must be separated by commas, not by {called}"
    assert answer.json()["error"]["message"] == said


@pytest.mark.parametrize("value", ["true", "True", "TRUE", "False", "false"])
def test_explain_may_be_written_in_capitals(server: Server, value: str) -> None:
    answer = server.http.post("/predict", params={"explain": value}, json=EXAMPLE)
    assert answer.status_code == 200
    assert ("reasons" in answer.json()) == (value.lower() == "true")


def test_another_value_of_explain_is_refused_by_its_rule(server: Server) -> None:
    for value in ("1", "yes", ""):
        answer = server.http.post("/predict", params={"explain": value}, json=EXAMPLE)
        assert answer.status_code == 400
        assert "explain must be true or false" in answer.json()["error"]["message"]

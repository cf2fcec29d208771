"""`/invocations` takes MLflow's formats, checks them strictly, and answers as `/predict` does."""

import io
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import mlflow.pyfunc
import pandas as pd
import pytest

from scoring_model.policy import LoanCostRule
from scoring_model.version import Scorer
from tests.scoring_model.planted import EXAMPLE, make_contract, make_rows, save_model
from tests.scoring_model.processes import Server, start_server

NAMES = list(make_contract().names)
KINDS = {f.name: f.kind for f in make_contract().features}
ROWS = make_rows(make_contract(), 300, seed=11)
TEXTS = [
    {key: str(v).lower() if isinstance(v, bool) else v for key, v in row.items()} for row in ROWS
]
CSV = {"Content-Type": "text/csv"}
PARQUET = {"Content-Type": "application/vnd.apache.parquet"}


def frame(rows: list[dict[str, Any]] = TEXTS) -> pd.DataFrame:
    """Return rows as a DataFrame, as a client would make it."""
    table = pd.DataFrame(rows, columns=NAMES)
    return table.astype({n: "float64" if k == "number" else "str" for n, k in KINDS.items()})


def to_parquet(table: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    table.to_parquet(buffer)
    return buffer.getvalue()


def post(server: Server, **request: Any) -> Any:
    return server.http.post("/invocations", **request)


def predictions(server: Server, **request: Any) -> Any:
    answer = post(server, **request)
    assert answer.status_code == 200, answer.text
    return answer.json()["predictions"]


@pytest.fixture(scope="module")
def expected(server: Server) -> Any:
    """Return the answers of `/predict` to the rows."""
    return server.http.post("/predict", json=ROWS).json()


def split(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {"columns": NAMES, "data": [[row.get(name) for name in NAMES] for row in rows]}


def columns(rows: list[dict[str, Any]]) -> dict[str, Any]:
    return {name: [row.get(name) for row in rows] for name in NAMES}


@pytest.mark.parametrize("rows", [ROWS, TEXTS], ids=["json booleans", "text"])
@pytest.mark.parametrize(
    ("kind", "shape"),
    [
        ("dataframe_records", list),
        ("dataframe_split", split),
        ("instances", list),
        ("inputs", columns),
        ("inputs", list),
    ],
)
def test_every_json_format_answers_as_predict(
    server: Server, expected: Any, kind: str, shape: Any, rows: Any
) -> None:
    assert predictions(server, json={kind: shape(rows)}) == expected


def test_csv_and_parquet_answer_as_predict(server: Server, expected: Any) -> None:
    csv = frame().to_csv(index=False).encode()
    assert predictions(server, content=csv, headers=CSV) == expected
    assert predictions(server, content=to_parquet(frame()), headers=PARQUET) == expected


def test_parquet_may_hold_categories_booleans_and_small_numbers(server: Server) -> None:
    table = pd.DataFrame([EXAMPLE] * 2, columns=NAMES)
    table["is_owner"] = [True, False]
    table["purpose"] = table["purpose"].astype("category")
    table["amount_03"] = table["amount_03"].astype("float32")
    table["amount_04"] = table["amount_04"].astype("int8")
    owners = [EXAMPLE | {"is_owner": True}, EXAMPLE | {"is_owner": False}]
    expected = server.http.post("/predict", json=owners).json()
    assert predictions(server, content=to_parquet(table), headers=PARQUET) == expected


def test_whole_numbers_of_a_table_are_read_as_levels(server: Server) -> None:
    table = pd.DataFrame([EXAMPLE] * 2, columns=NAMES)
    expected = server.http.post("/predict", json=EXAMPLE).json()
    for codes in ([11, 11], [11.0, 11.0]):
        table["sector"] = codes
        assert predictions(server, content=to_parquet(table), headers=PARQUET) == [expected] * 2
    csv = table.assign(sector=11).to_csv(index=False).encode()
    assert predictions(server, content=csv, headers=CSV) == [expected] * 2


def test_a_csv_may_have_capitals_in_true_and_signs_and_spaces_in_numbers(server: Server) -> None:
    row = EXAMPLE | {"is_owner": "True", "amount_03": " +0.75 ", "extra": "NA"}
    csv = pd.DataFrame([row]).to_csv(index=False).encode()
    assert predictions(server, content=csv, headers=CSV) == predictions(
        server, json={"dataframe_records": [EXAMPLE]}
    )


def test_many_row_groups_are_read_as_one_table(server: Server, expected: Any) -> None:
    buffer = io.BytesIO()
    frame().to_parquet(buffer, row_group_size=7)
    assert predictions(server, content=buffer.getvalue(), headers=PARQUET) == expected


def test_the_python_model_answers_as_predict(model_folder: Path, expected: Any) -> None:
    answers = mlflow.pyfunc.load_model(str(model_folder)).predict(frame())
    assert answers.to_dict(orient="records") == expected


def test_an_unseen_category_and_an_unknown_column_are_accepted(server: Server) -> None:
    missing = server.http.post("/predict", json=EXAMPLE | {"region": None}).json()
    record = EXAMPLE | {"region": "Atlantis", "no_such_field": {"a": [1]}}
    assert predictions(server, json={"dataframe_records": [record]}) == [missing]
    csv = frame([record]).assign(extra="x").to_csv(index=False).encode()
    assert predictions(server, content=csv, headers=CSV) == [missing]


def test_a_null_category_in_columns_is_missing(server: Server) -> None:
    two = [EXAMPLE | {"region": None}, EXAMPLE]
    expected = server.http.post("/predict", json=two).json()
    assert predictions(server, json={"inputs": columns(two)}) == expected
    [alone] = predictions(server, json={"inputs": two[0]})
    assert alone == expected[0]


def test_an_absent_optional_column_is_missing(server: Server) -> None:
    present = [name for name in NAMES if name not in {"amount_05", "region", "is_new"}]
    row = {name: EXAMPLE[name] for name in present}
    expected = [server.http.post("/predict", json=row).json()]
    data = {"columns": present, "data": [list(row.values())]}
    assert predictions(server, json={"dataframe_records": [row]}) == expected
    assert predictions(server, json={"dataframe_split": data}) == expected
    assert predictions(server, json={"inputs": {k: [v] for k, v in row.items()}}) == expected
    csv = pd.DataFrame([row]).to_csv(index=False).encode()
    assert predictions(server, content=csv, headers=CSV) == expected
    parquet = to_parquet(pd.DataFrame([row]))
    assert predictions(server, content=parquet, headers=PARQUET) == expected


def test_no_rows_give_no_predictions(server: Server) -> None:
    assert predictions(server, json={"dataframe_records": []}) == []
    assert predictions(server, json={"dataframe_split": split([])}) == []
    assert predictions(server, content=",".join(NAMES).encode(), headers=CSV) == []


REFUSED = [
    ("amount_01", "30", "must be a number"),
    ("amount_01", True, "must be a number"),
    ("amount_01", [1.0], "must be a number"),
    ("amount_00", None, "is required"),
    ("purpose", None, "is required"),
    ("purpose", 3, "must be text"),
    ("purpose", {"a": 1}, "must be text"),
]


@pytest.mark.parametrize(("field", "value", "problem"), REFUSED)
@pytest.mark.parametrize("kind", ["dataframe_records", "dataframe_split", "instances", "inputs"])
def test_a_wrong_value_is_named_in_json(
    server: Server, kind: str, field: str, value: Any, problem: str
) -> None:
    rows = [EXAMPLE, EXAMPLE | {field: value}]
    shape = {"dataframe_split": split, "inputs": columns}.get(kind, list)
    answer = post(server, json={kind: shape(rows)})
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == [{"row": 1, "field": field, "problem": problem}]


@pytest.mark.hostile("numbers and texts that strict JSON forbids")
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400", "9" * 5000])
def test_a_number_beyond_a_double_is_named(server: Server, number: str) -> None:
    text = json.dumps({"dataframe_records": [EXAMPLE | {"amount_01": "here"}]})
    body = text.replace('"here"', number).encode()
    answer = post(server, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    [field] = answer.json()["error"]["fields"]
    assert (field["row"], field["field"]) == (0, "amount_01")


@pytest.mark.parametrize(
    ("field", "cell", "problem"),
    [
        ("amount_01", "thirty", "must be a number"),
        ("amount_01", "True", "must be a number"),
        ("amount_01", "1_000", "must be a number"),
        ("amount_01", "inf", "must be finite and fit into a double"),
        ("amount_01", "1e400", "must be finite and fit into a double"),
        ("amount_00", "", "is required"),
        ("purpose", "NA", "is required"),
    ],
)
def test_a_wrong_cell_is_named_in_csv(server: Server, field: str, cell: str, problem: str) -> None:
    table = frame([EXAMPLE, EXAMPLE]).astype(object)
    table.loc[1, field] = cell
    answer = post(server, content=table.to_csv(index=False).encode(), headers=CSV)
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"] == [{"row": 1, "field": field, "problem": problem}]


@pytest.mark.parametrize(
    ("field", "values", "problem"),
    [
        ("amount_01", ["30", "31"], "must be a number"),
        ("amount_01", [True, False], "must be a number"),
        ("amount_01", [math.inf, -math.inf], "must be finite and fit into a double"),
        ("amount_00", [None, None], "is required"),
        ("purpose", [1.5, 2.5], "must be text"),
    ],
)
def test_a_wrong_column_is_named_in_parquet(
    server: Server, field: str, values: Any, problem: str
) -> None:
    table = pd.DataFrame([EXAMPLE] * 2, columns=NAMES)
    table[field] = values
    answer = post(server, content=to_parquet(table), headers=PARQUET)
    assert answer.status_code == 400
    problems = [{"row": row, "field": field, "problem": problem} for row in (0, 1)]
    assert answer.json()["error"]["fields"] == problems


@pytest.mark.parametrize("missing", ["amount_00", "purpose"])
def test_an_absent_required_column_is_named(server: Server, missing: str) -> None:
    row = {name: value for name, value in EXAMPLE.items() if name != missing}
    problem = {"row": 0, "field": missing, "problem": "is required"}
    for request in (
        {"json": {"dataframe_records": [row]}},
        {"json": {"inputs": {name: [value] for name, value in row.items()}}},
        {"content": pd.DataFrame([row]).to_csv(index=False).encode(), "headers": CSV},
        {"content": to_parquet(pd.DataFrame([row])), "headers": PARQUET},
    ):
        answer = post(server, **request)
        assert answer.status_code == 400
        assert problem in answer.json()["error"]["fields"]


@pytest.mark.hostile("numbers and texts that strict JSON forbids")
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{}",
        b'{"dataframe_records": {}}',
        b'{"dataframe_records": [1]}',
        b'{"dataframe_records": [], "inputs": []}',
        b'{"dataframe_split": {"columns": ["a"]}}',
        b'{"dataframe_split": {"columns": ["amount_00", "amount_00"], "data": [[1, 2]]}}',
        b'{"dataframe_split": {"columns": [["a"]], "data": [[1]]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1, 2]]}}',
        b'{"dataframe_split": {"columns": ["a"], "data": [[1]], "index": [1, 2]}}',
        b'{"inputs": {"amount_00": [1, 2], "purpose": ["car"]}}',
        b'{"inputs": {"amount_00": [1, 2], "purpose": "car"}}',
        b'{"inputs": "amount"}',
        b'{"dataframe_records": [{"amount_00": 1, "amount_00": 2}]}',
        b"[" * 100_000,
        b'{"dataframe_records": ' + b"[" * 100_000,
    ],
)
def test_a_body_outside_the_protocol_is_refused(server: Server, body: bytes) -> None:
    answer = post(server, content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    assert set(answer.json()["error"]) == {"code", "message", "fields"}


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"\xff\xfe", b"amount_00,amount_00\n1,2\n", b"a,b\n1,2,3\n4,5,6\n", b'"'),
        *(b"\x00\n1\n", b'a,b\n1,"2\n3,4\n', b'"a,b\n1,2\n'),
    ],
)
def test_an_invalid_csv_is_refused(server: Server, body: bytes) -> None:
    assert post(server, content=body, headers=CSV).status_code == 400


@pytest.mark.parametrize("row", ["1", "1,2,3", "1,2,"])
def test_a_csv_row_with_more_or_fewer_fields_than_the_heading_is_named(
    server: Server, row: str
) -> None:
    answer = post(server, content=f"a,b\n1,2\n\n{row}\n3,4\n".encode(), headers=CSV)
    assert answer.status_code == 400
    message = answer.json()["error"]["message"]
    assert message == "row 1 of the CSV must have as many fields as the heading, between commas"


@pytest.mark.hostile("a file that is not Parquet")
def test_an_invalid_parquet_file_is_refused(server: Server) -> None:
    whole = to_parquet(frame())
    for body in (b"", b"PAR1", whole[:-9], whole[: len(whole) // 2], b"PAR1" + whole[40:]):
        assert post(server, content=body, headers=PARQUET).status_code == 400


def test_a_missing_or_unknown_content_type_is_refused(server: Server) -> None:
    body = json.dumps({"dataframe_records": [EXAMPLE]}).encode()
    for headers in ({}, {"Content-Type": "text/plain"}, {"Content-Type": ""}):
        assert post(server, content=body, headers=headers).status_code == 415
    for kind in ("application/json; charset=latin-1", "application/json; version=2"):
        assert post(server, content=body, headers={"Content-Type": kind}).status_code == 415
    for kind in ("application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'):
        assert post(server, content=body, headers={"Content-Type": kind}).status_code == 200


def test_costs_that_are_not_positive_are_refused_on_both_paths(
    trained: Scorer, tmp_path: Path
) -> None:
    # amount_00 is required, so that each applicant has a cost; it may be negative
    rule = LoanCostRule("10 * amount_00", "amount_00", 1.0)
    scorer = replace(trained, policy=replace(trained.policy, loan_costs=rule))
    applicant = EXAMPLE | {"amount_00": 2.0}
    with start_server(save_model(scorer, tmp_path, applicant), tmp_path) as running:
        wrong = applicant | {"amount_00": -1.0}
        for path, body in (
            ("/predict", wrong),
            ("/predict", [applicant, wrong]),
            ("/invocations", {"dataframe_records": [applicant, wrong]}),
        ):
            answer = running.http.post(path, json=body)
            assert answer.status_code == 400
            assert "amount_00 must give positive costs" in answer.json()["error"]["message"]

"""All formats and paths give generated applicants the same answers to the last bit."""

import csv
import io
from pathlib import Path
from typing import Any

import httpx
import lightgbm
import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scoring_model.contract import Feature
from scoring_model.errors import InvalidRequest
from scoring_model.policy import CalibrationMap
from scoring_model.trees import TreeModel
from scoring_model.version import Scorer, load_scorer, save_scorer
from tests.scoring_model.planted import EXAMPLE, make_contract, make_rows, save_model, train_scorer
from tests.scoring_model.processes import Server, start_server

CONTRACT = make_contract()
SLOW_TO_START = settings(
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def values_of(feature: Feature) -> st.SearchStrategy[Any]:
    """Return a strategy for every kind of valid value of a feature."""
    if feature.kind == "number":
        values: st.SearchStrategy[Any] = st.one_of(
            st.floats(allow_nan=False, allow_infinity=False),
            st.integers(-(2**53), 2**53),
            # whole numbers of any size that a double can hold
            st.floats(-1e300, 1e300).map(int),
            st.floats(-5, 5),
        )
    else:
        levels = [*feature.levels, *feature.rare_levels]
        if feature.is_yes_no:
            texts = st.sampled_from([*levels, "TRUE", "False", "tRuE"])
            values = st.one_of(texts, st.booleans())
            return st.one_of(st.none(), values) if feature.nullable else values
        # empty text is missing
        values = st.one_of(
            st.sampled_from(levels), st.text(min_size=0 if feature.nullable else 1, max_size=20)
        )
    return st.one_of(st.none(), values) if feature.nullable else values


APPLICANTS = st.lists(
    st.fixed_dictionaries(
        {f.name: values_of(f) for f in CONTRACT.features if not f.nullable},
        optional={f.name: values_of(f) for f in CONTRACT.features if f.nullable},
    ),
    min_size=1,
    max_size=40,
)


def table_of(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """Return applicants as a DataFrame, as a client of MLflow sends them."""
    columns = {
        f.name: pd.Series(
            [_text(row.get(f.name)) for row in rows],
            dtype="float64" if f.kind == "number" else "object",
        )
        for f in CONTRACT.features
    }
    return pd.DataFrame(columns)


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


@pytest.fixture(scope="module")
def python_model(model_folder: Path) -> Any:
    """Return the version as MLflow itself loads it."""
    return mlflow.pyfunc.load_model(str(model_folder))


def check_equal(http: httpx.Client, python_model: Any, rows: list[dict[str, Any]]) -> None:
    many = http.post("/predict", json=rows).json()
    alone = [http.post("/predict", json=row).json() for row in rows]
    assert alone == many
    for answer in many:
        answer.pop("warnings", None)
    records = http.post("/invocations", json={"dataframe_records": rows}).json()["predictions"]
    columns = {name: [row.get(name) for row in rows] for name in CONTRACT.names}
    inputs = http.post("/invocations", json={"inputs": columns}).json()["predictions"]
    assert records == many
    assert inputs == many
    assert python_model.predict(table_of(rows)).to_dict(orient="records") == many


@SLOW_TO_START
@given(rows=APPLICANTS)
def test_every_format_gives_the_same_answers(
    server: Server, python_model: Any, rows: list[dict[str, Any]]
) -> None:
    check_equal(server.http, python_model, rows)


def test_thousands_of_typical_applicants_get_the_same_answers(
    server: Server, python_model: Any
) -> None:
    check_equal(server.http, python_model, make_rows(CONTRACT, 3000, seed=77))


def post_all(http: httpx.Client, rows: list[dict[str, Any]]) -> dict[str, httpx.Response]:
    """Send applicants in every format; all of them must have the same fields."""
    names = list(rows[0])
    columns = {name: [row[name] for row in rows] for name in names}
    data = [[row[name] for name in names] for row in rows]
    bodies: dict[str, Any] = {
        "records": {"dataframe_records": rows},
        "split": {"dataframe_split": {"columns": names, "data": data}},
        "instances": {"instances": rows},
        "inputs": {"inputs": columns},
    }
    answers = {kind: http.post("/invocations", json=body) for kind, body in bodies.items()}
    answers["one"] = http.post("/predict", json=rows[0])
    answers["many"] = http.post("/predict", json=rows)
    text, quoted = io.StringIO(), io.StringIO()
    csv.writer(text).writerows([names, *data])
    csv.writer(quoted, quoting=csv.QUOTE_ALL).writerows([names, *data])
    for kind, content in (("csv", text), ("quoted", quoted)):
        headers = {"Content-Type": "text/csv"}
        answers[kind] = http.post("/invocations", content=content.getvalue(), headers=headers)
    parquet = io.BytesIO()
    pd.DataFrame(columns).to_parquet(parquet)
    headers = {"Content-Type": "application/vnd.apache.parquet"}
    answers["parquet"] = http.post("/invocations", content=parquet.getvalue(), headers=headers)
    return answers


# fewer and more than the rows from which columns are encoded as a whole
@pytest.mark.parametrize("rows", [1, 70])
@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("amount_03", 2**53 + 1, "must be a whole number that a double can hold"),
        ("amount_00", 2**64 - 1, "must be a whole number that a double can hold"),
        ("purpose", "", "is required"),
        ("is_owner", "", "is required"),
        ("is_owner", "maybe", "must be true or false"),
        ("is_owner", 1, "must be true or false"),
    ],
)
def test_every_reader_refuses_the_same_values_by_name(
    server: Server, python_model: Any, rows: int, field: str, value: Any, rule: str
) -> None:
    applicants = [{**EXAMPLE, "is_new": "true", field: value}] * rows
    for kind, answer in post_all(server.http, applicants).items():
        assert answer.status_code == 400, kind
        problem = answer.json()["error"]["fields"][0]
        assert (problem["row"], problem["field"]) == (0, field), kind
        assert problem["problem"].startswith(rule), kind
    frame = pd.DataFrame(applicants)
    with pytest.raises(InvalidRequest, match=f"{field} {rule}"):
        python_model.unwrap_python_model().predict(None, frame)
    # MLflow itself refuses a column of whole numbers with 64 bits
    with pytest.raises(Exception, match=f"column {field}|{field} {rule}"):
        python_model.predict(frame)


@pytest.mark.parametrize("rows", [1, 70])
def test_every_reader_takes_empty_text_as_missing(
    server: Server, python_model: Any, rows: int
) -> None:
    applicant = {**EXAMPLE, "is_new": "", "grade": "", "amount_02": 2**60}
    missing = server.http.post("/predict", json={**applicant, "is_new": None, "grade": None}).json()
    assert "warnings" not in missing
    for kind, answer in post_all(server.http, [applicant] * rows).items():
        document = answer.json()
        found = [document] if kind == "one" else document
        found = found["predictions"] if isinstance(found, dict) else found
        assert found == [missing] * (1 if kind == "one" else rows), kind
    frame = pd.DataFrame([applicant] * rows).astype({"amount_02": float})
    assert python_model.predict(frame).to_dict(orient="records") == [missing] * rows


@pytest.mark.slow
def test_the_sigmoid_calibration_gives_the_same_answers(tmp_path: Path) -> None:
    model = save_model(train_scorer(trees=50, rows=2000, method="sigmoid"), tmp_path)
    with start_server(model, tmp_path) as running:
        rows = make_rows(CONTRACT, 2000, seed=78)
        check_equal(running.http, mlflow.pyfunc.load_model(str(model)), rows)


def test_the_c_api_gives_the_predictions_of_the_python_package(
    scorer: Scorer, trained: Scorer
) -> None:
    matrix = CONTRACT.encode_records(make_rows(CONTRACT, 2000, seed=79)).matrix
    ours, booster = scorer.booster, lightgbm.Booster(model_str=trained.booster.model_to_string())
    assert isinstance(ours, TreeModel)
    expected = booster.predict(matrix, raw_score=True)
    assert np.array_equal(ours.predict(matrix, raw_score=True), expected)
    assert np.array_equal([ours.predict_row(row) for row in matrix.tolist()], expected)
    contributions = booster.predict(matrix[:200], pred_contrib=True)
    assert np.array_equal(ours.predict(matrix[:200], pred_contrib=True), contributions)


@given(margins=st.lists(st.floats(-800, 800), min_size=1), slope=st.floats(0.01, 5))
def test_one_margin_is_calibrated_like_many(margins: list[float], slope: float) -> None:
    x = np.linspace(-3, 4, 17)
    y = 1 / (1 + np.exp(-slope * x))
    knots = CalibrationMap("isotonic", margins=tuple(x.tolist()), probabilities=tuple(y.tolist()))
    for calibration in (knots, CalibrationMap("sigmoid", slope=slope, intercept=0.3)):
        many = calibration.apply(np.array(margins))
        assert [calibration.apply_one(margin) for margin in margins] == many.tolist()
        assert ((many >= 0) & (many <= 1)).all()


def test_a_loaded_scorer_scores_like_the_saved_one(trained: Scorer, tmp_path: Path) -> None:
    save_scorer(trained, tmp_path, make_rows(CONTRACT, 1, seed=1)[0])
    rows = CONTRACT.encode_records(make_rows(CONTRACT, 500, seed=80))
    loaded = load_scorer(tmp_path)
    assert np.array_equal(
        loaded.score_encoded(rows).probability, trained.score_encoded(rows).probability
    )

"""All formats and paths give generated applicants the same answers to the last bit."""

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
from scoring_model.policy import CalibrationMap
from scoring_model.trees import TreeModel
from scoring_model.version import Scorer, load_scorer, save_scorer
from tests.scoring_model.planted import make_contract, make_rows, save_model, train_scorer
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
            st.integers(-(10**300), 10**300),
            st.floats(-5, 5),
        )
    else:
        levels = [*feature.levels, *feature.rare_levels]
        values = st.one_of(st.sampled_from(levels), st.text(max_size=20))
        if "true" in feature.levels:
            values = st.one_of(values, st.booleans())
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

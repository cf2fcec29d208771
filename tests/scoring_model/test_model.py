"""MLflow's own doors take the training table in any dtype, and answer as `/predict` does."""

import datetime
import io
import json
import logging
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import mlflow.pyfunc
import numpy as np
import pandas as pd
import pytest

from scoring_model.contract import NEVER_SEEN, Feature, FeatureContract
from scoring_model.policy import CalibrationMap, DecisionPolicy
from scoring_model.version import Scorer
from tests.scoring_model.planted import save_model
from tests.scoring_model.processes import Server, find_free_port, start_server, wait_until

CONTRACT = FeatureContract(
    (
        Feature("amount", "number", nullable=False),
        Feature("children", "number", nullable=True),
        Feature("zone", "category", True, ("01", "02", "75"), ("009",)),
        Feature("purpose", "category", True, ("car", "house")),
        Feature("is_owner", "category", True, ("false", "true")),
        Feature("born_on", "date", nullable=True),
    ),
    decision_date="decided_on",
)
ROWS = 300
ANSWERS = ["probability", "score", "threshold"]


def make_applicants() -> list[dict[str, Any]]:
    """Return applicants as JSON objects; each field but the amount has gaps."""
    rng = np.random.default_rng(5)

    def gap(value: Any) -> Any:
        return None if rng.random() < 0.1 else value

    return [
        {
            "amount": int(rng.integers(1, 60)) * 500,
            "children": gap(int(rng.integers(0, 5))),
            "zone": gap(str(rng.choice(["01", "02", "75", "009"]))),
            "purpose": gap(str(rng.choice(["car", "house"]))),
            "is_owner": gap(bool(rng.random() < 0.5)),
            "born_on": gap(f"{rng.integers(1950, 2000)}-{rng.integers(1, 12):02d}-11"),
            "decided_on": "2021-03-04",
        }
        for _ in range(ROWS)
    ]


APPLICANTS = make_applicants()


def train() -> Scorer:
    import lightgbm

    matrix = CONTRACT.encode_records(APPLICANTS).matrix
    known = np.nan_to_num(matrix)
    risk = known[:, 0] / 9000 + known[:, 2] - known[:, 4] + known[:, 5] / 8000
    noise = np.random.default_rng(6).normal(size=ROWS)
    label = (risk + noise > np.median(risk)).astype(int)
    data = lightgbm.Dataset(matrix, label, categorical_feature=list(CONTRACT.categorical_indices))
    parameters = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 5, "num_threads": 1}
    booster = lightgbm.train(parameters, data, 30)
    calibration = CalibrationMap("sigmoid", slope=1.0, intercept=0.0)
    return Scorer(CONTRACT, booster, DecisionPolicy(calibration, 0.5, 10.0, 1.0))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_model(train(), tmp_path_factory.mktemp("own"), APPLICANTS[0])


@pytest.fixture(scope="module")
def own_server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Any:
    with start_server(folder, tmp_path_factory.mktemp("own_server")) as running:
        yield running


@pytest.fixture(scope="module")
def python_model(folder: Path) -> Any:
    return mlflow.pyfunc.load_model(str(folder))


@pytest.fixture(scope="module")
def expected(own_server: Server) -> pd.DataFrame:
    """Return the answers of `/predict`."""
    answers = own_server.http.post("/predict", json=APPLICANTS).json()
    assert not any("warnings" in answer for answer in answers)
    return pd.DataFrame(answers)


def training_table() -> pd.DataFrame:
    """Return the table that a training would have read, with key, target and another column."""
    table = pd.DataFrame(APPLICANTS)
    table.insert(0, "loan_id", range(ROWS))
    return table.assign(defaulted=0, note="paid late")


def as_csv() -> pd.DataFrame:
    return pd.read_csv(io.StringIO(training_table().to_csv(index=False)))


DTYPES: dict[str, dict[str, Any]] = {
    "objects": dict.fromkeys(CONTRACT.field_names, "object"),
    "whole numbers with gaps": {"children": "Int64", "amount": "int32"},
    "numbers of Arrow": {"children": "int8[pyarrow]", "amount": "double[pyarrow]"},
    "pandas categories": dict.fromkeys(("zone", "purpose", "is_owner"), "category"),
    "pandas text": dict.fromkeys(("zone", "purpose"), "string"),
    "booleans with gaps": {"is_owner": "boolean"},
    "dates": dict.fromkeys(("born_on", "decided_on"), "datetime64[ns]"),
    "points in time with a zone": dict.fromkeys(("born_on", "decided_on"), "datetime64[us, UTC]"),
}


@pytest.mark.parametrize("rows", [7, ROWS])
@pytest.mark.parametrize("kind", DTYPES)
def test_the_training_table_is_scored_in_every_dtype(
    python_model: Any, expected: pd.DataFrame, kind: str, rows: int
) -> None:
    table = training_table().astype(DTYPES[kind])[:rows]
    answers = python_model.predict(table)
    pd.testing.assert_frame_equal(answers, expected[ANSWERS][:rows], check_exact=True)


def test_a_csv_read_without_any_dtype_is_scored(python_model: Any, expected: pd.DataFrame) -> None:
    table = as_csv()
    assert table["zone"].dtype == float
    pd.testing.assert_frame_equal(python_model.predict(table), expected[ANSWERS], check_exact=True)


def test_python_dates_and_true_as_text_are_scored(
    python_model: Any, expected: pd.DataFrame
) -> None:
    table = training_table()
    table["born_on"] = [
        row["born_on"] and datetime.date.fromisoformat(row["born_on"]) for row in APPLICANTS
    ]
    table["is_owner"] = [
        None if row["is_owner"] is None else str(row["is_owner"]) for row in APPLICANTS
    ]
    pd.testing.assert_frame_equal(python_model.predict(table), expected[ANSWERS], check_exact=True)


def test_the_index_of_a_table_is_kept(python_model: Any) -> None:
    table = training_table().set_index("loan_id")[5:9]
    assert python_model.predict(table).index.tolist() == [5, 6, 7, 8]
    assert python_model.predict(table[:0]).columns.tolist() == ANSWERS


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("amount", "a lot", "must be a number"),
        ("amount", "12", "must be a number"),
        ("amount", True, "must be a number"),
        ("amount", None, "is required"),
        ("children", pd.Timestamp("2021-01-01"), "must be a number"),
        ("zone", 1.5, "must be text"),
        ("is_owner", 1, "must be true or false"),
        ("born_on", "11/12/1980", "must be a date such as 2021-12-31"),
        ("born_on", 7, "must be a date such as 2021-12-31"),
    ],
)
@pytest.mark.parametrize("rows", [2, 80])
def test_what_has_another_kind_is_still_refused(
    python_model: Any, field: str, value: Any, problem: str, rows: int
) -> None:
    table = training_table()[:rows]
    table[field] = [value] * rows
    with pytest.raises(Exception, match=f"row 0: {field} {problem}"):
        python_model.predict(table)


def test_one_line_of_the_log_names_what_is_remarkable(
    python_model: Any, caplog: pytest.LogCaptureFixture
) -> None:
    table = training_table()[:9].assign(purpose=["Car ", *["yacht"] * 4, *["car"] * 4])
    with caplog.at_level(logging.WARNING, logger="scoring_model"):
        python_model.predict(table)
        python_model.predict(training_table())
    [record] = [found for found in caplog.records if found.name == "scoring_model"]
    assert record.getMessage() == (
        f"warnings about 9 applicants: purpose {NEVER_SEEN}; the known category is 'car' (1);"
        f" purpose {NEVER_SEEN} (4)"
    )


def run_mlflow(*arguments: str) -> str:
    command = [sys.executable, "-m", "mlflow", "models", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["csv", "json"])
def test_mlflow_models_predict_takes_the_training_table(
    folder: Path, expected: pd.DataFrame, tmp_path: Path, kind: str
) -> None:
    source, output = tmp_path / "loans", tmp_path / "out.json"
    if kind == "csv":
        training_table().to_csv(source, index=False)
    else:
        source.write_text(json.dumps({"dataframe_records": APPLICANTS}))
    run_mlflow(
        *("predict", "-m", str(folder), "--env-manager", "local", "-t", kind),
        *("-i", str(source), "-o", str(output)),
    )
    answers = pd.DataFrame(json.loads(output.read_text())["predictions"])
    pd.testing.assert_frame_equal(answers, expected[ANSWERS], check_exact=True)


@pytest.mark.slow
def test_mlflow_models_serve_answers_as_predict(folder: Path, expected: pd.DataFrame) -> None:
    port = find_free_port()
    command = [sys.executable, "-m", "mlflow", "models", "serve", "-m", str(folder)]
    process = subprocess.Popen([*command, "--env-manager", "local", "-p", str(port)])
    names = list(CONTRACT.field_names)
    cells = [[row[name] for name in names] for row in APPLICANTS]
    columns = {name: [row[name] for row in APPLICANTS] for name in names}
    parquet = io.BytesIO()
    training_table().astype(DTYPES["dates"]).to_parquet(parquet)
    kind = {"Content-Type": "application/vnd.apache.parquet"}
    try:
        with httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:

            def is_up() -> bool:
                try:
                    return http.get("/ping").status_code == 200
                except httpx.TransportError:
                    return False

            wait_until(is_up)
            for request in (
                {"json": {"dataframe_records": APPLICANTS}},
                {"json": {"dataframe_split": {"columns": names, "data": cells}}},
                {"json": {"inputs": columns}},
                {"json": {"instances": APPLICANTS}},
                {"content": parquet.getvalue(), "headers": kind},
            ):
                answer = http.post("/invocations", **request)
                assert answer.status_code == 200, answer.text
                answers = pd.DataFrame(answer.json()["predictions"])
                pd.testing.assert_frame_equal(answers, expected[ANSWERS], check_exact=True)
    finally:
        # the server starts others, which end with it
        process.terminate()
        process.wait(20)


@pytest.mark.slow
def test_spark_udf_takes_the_training_table(
    folder: Path, expected: pd.DataFrame, spark: Any, tmp_path: Path
) -> None:
    from pyspark.sql import functions

    training_table().to_csv(tmp_path / "loans.csv", index=False)
    typed = training_table().astype({**DTYPES["dates"], "children": "Int64"})
    typed.to_parquet(tmp_path / "loans.parquet", coerce_timestamps="us")
    predict = mlflow.pyfunc.spark_udf(spark, str(folder), env_manager="local")
    loans = [
        spark.read.csv(f"file://{tmp_path}/loans.csv", header=True, inferSchema=True),
        spark.read.parquet(f"file://{tmp_path}/loans.parquet"),
    ]
    for table in loans:
        fields = functions.struct(*CONTRACT.field_names)
        answers = table.orderBy("loan_id").select(predict(fields).alias("a")).select("a.*")
        pd.testing.assert_frame_equal(answers.toPandas(), expected[ANSWERS], check_exact=True)

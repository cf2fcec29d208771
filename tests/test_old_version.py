"""A version that older code registered can be served, promoted, used to score, and loaded."""

import json
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pyarrow.parquet as pq
import pytest
from mlflow.tracking import MlflowClient

from tests.conftest import ROOT
from tests.scoring_model.processes import start_server
from tests.stores import own_store
from tests.train.versions import make_scorer, register_scorer, with_threshold
from train.__main__ import main
from train.data import load_data
from train.portfolio import load_portfolio
from train.promotion import DEFAULT_MODEL, Registry, place_new
from train.promotion.gate import GateResult

REGISTRY = Registry(DEFAULT_MODEL)

ARCHIVE = ROOT / "tests" / "old_version" / "98fe674.tar.xz"
MOST_BYTES = 100_000
# a separate program that loads the version with MLflow: the code inside the version answers
PREDICT = """
import json, sys
import mlflow, pandas
model = mlflow.pyfunc.load_model(sys.argv[1])
answers = model.predict(pandas.DataFrame(json.load(sys.stdin)))
print(json.dumps(answers.to_dict("records")))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the version, its portfolio and its recorded answers."""
    folder = tmp_path_factory.mktemp("old")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def expected(unpacked: Path) -> dict[str, Any]:
    """Return the tags, applicants and answers that were recorded with the version."""
    document: dict[str, Any] = json.loads((unpacked / "expected.json").read_text())
    return document


@pytest.fixture
def store(unpacked: Path, expected: dict[str, Any], tmp_path: Path) -> Iterator[str]:
    """Register the version as the first one in a store, and yield the store's URI."""
    with own_store(tmp_path, "old") as uri:
        REGISTRY.find_ledger()
        with mlflow.start_run() as run:
            mlflow.log_param("portfolio", str(unpacked / "portfolio.toml"))
        MlflowClient().create_model_version(
            DEFAULT_MODEL, str(unpacked / "model"), run.info.run_id, tags=expected["tags"]
        )
        assert place_new(REGISTRY, 1, GateResult((), None, 0)).stage == "Production"
        yield uri


def test_the_archive_is_small() -> None:
    assert ARCHIVE.stat().st_size < MOST_BYTES


def test_it_is_served(store: str, expected: dict[str, Any], tmp_path: Path) -> None:
    variables = {"MLFLOW_TRACKING_URI": store}
    with start_server(f"models:/{DEFAULT_MODEL}@champion", tmp_path, variables) as server:
        applicants = expected["applicants"]
        many = server.http.post("/predict", json=applicants)
        assert many.headers["x-model-version"] == "1"
        assert many.json() == expected["answers"]
        body = {"dataframe_records": applicants}
        assert server.http.post("/invocations", json=body).json()["predictions"] == many.json()


@pytest.mark.usefixtures("store")
def test_it_can_be_replaced_and_promoted_again(unpacked: Path) -> None:
    portfolio = unpacked / "portfolio.toml"
    data = load_data(load_portfolio(portfolio))
    better = make_scorer(data, trees=30)
    # version 2 accepts everybody, so its decisions cost more than those of the old version
    register_scorer(portfolio, with_threshold(better, 1.0))
    promote = ["promote", "--stage", "Production"]
    assert main([*promote, "--version", "2", "--override", "a test"]) == 0
    assert REGISTRY.in_production() == (2, 2)
    assert main([*promote, "--version", "1"]) == 0
    assert REGISTRY.in_production() == (1, 1)
    assert main(["rollback", "--reason", "a test"]) == 0
    assert REGISTRY.in_production() == (2, 2)
    assert main(["rollback", "--reason", "a test"]) == 0
    assert REGISTRY.in_production() == (1, 1)


@pytest.mark.usefixtures("store")
def test_it_scores_a_file_of_loans(
    unpacked: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    output = tmp_path / "scored.parquet"
    arguments = ["--input", str(unpacked / "loans.parquet"), "--key", "loan_id"]
    assert main(["score", *arguments, "--output", str(output)]) == 0
    scored = pq.read_table(output).to_pandas().head(len(expected["answers"]))
    assert scored[["probability", "score", "threshold"]].to_dict("records") == expected["answers"]
    assert set(scored["model_version"]) == {"1"}


@pytest.mark.parametrize("first", ["", "import scoring_model.version\n"])
def test_plain_mlflow_loads_it(
    first: str, unpacked: Path, expected: dict[str, Any], tmp_path: Path
) -> None:
    # in a process without this package, and in one that has imported it as it is now
    environment = {"PYTHONPATH": str(ROOT)} if first else {}
    result = subprocess.run(
        [sys.executable, "-c", first + PREDICT, str(unpacked / "model")],
        cwd=tmp_path,
        env=environment,
        input=json.dumps(expected["applicants"]),
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(result.stdout.splitlines()[-1]) == expected["answers"]


@pytest.mark.slow
def test_it_runs_on_spark_with_its_own_code(
    spark: Any, unpacked: Path, expected: dict[str, Any]
) -> None:
    from pyspark.sql import functions

    predict = mlflow.pyfunc.spark_udf(spark, str(unpacked / "model"), env_manager="local")
    frame = pd.DataFrame(expected["applicants"]).reset_index()
    rows = spark.createDataFrame(frame)
    names = [functions.col(name) for name in frame.columns if name != "index"]
    scored = rows.select("index", predict(functions.struct(*names)).alias("answer"))
    found = scored.orderBy("index").select("answer.*").toPandas()
    assert found.to_dict("records") == expected["answers"]

"""Ten raw tables of ten shapes become served models by the steps of the README.

Draft, look, train, promote, serve, ask. `EDITS` holds all that a person changes in a draft.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from tests.conftest import ROOT
from tests.postgres import start_postgres
from tests.scoring_model.processes import start_server
from tests.stores import own_store
from tests.ten_tables import FILES, ROWS, postgres_rows
from train.__main__ import main

# lines of the draft and what a person writes in their place, by table
EDITS: dict[str, dict[str, str]] = {}
BY_COMMAND = ("a French export", "one applicant per line of JSON")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of one tracking store for all tables."""
    folder = tmp_path_factory.mktemp("ten")
    with own_store(folder, "ten tables"):
        yield folder


def edited(path: Path, edits: dict[str, str]) -> None:
    """Change lines of a draft as a person would."""
    text = path.read_text(encoding="utf-8")
    for line, other in edits.items():
        assert f"\n{line}\n" in text, line
        text = text.replace(f"\n{line}\n", f"\n{other}\n")
    path.write_text(text, encoding="utf-8")


def walk(table: str, query: str, folder: Path, edits: dict[str, str]) -> tuple[str, Path]:
    """Take a table to a version in production, and return the URI of the version."""
    portfolio = folder / "portfolio.toml"
    assert main(["draft", "--table", table, "--output", str(portfolio), "--query", query]) == 0
    edited(portfolio, edits)
    assert main(["check", "--portfolio", str(portfolio)]) == 0
    model = folder.name
    common = ["--model", model]
    train = ["train", "--portfolio", str(portfolio), "--max_evals", "2", *common]
    assert main(train) == 0
    version = MlflowClient().get_model_version(model, "1")
    if version.current_stage != "Production":
        promote = ["promote", "--version", "1", "--stage", "Production", *common]
        assert main([*promote, "--override", "first model of a test"]) == 0
    return f"models:/{model}@champion", portfolio


def ask_in_process(uri: str) -> None:
    """Score the version's own example by the Python model."""
    model = mlflow.pyfunc.load_model(uri)
    example = model.input_example
    answer = model.predict(pd.DataFrame(example))
    assert list(answer.columns) == ["probability", "score", "threshold"]
    assert answer["probability"].between(0, 1).all()


def score_the_raw_table(table: str, uri: str, folder: Path) -> None:
    """Score the table that the training read, as it was exported."""
    output = folder / "decisions.parquet"
    score = ["score", "--input", table, "--output", str(output), "--model_uri", uri]
    assert main(score) == 0
    decisions = pd.read_parquet(output)
    assert len(decisions) == ROWS
    assert decisions["probability"].between(0, 1).all()
    assert decisions["probability"].nunique() > 100


IN_PROCESS = [name for name in FILES if name not in BY_COMMAND]


@pytest.mark.slow
@pytest.mark.parametrize("shape", IN_PROCESS)
def test_a_raw_table_becomes_a_model_that_answers(shape: str, store: Path) -> None:
    folder = store / shape.replace(" ", "-")
    folder.mkdir()
    table = FILES[shape](folder)
    uri, _ = walk(table, "", folder, EDITS.get(shape, {}))
    ask_in_process(uri)
    score_the_raw_table(table, uri, folder)


@pytest.mark.slow
def test_a_table_in_postgresql_becomes_a_model_that_answers(store: Path) -> None:
    import sqlalchemy as sa

    folder = store / "postgresql"
    folder.mkdir()
    with start_postgres() as plain:
        url = plain.replace("postgresql://", "postgresql+psycopg://")
        engine = sa.create_engine(url)
        postgres_rows().to_sql("loans", engine, index=False)
        engine.dispose()
        query = "SELECT * FROM loans ORDER BY loan_id"
        uri, _ = walk(url, query, folder, EDITS.get("postgresql", {}))
    ask_in_process(uri)


def run(*arguments: str) -> str:
    """Run a command of the README in the project's folder, as a person does."""
    environment = os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    }
    result = subprocess.run(
        arguments,
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    return result.stdout


@pytest.mark.slow
@pytest.mark.parametrize("shape", BY_COMMAND)
def test_a_raw_table_becomes_a_served_model_by_commands(shape: str, store: Path) -> None:
    folder = store / shape.replace(" ", "-")
    folder.mkdir()
    table = FILES[shape](folder)
    portfolio = folder / "portfolio.toml"
    mlflow_run = ("mlflow", "run", ".", "--env-manager", "local")
    run(*mlflow_run, "-e", "draft", "-P", f"table={table}")
    edited(portfolio, EDITS.get(shape, {}))
    run(*mlflow_run, "-e", "check", "-P", f"portfolio={portfolio}")
    model = f"-Pmodel={folder.name}"
    run(*mlflow_run, "-P", f"portfolio={portfolio}", "-P", "max_evals=2", model)
    if MlflowClient().get_model_version(folder.name, "1").current_stage != "Production":
        promote = ("-e", "promote", "-P", "version=1", "-P", "stage=Production", model)
        run(*mlflow_run, *promote, "-P", "override=first model of a test")
    with start_server(f"models:/{folder.name}@champion", folder) as server:
        document = server.http.get("/openapi.json").json()
        applicant: dict[str, Any] = document["components"]["schemas"]["Applicant"]["example"]
        answer = server.http.post("/predict", json=applicant)
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {"probability", "score", "threshold"}

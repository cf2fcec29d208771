"""Wrong input ends with one line, status 1, and neither a run nor a version."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.entities import ViewType
from mlflow.tracking import MlflowClient

from tests.made import make_loans, write_portfolio
from tests.stores import own_store
from train.__main__ import main
from train.tracking import log_used, settings_of

ROWS = 400


@pytest.fixture(scope="module", autouse=True)
def tracking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep the runs of this file in a separate database."""
    with own_store(tmp_path_factory.mktemp("tracking"), "bad input"):
        yield


def error_line(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> str:
    """Run a command that must fail, and return its error line."""
    capsys.readouterr()
    assert main(arguments) == 1
    error = capsys.readouterr().err
    lines = [line for line in error.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1
    assert "Traceback" not in error
    return lines[0]


def change(column: str, value: object) -> pd.DataFrame:
    loans = make_loans(ROWS)
    changed = loans[column].astype(object)
    changed.iloc[3] = value
    return loans.assign(**{column: changed})


@pytest.mark.parametrize(
    ("loans", "line"),
    [
        (make_loans(ROWS).drop(columns="sex"), "[portfolio] protected names the column 'sex'"),
        (change("defaulted", 2), "target 'defaulted' must be 0 or 1"),
        (change("defaulted", None), "target 'defaulted' must not be missing"),
        (make_loans(ROWS).assign(defaulted=1), "target 'defaulted' must hold both classes"),
        (change("loan_id", 9), "key 'loan_id' must not repeat"),
        (change("decided_on", "soon"), "'decided_on' must hold dates"),
        (make_loans(ROWS).assign(income=np.nan), "feature 'income' must have a value"),
        (
            make_loans(ROWS).assign(name=[f"n{i}" for i in range(ROWS)]),
            "'name' has a different value in nearly",
        ),
    ],
)
def test_a_bad_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], loans: pd.DataFrame, line: str
) -> None:
    path = write_portfolio(tmp_path, loans, source="loans.csv")
    assert line in error_line(capsys, ["train", "--portfolio", str(path)])
    assert_nothing_is_left()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--portfolio", "nowhere.toml"], "nowhere.toml: no such portfolio"),
        (["--false_negative_cost", "0"], "false_negative_cost must be positive, got 0.0"),
        (["--false_positive_cost", "-1"], "false_positive_cost must be positive, got -1.0"),
        (["--false_positive_cost", "nan"], "false_positive_cost must be positive, got nan"),
        (["--max_evals", "0"], "max_evals must be 1 or more, got 0"),
        (["--seed", "-1"], "seed must be 0 or more, got -1"),
    ],
)
def test_a_bad_parameter(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    assert line in error_line(capsys, ["train", *arguments])
    assert_nothing_is_left()


def test_a_bad_portfolio_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "portfolio.toml"
    for text, line in (("[portfolio", "is not valid TOML"), ("[x]\n", "unknown section [x]")):
        path.write_text(text)
        assert line in error_line(capsys, ["train", "--portfolio", str(path)])
        assert_nothing_is_left()


def assert_nothing_is_left() -> None:
    """Check that no run was made, not even a deleted one, and that no version was registered."""
    client = MlflowClient()
    experiments = [experiment.experiment_id for experiment in client.search_experiments()]
    assert not client.search_runs(experiments, run_view_type=ViewType.ALL)
    assert not client.search_registered_models()


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (
            ["train", "--colour", "red"],
            "unknown parameter --colour; known: --portfolio, --model, --max_",
        ),
        (["train", "--max_evals", "many"], "argument --max_evals: invalid int value: 'many'"),
        (["train", "--folds", "odd"], "argument --folds: invalid choice: 'odd'"),
        (["promote", "--stage", "Production"], "required: --version"),
        ([], "required: command; known: draft, check, train, promote, rollback"),
    ],
)
def test_a_bad_command_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 1
    error = capsys.readouterr().err
    assert line in error
    assert error.count("\n") == 1


def test_the_help_shows_the_defaults(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        main(["score", "--help"])
    assert caught.value.code == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "(default: credit-scoring)" in text
    assert "(default: 4GB)" in text
    assert "(default: )" not in text
    assert "None" not in text


def test_every_run_prints_its_id_first(capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["rollback", "--reason", "none"]) == 1
    first = capsys.readouterr().out.splitlines()[0]
    client = MlflowClient()
    experiment = client.get_experiment_by_name("bad input")
    (run,) = client.search_runs([experiment.experiment_id], max_results=1)
    assert first == f"run {run.info.run_id}"


def test_a_run_to_resume_must_exist(capsys: pytest.CaptureFixture[str]) -> None:
    line = error_line(capsys, ["train", "--resume", "f" * 32])
    assert line == f"error: resume: there is no run {'f' * 32}"


def test_the_settings_of_a_run_are_read_as_they_were_used() -> None:
    # `mlflow run` logs its defaults as a shell takes them
    with mlflow.start_run() as run:
        mlflow.log_params({"model": "''", "portfolio": "'/my loans/it'\"'\"'s.toml'", "seed": "0"})
        log_used({"folds": "time", "seed": 3}, {"seed": 3})
    assert settings_of(run.info.run_id) == {
        "model": "",
        "portfolio": "/my loans/it's.toml",
        "folds": "time",
        "seed": "3",
    }


def test_a_bad_promotion(capsys: pytest.CaptureFixture[str]) -> None:
    assert "has no version yet" in error_line(
        capsys, ["promote", "--version", "9", "--stage", "Production"]
    )
    line = error_line(capsys, ["promote", "--version", "1", "--stage", "Prod"])
    assert "stage must be one of Production, Staging, Archived, got 'Prod'" in line


def test_a_training_that_fails_after_its_table_was_read_keeps_its_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write_portfolio(tmp_path, make_loans(20))
    assert "folds need" in error_line(capsys, ["train", "--portfolio", str(path)])
    experiment = MlflowClient().get_experiment_by_name("bad input")
    [run, *_] = MlflowClient().search_runs([experiment.experiment_id], max_results=1)
    assert (run.info.status, run.data.tags["exit_status"]) == ("FAILED", "1")
    assert not MlflowClient().search_registered_models()

"""The command `score` uses a registered version, records its run, and returns a status."""

from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest
from mlflow.tracking import MlflowClient

from scoring_model.version import load_model
from tests.made import make_loans
from tests.stores import trained_store
from tests.train.batch.logged import read_log, replay
from train.__main__ import main

ROWS = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Train one version in a separate database; yield a folder to work in."""
    folder = tmp_path_factory.mktemp("score")
    with trained_store(folder, "score", ROWS):
        yield folder


def last_run() -> mlflow.entities.Run:
    """Return the run that ended last."""
    experiment = MlflowClient().get_experiment_by_name("score")
    return MlflowClient().search_runs([experiment.experiment_id], max_results=1)[0]


def test_the_answers_equal_those_of_mlflow_s_own_loader(folder: Path) -> None:
    loans = make_loans(ROWS)
    output = folder / "scored.parquet"
    assert main(["score", "--input", f"{folder}/loans.parquet", "--output", str(output)]) == 0
    scored = pd.read_parquet(output)
    loader = mlflow.pyfunc.load_model("models:/credit-scoring@champion")
    # the signature has doubles and text only
    home = loans["has_home"].map({True: "true", False: "false"})
    own = loader.predict(loans.astype({"amount": "float64"}).assign(has_home=home))
    assert list(scored) == ["loan_id", *own.columns, "model_version", "warnings"]
    for name in own.columns:
        np.testing.assert_array_equal(scored[name], own[name])
    assert set(scored["model_version"]) == {"1"}
    assert last_run().data.tags["exit_status"] == "0"
    assert last_run().data.metrics["scored_rows"] == ROWS


def test_rejected_rows_end_with_status_3(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loans = make_loans(ROWS)
    loans.loc[4, "income"] = np.inf
    loans.to_csv(folder / "body.csv", index=False)
    output = folder / "scored.csv"
    arguments = ["score", "--input", f"{folder}/body.csv", "--output", str(output)]
    assert main(arguments) == 3
    assert f"1 rows rejected, {ROWS - 1} scored: see {output}.rejected" in capsys.readouterr().err
    assert last_run().data.tags["exit_status"] == "3"
    assert last_run().data.metrics["rejected_rows"] == 1
    output.unlink()
    assert main([*arguments, "--on_invalid", "fail"]) == 1
    assert "row 4: income must be finite" in capsys.readouterr().err
    assert not output.exists()
    assert last_run().info.status == "FAILED"


def test_the_log_names_the_version_as_the_registry_does(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = folder / "log"
    arguments = ["score", "--input", f"{folder}/loans.parquet", "--decision_log", str(log)]
    assert main([*arguments, "--output", f"{folder}/clear.csv"]) == 0
    monkeypatch.setenv("DECISION_LOG_KEY", "secret")
    assert main([*arguments, "--output", f"{folder}/digests.csv"]) == 0
    decisions = read_log(log)
    champion = load_model("models:/credit-scoring@champion")
    assert champion.name[:2] == ("credit-scoring", "1")
    for name, value in champion.name._asdict().items():
        assert {each.record[name] for each in decisions} == {value}
    replay(champion.scorer, decisions)
    references = [{"reference", "reference_digest"} & each.personal.keys() for each in decisions]
    assert references.count({"reference"}) == references.count({"reference_digest"}) == ROWS
    monkeypatch.setenv("MAX_ROWS", "wrong")
    assert main([*arguments, "--output", f"{folder}/o.csv"]) == 1


@pytest.mark.parametrize(
    ("arguments", "rule"),
    [
        (["--input", "none.parquet"], "none.parquet: no such file"),
        (["--model_uri", "models:/credit-scoring/9"], "cannot be loaded"),
        (["--model_uri", "models:/other@champion"], "cannot be loaded"),
        (["--key", "income"], "key 'income' must not be a feature"),
        (["--key", "number"], "column 'number' is required"),
        (
            ["--decision_log", "/dev/null/log"],
            "decision_log /dev/null/log: cannot be written: Not a directory",
        ),
    ],
)
def test_wrong_input_gives_one_line_of_error(
    folder: Path, arguments: list[str], rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {"--input": f"{folder}/loans.parquet", "--output": f"{folder}/o.csv"}
    given |= dict([arguments])
    assert main(["score", *(text for pair in given.items() for text in pair)]) == 1
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert len(lines) == 1
    assert rule in lines[0]

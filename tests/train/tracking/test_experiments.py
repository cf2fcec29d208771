"""Runs are in the experiment where somebody looks for them, under a name that tells."""

import os
from collections.abc import Iterator
from pathlib import Path

import mlflow
import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from tests.made import make_loans, write_portfolio
from tests.stores import kept_tracking
from train.__main__ import main
from train.errors import InputError
from train.promotion import Registry
from train.tracking import OPERATIONS, ExperimentPlace, given_run, main_run, name_run
from train.tracking.runs import _is_random

NOTE = "mlflow.note.content"
ELSEWHERE = ExperimentPlace("elsewhere", "what is there")


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Train with `python -m train` in a store where nobody has chosen an experiment."""
    folder = tmp_path_factory.mktemp("experiments")
    with kept_tracking():
        for name in ("MLFLOW_EXPERIMENT_NAME", "MLFLOW_EXPERIMENT_ID"):
            os.environ.pop(name, None)
        mlflow.set_tracking_uri(f"sqlite:///{folder}/mlflow.db")
        # as `mlflow run --experiment-name made` creates it
        for name in ("made", OPERATIONS.name):
            mlflow.create_experiment(name, artifact_location=str(folder / "mlruns"))
        path = write_portfolio(folder, make_loans(600, clear=True))
        assert main(["train", "--portfolio", str(path), "--max_evals", "1"]) == 0
        yield folder


def runs_of(experiment: str) -> list[Run]:
    client = MlflowClient()
    found = client.get_experiment_by_name(experiment)
    return list(client.search_runs([found.experiment_id], "attributes.status != 'RUNNING'"))


def test_a_training_is_in_the_experiment_of_its_portfolio() -> None:
    names = sorted(run.info.run_name for run in runs_of("made"))
    assert [name.split()[0] for name in names] == ["made", "trial"]
    assert "made" in MlflowClient().get_experiment_by_name("made").tags[NOTE]
    assert runs_of("Default") == []


def test_operations_are_in_one_experiment(folder: Path) -> None:
    assert main(["promote", "--version", "1", "--stage", "Archived"]) == 1
    assert main(["rollback", "--reason", "too dear"]) == 1
    output = str(folder / "scored.parquet")
    assert main(["score", "--input", f"{folder}/loans.parquet", "--output", output]) == 0
    assert [run.info.run_name for run in runs_of(OPERATIONS.name)] == [
        "score loans.parquet with credit-scoring 1",
        "roll back credit-scoring",
        "promote credit-scoring 1 to Archived",
        "ledger of credit-scoring",
    ]
    described = MlflowClient().get_experiment_by_name(OPERATIONS.name).tags[NOTE]
    assert described == OPERATIONS.description


def test_a_score_that_cannot_begin_leaves_no_run(folder: Path) -> None:
    before = len(runs_of(OPERATIONS.name))
    asked = ["score", "--input", f"{folder}/loans.parquet", "--output", "scored.csv"]
    assert main([*asked, "--model", "unknown"]) == 1
    assert len(runs_of(OPERATIONS.name)) == before


def test_the_experiment_that_the_user_chose_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "mine")
    with main_run("one", ELSEWHERE) as run_id:
        pass
    experiment = MlflowClient().get_experiment_by_name("mine")
    assert mlflow.get_run(run_id).info.experiment_id == experiment.experiment_id
    assert NOTE not in experiment.tags
    assert MlflowClient().get_experiment_by_name(ELSEWHERE.name) is None


def test_a_run_of_mlflow_run_is_named_and_keeps_the_status(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = MlflowClient().create_run("0")
    assert _is_random(run.info.run_name)
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    assert main(["train", "--portfolio", "nowhere.toml"]) == 1
    failed = mlflow.get_run(run.info.run_id)
    assert (failed.info.status, failed.data.tags["exit_status"]) == ("FAILED", "1")
    monkeypatch.setenv("MLFLOW_RUN_ID", run.info.run_id)
    with given_run(), main_run("made today", ELSEWHERE) as run_id:
        name_run("made today cost 1", instead_of="made today")
    assert run_id == run.info.run_id
    assert mlflow.get_run(run_id).info.run_name == "made today cost 1"


def test_the_name_that_the_user_gave_stays() -> None:
    with mlflow.start_run(run_name="mine", experiment_id="0") as run, main_run("one", ELSEWHERE):
        name_run("two", instead_of="one")
    assert mlflow.get_run(run.info.run_id).info.run_name == "mine"


def test_a_deleted_experiment_says_how_to_restore_it() -> None:
    client = MlflowClient()
    deleted = client.create_experiment("deleted")
    client.delete_experiment(deleted)
    with (
        pytest.raises(InputError, match=f"`mlflow experiments restore -x {deleted}`"),
        main_run("one", ExperimentPlace("deleted", "")),
    ):
        pass


def test_a_description_that_somebody_wrote_stays() -> None:
    registry = Registry("credit-scoring")
    MlflowClient().update_registered_model(registry.name, "ours")
    registry.describe("another")
    assert MlflowClient().get_registered_model(registry.name).description == "ours"

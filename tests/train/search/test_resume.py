"""A killed search can be resumed with the same result, and only with the same settings."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow.entities import Run
from mlflow.tracking import MlflowClient

from tests.conftest import ROOT, Project, make_project
from tests.made import make_loans, write_portfolio
from train.errors import InputError
from train.fitting import BoostingParams
from train.search import Trial
from train.search.resume import MEANINGS, check_identity, from_text, in_sequence, to_text

TRIALS = 8
TRIAL = Trial(
    number=0,
    point={"treatment": 1, "ratio": 0.1 + 0.2, "num_leaves": 7.0},
    draws=3,
    params=BoostingParams("under", 0.1 + 0.2, {"num_leaves": 7, "learning_rate": 1 / 3}, 40),
    folds_run=2,
    folds=4,
    first_loss=1 / 7,
    cost_per_applicant=2 / 3,
    loss=1e-17,
)


def test_a_trial_is_read_back_to_the_last_bit() -> None:
    assert from_text(to_text(TRIAL)) == TRIAL


def test_trials_after_a_missing_one_are_left_out() -> None:
    texts = [to_text(TRIAL).replace('"number": 0', f'"number": {n}') for n in (3, 0, 1)]
    assert [trial.number for trial in in_sequence(texts)] == [0, 1]


@pytest.mark.parametrize(("tag", "meaning"), MEANINGS.items())
def test_another_search_is_refused_with_what_differs(tag: str, meaning: str) -> None:
    now = dict.fromkeys(MEANINGS, "same")
    check_identity("run", {**now, "other tag": "x"}, now)
    line = f"run r1 differs from this run in its {meaning}: different there, same here"
    with pytest.raises(InputError, match=line):
        check_identity("r1", {**now, tag: "different"}, now)


def test_a_run_without_a_search_is_refused() -> None:
    with pytest.raises(InputError, match="run r1 has no search that can be continued"):
        check_identity("r1", {}, dict.fromkeys(MEANINGS, "same"))


def command(project: Project, *arguments: str) -> list[str]:
    train = [sys.executable, "-m", "train", "train", "--portfolio", str(project.portfolio)]
    return [*train, "--max_evals", str(TRIALS), *arguments]


def main_runs(project: Project) -> list[Run]:
    mlflow = MlflowClient(project.environment["MLFLOW_TRACKING_URI"])
    experiment = mlflow.get_experiment_by_name("credit-scoring").experiment_id
    runs = mlflow.search_runs([experiment], order_by=["attributes.start_time ASC"])
    return [run for run in runs if "mlflow.parentRunId" not in run.data.tags]


def finished_trials(project: Project, run_id: str) -> list[str]:
    mlflow = MlflowClient(project.environment["MLFLOW_TRACKING_URI"])
    experiment = mlflow.get_experiment_by_name("credit-scoring").experiment_id
    runs = mlflow.search_runs([experiment], f"tags.mlflow.parentRunId = '{run_id}'")
    return [run.data.tags["trial"] for run in runs if "trial" in run.data.tags]


@pytest.mark.slow
def test_a_resumed_search_gives_the_same_model(tmp_path: Path) -> None:
    project = make_project(tmp_path, rows=2500)
    process = subprocess.Popen(
        command(project),
        cwd=ROOT,
        env=project.environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while (
        not (runs := main_runs(project)) or len(finished_trials(project, runs[0].info.run_id)) < 3
    ):
        assert process.poll() is None
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    killed = runs[0].info.run_id
    done = len(finished_trials(project, killed))
    assert done < TRIALS

    resumed = project.run(*command(project, "--resume", killed))
    assert f"the search continues after {done} trials of an earlier run" in resumed.stdout
    project.run(*command(project))
    _, second, whole = (run.info.run_id for run in main_runs(project))
    assert sorted(finished_trials(project, second)) == sorted(finished_trials(project, whole))
    boosters = [path.read_bytes() for path in (tmp_path / "mlruns").rglob("booster.txt")]
    policies = [path.read_bytes() for path in (tmp_path / "mlruns").rglob("policy.json")]
    assert len(boosters) == len(policies) == 2
    assert boosters[0] == boosters[1]
    assert policies[0] == policies[1]

    for arguments, why in (
        (("--seed", "1"), "differs from this run in its seed: 0 there, 1 here"),
        (("--false_negative_cost", "5"), "differs from this run in its costs"),
    ):
        refused = project.run(*command(project, "--resume", killed, *arguments), check=False)
        assert refused.returncode == 1
        assert refused.stderr.splitlines()[-1].startswith(f"error: resume: run {killed} {why}")
    write_portfolio(tmp_path, make_loans(2500, seed=1))
    refused = project.run(*command(project, "--resume", killed), check=False)
    assert "differs from this run in its portfolio digest" in refused.stderr

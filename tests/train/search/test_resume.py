"""A killed search can be resumed with the same result, and only with the same settings."""

import re
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
from train.search.resume import (
    FEATURES,
    MEANINGS,
    check_identity,
    from_text,
    in_sequence,
    to_text,
)

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


ALL = {**MEANINGS, FEATURES: "features"}
SAME = {tag: "{}" if tag == "search_space" else "same" for tag in ALL}


@pytest.mark.parametrize(("tag", "meaning"), ALL.items())
def test_another_search_is_refused_with_what_differs(tag: str, meaning: str) -> None:
    check_identity("run", {**SAME, "other tag": "x"}, SAME)
    there, line = "different", f"{meaning}: different there, same here"
    if tag == "search_space":
        there, line = '{"fixed": {"max_depth": 4}}', f"{meaning} (fixed: .* there, nothing here)"
    with pytest.raises(InputError, match=re.escape(f"in its {line}").replace(r"\.\*", ".*")):
        check_identity("r1", {**SAME, tag: there}, SAME)


def test_all_that_differs_is_named_at_once() -> None:
    now = {
        **SAME,
        "search_seed": "1",
        "search_space": '{"bounds": {"num_leaves": [2, 8], "cat_l2": [5, 9]}, "measure": "auc"}',
    }
    there = {**SAME, "search_space": '{"bounds": {"num_leaves": [2, 32], "cat_l2": [5, 9]}}'}
    with pytest.raises(InputError) as caught:
        check_identity("r1", there, now)
    assert str(caught.value) == (
        "resume: run r1 differs from this run in its seed: same there, 1 here; search space "
        '(num_leaves: [2, 32] there, [2, 8] here, measure: nothing there, "auc" here)'
    )


def test_a_search_of_an_earlier_release_has_no_features() -> None:
    check_identity(
        "r1", dict.fromkeys(MEANINGS, "{}"), {**dict.fromkeys(MEANINGS, "{}"), FEATURES: "3"}
    )


def test_a_run_without_a_search_is_refused() -> None:
    with pytest.raises(InputError, match="run r1 has no search that can be continued"):
        check_identity("r1", {}, SAME)


def command(project: Project, *arguments: str) -> list[str]:
    train = [sys.executable, "-m", "train", "train", "--portfolio", str(project.portfolio)]
    return [*train, "--max_evals", str(TRIALS), "--seed", "3", *arguments]


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

    # nothing else is given, and `mlflow run` passes its defaults: all settings are the killed run's
    resumed = project.mlflow_run("-P", f"resume={killed}")
    assert f"the search continues after {done} trials of an earlier run" in resumed.stdout
    told = f"portfolio {project.portfolio}, max_evals {TRIALS}, seed 3"
    assert f"from the run {killed}: {told}" in resumed.stdout
    project.run(*command(project))
    _, second, whole = main_runs(project)
    assert second.data.params["seed"] == "0"
    assert second.data.params["used_seed"] == whole.data.params["seed"] == "3"
    assert second.data.params["used_portfolio"] == str(project.portfolio)
    second_trials, whole_trials = (
        sorted(finished_trials(project, run.info.run_id)) for run in (second, whole)
    )
    assert second_trials == whole_trials
    boosters = [path.read_bytes() for path in (tmp_path / "mlruns").rglob("booster.txt")]
    policies = [path.read_bytes() for path in (tmp_path / "mlruns").rglob("policy.json")]
    assert len(boosters) == len(policies) == 2
    assert boosters[0] == boosters[1]
    assert policies[0] == policies[1]

    # a resumed run is resumed with what it used, and all that differs is named at once
    write_portfolio(tmp_path, make_loans(2500, seed=1))
    given = ("-P", "seed=1", "-P", "false_negative_cost=5")
    refused = project.mlflow_run("-P", f"resume={second.info.run_id}", *given, check=False)
    assert refused.returncode == 1
    (line,) = [line for line in refused.stderr.splitlines() if line.startswith("error: ")]
    assert line.startswith(
        f"error: resume: run {second.info.run_id} differs from this run in its p"
    )
    for part in (
        "portfolio digest: ",
        "; seed: 3 there, 1 here",
        "; costs: 10.0 to 1.0 there, 5.0 ",
    ):
        assert part in line

"""A search on Spark: trials give the local figures, are logged, and can be resumed."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from scoring_model.version.artifacts import check_example, make_scorer, read_artifacts
from tests.conftest import make_project
from tests.train.planted import make_applicants
from train.engines.spark_search import tune_on_spark
from train.errors import InputError
from train.fitting import FoldedRows, repeat_folds
from train.portfolio import Costs
from train.search import PlannedSearch, Runner, SearchPlan, Trial

pytestmark = pytest.mark.slow

ROWS = 3_000
COSTS = Costs().of_rows(ROWS)
# after the five first points, two are drawn at random
PLAN = SearchPlan(("none", "class_weight"), max_evals=7, seed=0, parallelism=2)


@pytest.fixture(scope="module")
def rows() -> FoldedRows:
    matrix, y, _ = make_applicants(ROWS, seed=0)
    splits, *_ = repeat_folds(y, "stratified", 4, seed=0)
    return FoldedRows(matrix, y, tuple(splits), (4,))


def planned(rows: FoldedRows, plan: SearchPlan = PLAN) -> PlannedSearch:
    return PlannedSearch(rows, COSTS, plan, identity={}, notes=())


def test_a_trial_on_spark_gives_the_local_figures(spark: Any, rows: FoldedRows) -> None:
    seen: list[Trial] = []
    search = tune_on_spark(spark, planned(rows), seen.append)
    assert [trial.number for trial in search.trials] == list(range(PLAN.max_evals))
    assert sorted(seen, key=lambda trial: trial.number) == list(search.trials)
    here = Runner(rows.bin(), COSTS, PLAN, threads=1)
    for trial in search.trials:
        if not trial.stopped:
            (again,) = here.run([(trial.point, trial.draws)], trial.number, None)
            assert again == trial

    # resumed after five trials: the others are suggested again, with the next random numbers
    goes_on: list[Trial] = []
    resumed = tune_on_spark(spark, planned(rows), goes_on.append, search.trials[:5])
    assert resumed.trials[:5] == search.trials[:5]
    assert [trial.number for trial in resumed.trials] == list(range(PLAN.max_evals))
    assert len(goes_on) == PLAN.max_evals - 5
    points = [trial.point for trial in resumed.trials]
    assert all(points.count(point) == 1 for point in points)


def test_a_trial_that_fails_ends_the_search(spark: Any, rows: FoldedRows) -> None:
    # the folds name rows that the matrix does not have
    broken = replace(rows, matrix=rows.matrix[:10])
    with pytest.raises(InputError, match=r"engine spark: \d of \d trials failed on the cluster"):
        tune_on_spark(spark, planned(broken), lambda _: None)


def test_a_timeout_ends_the_search_after_the_first_trials(spark: Any, rows: FoldedRows) -> None:
    plan = replace(PLAN, timeout_minutes=0.0)
    search = tune_on_spark(spark, planned(rows, plan), lambda _: None)
    assert 1 <= len(search.trials) <= plan.parallelism


@pytest.mark.usefixtures("spark")
def test_a_run_on_spark_logs_its_trials(tmp_path: Path) -> None:
    project = make_project(tmp_path, rows=2000)
    parameters = (f"portfolio={project.portfolio}", "max_evals=2", "parallelism=2", "engine=spark")
    project.mlflow_run(*(text for parameter in parameters for text in ("-P", parameter)))
    client = MlflowClient(project.environment["MLFLOW_TRACKING_URI"])
    (version,) = client.search_model_versions("name = 'credit-scoring'")
    run = client.get_run(version.run_id)
    assert run.data.tags["search_engine"] == run.data.params["engine"] == "spark"
    nested = client.search_runs(
        [run.info.experiment_id], f"tags.mlflow.parentRunId = '{version.run_id}'"
    )
    assert {trial.info.run_name[: len("trial 0")] for trial in nested} == {"trial 0", "trial 1"}
    assert all("trial" in trial.data.tags for trial in nested)
    (folder,) = {path.parent for path in tmp_path.rglob("booster.txt")}
    files = read_artifacts(folder)
    check_example(files, make_scorer(files))

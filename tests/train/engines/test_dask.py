"""Fits on Dask are as good as those on one machine, and give plain boosters."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mlflow.tracking import MlflowClient
from sklearn.metrics import roc_auc_score

from scoring_model.trees import TreeModel
from scoring_model.version.artifacts import check_example, make_scorer, read_artifacts
from tests.conftest import ROOT, Project, make_project
from tests.train.planted import as_probability, make_applicants
from train.engines.dask import (
    NETWORK,
    NOT_INSTALLED,
    DaskEngine,
    fit_on_dask,
    open_client,
)
from train.errors import InputError
from train.fitting import Treatment
from train.fitting.boosting import BoostingParams, fit_all, margins

pytestmark = pytest.mark.slow

ROWS = 20_000
AUC_TOLERANCE = 0.005
SEARCHED = {
    "learning_rate": 0.06,
    "num_leaves": 12,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.6,
    "lambda_l2": 10.0,
    "path_smooth": 1.0,
    "cat_smooth": 20.0,
    "cat_l2": 20.0,
    "extra_trees": False,
}


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    """Connect to a cluster of two workers by its address, like a cluster on other machines."""
    pytest.importorskip("distributed", reason="needs requirements-cluster.txt")
    import dask
    from distributed import LocalCluster

    with (
        LocalCluster(
            n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
        ) as cluster,
        dask.config.set({"scheduler-address": cluster.scheduler_address}),
        open_client() as connected,
    ):
        assert connected.scheduler.address == cluster.scheduler_address
        assert len(connected.ncores()) == 2
        yield connected


@pytest.mark.parametrize("treatment", ["none", "class_weight", "under"])
def test_a_fit_is_as_good_as_on_one_machine(client: Any, treatment: Treatment) -> None:
    matrix, y, _ = make_applicants(ROWS, seed=0)
    matrix[::17, 1] = np.nan
    # sorted rows, like a table sorted by date: an unshuffled share would not be like the whole
    order = np.argsort(matrix[:, 0])
    matrix, y = matrix[order], y[order]
    fresh, outcome, _ = make_applicants(ROWS, seed=1)
    params = BoostingParams(treatment, 0.5, SEARCHED, 80)
    here = fit_all(matrix, y, params, (4,), 0)
    there = fit_on_dask(client, matrix, y, params, (4,), 0)
    one, other = margins(here, fresh), margins(there, fresh)
    assert abs(roc_auc_score(outcome, one) - roc_auc_score(outcome, other)) <= AUC_TOLERANCE
    # the mean probability shows that the workers applied the treatment
    assert abs(as_probability(one).mean() - as_probability(other).mean()) <= 0.005

    text = there.model_to_string()
    assert settings(text) == NETWORK.sub("", settings(here.model_to_string()))
    assert "127.0.0.1" not in text
    np.testing.assert_array_equal(TreeModel(text).predict(fresh[:100]), other[:100])


def settings(text: str) -> str:
    """Return the part of a model's text that holds the settings of its fit."""
    return text.partition("\nparameters:\n")[2].partition("end of parameters")[0]


def test_a_run_on_dask_registers_a_normal_version(project: Project, tmp_path: Path) -> None:
    pytest.importorskip("distributed", reason="needs requirements-cluster.txt")
    made = make_project(tmp_path, rows=2000)
    parameters = (f"portfolio={made.portfolio}", "max_evals=1", "engine=dask")
    made.mlflow_run(*(text for parameter in parameters for text in ("-P", parameter)))
    (local,) = {path.parent for path in project.directory.rglob("booster.txt")}
    (dask,) = {path.parent for path in tmp_path.rglob("booster.txt")}
    assert {path.name for path in dask.iterdir()} == {path.name for path in local.iterdir()}
    files = read_artifacts(dask)
    check_example(files, make_scorer(files))
    client = MlflowClient(made.environment["MLFLOW_TRACKING_URI"])
    (version,) = client.search_model_versions("name = 'credit-scoring'")
    run = client.get_run(version.run_id)
    assert run.data.params["engine"] == "dask"
    assert run.data.metrics["test_roc_auc"] > 0.6


def test_a_scheduler_that_does_not_answer_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    dask = pytest.importorskip("dask", reason="needs requirements-cluster.txt")
    monkeypatch.setattr("train.engines.dask.WAIT_SECONDS", 1)
    # nothing listens on port 9 (the discard service)
    address = "tcp://127.0.0.1:9"
    with (
        dask.config.set({"scheduler-address": address}),
        pytest.raises(InputError, match=f"no scheduler answers at {address}"),
        open_client(),
    ):
        pass


def test_without_dask_the_error_says_what_to_install(tmp_path: Path) -> None:
    # a module that cannot be imported, as without requirements-cluster.txt
    (tmp_path / "distributed.py").write_text("raise ImportError", encoding="utf-8")
    script = """
from train.errors import InputError
from train.engines import open_engine
try:
    with open_engine("dask"):
        pass
except InputError as error:
    print(error)
"""
    result = subprocess.run(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert result.stdout.strip() == NOT_INSTALLED


def test_dask_refuses_batch_scoring() -> None:
    with pytest.raises(InputError, match="engine dask cannot score"):
        DaskEngine().score(None, print)  # type: ignore[arg-type]  # refused before it is used

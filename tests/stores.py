"""A tracking store for a test; the previous MLflow settings are restored afterwards."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import mlflow
from mlflow.tracking import fluent

from tests.made import make_loans, write_portfolio
from train.__main__ import main


@contextmanager
def kept_tracking() -> Iterator[None]:
    """Restore MLflow's settings at the end, including its environment variables.

    MLflow writes the URI and the experiment into environment variables. Without this, a server that
    a later test starts would look for its model in the store of this test.
    """
    before = {name: value for name, value in os.environ.items() if name.startswith("MLFLOW_")}
    try:
        yield
    finally:
        mlflow.set_tracking_uri(None)
        # MLflow has no call that unsets it; a later test's store may lack an experiment of this id
        fluent._active_experiment_id = None
        for name in [name for name in os.environ if name.startswith("MLFLOW_")]:
            del os.environ[name]
        os.environ.update(before)


@contextmanager
def own_store(directory: Path, experiment: str) -> Iterator[str]:
    """Point MLflow at a database in a directory, and yield the URI of the database."""
    with kept_tracking():
        uri = f"sqlite:///{directory}/mlflow.db"
        mlflow.set_tracking_uri(uri)
        if mlflow.get_experiment_by_name(experiment) is None:
            # the default on SQLite would write artifacts into the working directory
            mlflow.create_experiment(experiment, artifact_location=str(directory / "mlruns"))
        mlflow.set_experiment(experiment)
        yield uri


@contextmanager
def trained_store(directory: Path, experiment: str, rows: int) -> Iterator[None]:
    """Train one version on synthetic loans; database and portfolio are in a directory."""
    with own_store(directory, experiment):
        path = write_portfolio(directory, make_loans(rows, clear=True))
        assert main(["train", "--portfolio", str(path), "--max_evals", "1"]) == 0
        yield

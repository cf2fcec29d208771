"""The main MLflow run of a command."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
from mlflow.environment_variables import MLFLOW_RUN_ID
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NAME
from mlflow.utils.name_utils import _GENERATOR_NOUNS, _GENERATOR_PREDICATES

from train.errors import InputError
from train.tracking.connection import answering_registry, check_registry_answers
from train.tracking.experiments import ExperimentPlace, chosen_experiment, describe_experiment


@contextmanager
def mlflow_command() -> Iterator[None]:
    """Run a command that needs MLflow: its registry answers, and `given_run` is continued.

    Raises
    ------
    InputError
        The registry does not answer, at the start or later.
    """
    # no progress bar for each small file
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    check_registry_answers()
    with answering_registry(), given_run():
        yield


@contextmanager
def given_run() -> Iterator[None]:
    """Continue the run that `mlflow run` has created; do nothing if there is none.

    That run exists before a command reads anything, so it must be marked if the reading fails.
    """
    if MLFLOW_RUN_ID.get() is None:
        yield
        return
    with mlflow.start_run() as run, _kept_status():
        _print_id(run.info.run_id)
        yield


@contextmanager
def main_run(name: str, place: ExperimentPlace) -> Iterator[str]:
    """Open the main run of a command, or take the one that `given_run` continues; yield its id.

    The id is printed as soon as the run is open. An exception marks the run FAILED. The tag
    `exit_status` holds the exit status of `python -m train`, because `mlflow run` itself ends with
    0 or 1 only.

    Parameters
    ----------
    name : str
        Name of the run, unless the user gave one.
    place : ExperimentPlace
        Experiment of the run, unless `mlflow run` or the user chose one.
    """
    if (given := mlflow.active_run()) is not None:
        name_run(name)
        describe_experiment(given.info.experiment_id, place)
        yield given.info.run_id
        return
    with mlflow.start_run(run_name=name, experiment_id=chosen_experiment(place)) as run:
        _print_id(run.info.run_id)
        describe_experiment(run.info.experiment_id, place)
        with _kept_status():
            yield run.info.run_id


def _print_id(run_id: str) -> None:
    """Print the id of a run."""
    # at once, so that it is known even if the process is killed
    print(f"run {run_id}", flush=True)


@contextmanager
def _kept_status() -> Iterator[None]:
    status = 1
    try:
        yield
        status = 0
    except InputError as error:
        status = error.exit_status
        raise
    finally:
        mlflow.set_tag("exit_status", status)


def name_run(name: str, instead_of: str = "") -> None:
    """Name the active run, if there is one with a random name of MLflow's or with `instead_of`."""
    if (active := mlflow.active_run()) is None:
        return
    run_id = active.info.run_id
    present = mlflow.get_run(run_id).info.run_name
    if present == instead_of or _is_random(present):
        MlflowClient().set_tag(run_id, MLFLOW_RUN_NAME, name)


def _is_random(name: str) -> bool:
    """Return whether MLflow made up a name, such as `stately-bird-109`."""
    first, _, rest = name.partition("-")
    noun, _, number = rest.partition("-")
    return first in _GENERATOR_PREDICATES and noun in _GENERATOR_NOUNS and number.isdigit()

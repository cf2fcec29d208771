"""The experiments of the runs: one for each portfolio, and one for all operations."""

import os
from dataclasses import dataclass

from mlflow.entities import LifecycleStage
from mlflow.environment_variables import MLFLOW_EXPERIMENT_ID, MLFLOW_EXPERIMENT_NAME
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient
from mlflow.utils.mlflow_tags import MLFLOW_RUN_NOTE

from train.errors import InputError


@dataclass(frozen=True, slots=True)
class ExperimentPlace:
    """An experiment that this project keeps runs in.

    Attributes
    ----------
    name : str
    description : str
        Markdown that MLflow's pages show.
    """

    name: str
    description: str


OPERATIONS = ExperimentPlace(
    "credit-scoring operations",
    "What was done with versions of all portfolios: promotions, rollbacks, scored files, replays. "
    "A run `ledger of <model>` holds every move of the versions of a registered model. "
    "Trainings are in the experiment of their portfolio.",
)


def find_experiment(place: ExperimentPlace) -> str:
    """Return the id of an experiment; create and describe it if it does not exist.

    Parameters
    ----------
    place : ExperimentPlace

    Raises
    ------
    InputError
        Somebody has deleted the experiment.
    """
    client = MlflowClient()
    found = client.get_experiment_by_name(place.name)
    if found is None:
        try:
            created = str(client.create_experiment(place.name))
        except MlflowException:
            # another command may have created it in the meantime
            found = client.get_experiment_by_name(place.name)
            if found is None:
                raise
        else:
            describe_experiment(created, place)
            return created
    if found.lifecycle_stage == LifecycleStage.DELETED:
        raise InputError(
            f"the experiment {place.name!r} is deleted: restore it with `mlflow experiments "
            f"restore -x {found.experiment_id}`, or name another by MLFLOW_EXPERIMENT_NAME"
        )
    return str(found.experiment_id)


def chosen_experiment(place: ExperimentPlace) -> str | None:
    """Return the id of `place`, or None if the user has chosen an experiment by a variable."""
    chosen = (MLFLOW_EXPERIMENT_NAME.name, MLFLOW_EXPERIMENT_ID.name)
    return None if any(os.environ.get(name) for name in chosen) else find_experiment(place)


def describe_experiment(experiment_id: str, place: ExperimentPlace) -> None:
    """Give an experiment its description, if it is `place` and has none yet.

    `mlflow run --experiment-name` creates an experiment without one.
    """
    client = MlflowClient()
    found = client.get_experiment(experiment_id)
    if found.name == place.name and MLFLOW_RUN_NOTE not in found.tags:
        client.set_experiment_tag(experiment_id, MLFLOW_RUN_NOTE, place.description)

"""The settings of an earlier training, and those of this one, as parameters of their runs."""

import shlex
from collections.abc import Mapping

import mlflow
from mlflow.exceptions import MlflowException

from train.errors import InputError

# MLflow cannot change a parameter, and `mlflow run` logs its defaults before the training begins.
# What a resumed training uses in their place is logged under a name with this prefix.
USED = "used_"


def settings_of(run_id: str) -> dict[str, str]:
    """Return the parameters that an earlier run used.

    Parameters
    ----------
    run_id : str
        Id of the run.

    Returns
    -------
    dict of str to str
        As text; an empty text for a parameter that was not set.

    Raises
    ------
    InputError
        There is no such run.
    """
    try:
        params = dict(mlflow.get_run(run_id).data.params)
    except MlflowException as error:
        raise InputError(f"resume: there is no run {run_id}") from error
    typed = {n: _without_quotes(value) for n, value in params.items() if not n.startswith(USED)}
    used = {n.removeprefix(USED): value for n, value in params.items() if n.startswith(USED)}
    return typed | used


def _without_quotes(value: str) -> str:
    """Return a value that `mlflow run` may have logged as a shell takes it, such as `''`."""
    return "".join(shlex.split(value)) if value.startswith("'") else value


def log_used(settings: Mapping[str, object], taken: Mapping[str, object]) -> None:
    """Log the settings that the active run uses.

    Parameters
    ----------
    settings : mapping of str to object
        All of them.
    taken : mapping of str to object
        Those that an earlier run gave. `mlflow run` may have logged a default in their place.
    """
    # the values given by -P stand there as typed, and 10 differs from 10.0
    known = mlflow.get_run(mlflow.active_run().info.run_id).data.params
    mlflow.log_params({name: value for name, value in settings.items() if name not in known})
    mlflow.log_params({f"{USED}{name}": taken[name] for name in taken if name in known})

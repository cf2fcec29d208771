"""The main run of a command, in MLflow."""

from collections.abc import Iterator
from contextlib import contextmanager

import mlflow

from train.errors import InputError


@contextmanager
def main_run() -> Iterator[str]:
    """Open the main run, or go on with the one that `mlflow run` has made, and yield its id.

    An exception marks the run FAILED. The tag `exit_status` holds the status of `python -m train`,
    of which `mlflow run` tells only whether it is 0.
    """
    with mlflow.start_run() as run:
        status = 1
        try:
            yield run.info.run_id
            status = 0
        except InputError as error:
            status = error.exit_status
            raise
        finally:
            mlflow.set_tag("exit_status", status)

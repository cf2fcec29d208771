"""The main MLflow run of a command."""

from collections.abc import Iterator
from contextlib import contextmanager

import mlflow

from train.errors import InputError


@contextmanager
def main_run() -> Iterator[str]:
    """Open the main run, or continue the one that `mlflow run` has created, and yield its id.

    An exception marks the run FAILED. The tag `exit_status` holds the exit status of `python -m
    train`, because `mlflow run` itself ends with 0 or 1 only.
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

"""The Model Registry: register a version, promote it, say which one is champion."""

import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import mlflow
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException
from mlflow.tracking import MlflowClient

from train.errors import InputError

MODEL_NAME = "credit-scoring"
CHAMPION, CHALLENGER = "champion", "challenger"
ALIAS_OF_STAGE = {"Production": CHAMPION, "Staging": CHALLENGER, "Archived": None}


@contextmanager
def _stages() -> Iterator[None]:
    """Silence MLflow's notice that stages will go: aliases, which replace them, are set beside."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)
        yield


def register(model_uri: str, tags: Mapping[str, Any]) -> int:
    """Register a logged model as the next version of `credit-scoring` and return its number."""
    version = mlflow.register_model(model_uri, MODEL_NAME, tags=dict(tags))
    return int(version.version)


def champion() -> ModelVersion | None:
    """Return the version in production, or None before the first promotion."""
    try:
        return MlflowClient().get_model_version_by_alias(MODEL_NAME, CHAMPION)
    except MlflowException as error:
        if error.error_code in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            return None
        raise


def promote(version: int, stage: str) -> None:
    """Set the stage and the alias of a version together.

    The version that held the stage before is archived and loses the alias.

    Parameters
    ----------
    version : int
    stage : {"Staging", "Production", "Archived"}

    Raises
    ------
    InputError
        Unknown stage or version, or the champion would be archived without a successor.
    """
    if stage not in ALIAS_OF_STAGE:
        raise InputError(f"stage must be one of {', '.join(ALIAS_OF_STAGE)}, got {stage!r}")
    client = MlflowClient()
    found = find_version(version)
    if stage != "Production" and CHAMPION in found.aliases:
        raise InputError(f"version {version} is the champion: promote another to Production first")
    with _stages():
        client.transition_model_version_stage(
            MODEL_NAME, str(version), stage, archive_existing_versions=stage != "Archived"
        )
    alias = ALIAS_OF_STAGE[stage]
    for other in set(found.aliases) - {alias}:
        client.delete_registered_model_alias(MODEL_NAME, other)
    if alias:
        client.set_registered_model_alias(MODEL_NAME, alias, str(version))


def find_version(version: int) -> ModelVersion:
    """Return a version of `credit-scoring`; raise `InputError` where there is none."""
    try:
        return MlflowClient().get_model_version(MODEL_NAME, str(version))
    except MlflowException as error:
        raise InputError(f"{MODEL_NAME} has no version {version}") from error

"""Which version a model URI names now, and how its files get here."""

import os
import re
from pathlib import Path

# `models:/name@alias` and `models:/name/Stage`: what they name moves; a number stays
_BY_ALIAS = re.compile(r"models:/([^/@]+)@([^/@]+)")
_BY_STAGE = re.compile(r"models:/([^/@]+)/([A-Za-z]+)")
# MLflow's own patience, minutes, is longer than a start or a swap may hang
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def can_move(uri: str) -> bool:
    """Return whether another version may be behind the URI tomorrow."""
    return bool(_BY_ALIAS.fullmatch(uri) or _BY_STAGE.fullmatch(uri))


def find_uri(uri: str) -> str:
    """Return the URI of the very version that `uri` names now.

    Raises
    ------
    mlflow.exceptions.MlflowException
        The registry does not know it or does not answer.
    LookupError
        No version is in that stage.
    """
    from mlflow.tracking import MlflowClient

    _limit_patience()
    if by_alias := _BY_ALIAS.fullmatch(uri):
        name, alias = by_alias.groups()
        return f"models:/{name}/{MlflowClient().get_model_version_by_alias(name, alias).version}"
    if by_stage := _BY_STAGE.fullmatch(uri):
        name, stage = by_stage.groups()
        found = MlflowClient().search_model_versions(f"name = '{name}'", max_results=10_000)
        numbers = [
            int(version.version)
            for version in found
            if stage == "latest" or version.current_stage.lower() == stage.lower()
        ]
        if not numbers:
            raise LookupError(f"no version of {name} is in {stage}")
        return f"models:/{name}/{max(numbers)}"
    return uri


def registry_uri() -> str:
    """Return where the registry is."""
    import mlflow

    return str(mlflow.get_registry_uri())


def download(uri: str, folder: Path) -> None:
    """Fetch a version's files into a folder that exists; raises as `find_uri` does."""
    from mlflow.artifacts import download_artifacts

    _limit_patience()
    download_artifacts(artifact_uri=uri, dst_path=str(folder))


def _limit_patience() -> None:
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)

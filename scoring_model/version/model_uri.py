"""Find the version that a model URI names now, and download its files."""

import os
import re
from pathlib import Path

from scoring_model.errors import ArtifactError
from scoring_model.version.failures import UnknownVersion

# `models:/name@alias` and `models:/name/Stage` can name another version later; a number cannot
_BY_ALIAS = re.compile(r"models:/([^/@]+)@([^/@]+)")
_BY_STAGE = re.compile(r"models:/([^/@]+)/([A-Za-z]+)")
# a version has some dozens of files, most of them code that the server never runs
MOST_FILES = 2000
MOST_BYTES = 256 << 20
# by default MLflow waits for minutes, which is too long for a start or a swap
_PATIENCE = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "10",
    "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
}


def can_move(uri: str) -> bool:
    """Return whether the URI can name another version later."""
    return bool(_BY_ALIAS.fullmatch(uri) or _BY_STAGE.fullmatch(uri))


def find_uri(uri: str) -> str:
    """Return a URI with the number of the version that `uri` names now.

    Parameters
    ----------
    uri : str
        Any URI that MLflow knows. One without alias and stage is returned as it is.

    Raises
    ------
    mlflow.exceptions.MlflowException
        The registry does not know the version or does not answer.
    UnknownVersion
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
            raise UnknownVersion(f"no version of {name!r} is in the stage {stage!r}")
        return f"models:/{name}/{max(numbers)}"
    return uri


def registry_uri() -> str:
    """Return the URI of the registry."""
    import mlflow

    return str(mlflow.get_registry_uri())


def download(uri: str, folder: Path) -> None:
    """Download a version's files into an existing folder.

    Parameters
    ----------
    uri : str
        URI of the version, as `find_uri` returns it.
    folder : Path

    Raises
    ------
    ArtifactError
        The files are so large that they may fill the disk.
    mlflow.exceptions.MlflowException
        The registry, or the store of the files, does not answer.
    """
    from mlflow.artifacts import download_artifacts

    _limit_patience()
    _check_size(uri)
    download_artifacts(artifact_uri=uri, dst_path=str(folder))


def _check_size(uri: str) -> None:
    """Refuse a version whose files, as their store lists them, are too large or too many."""
    from mlflow.artifacts import list_artifacts

    places, seen, size = [uri], 0, 0
    while places:
        place = places.pop()
        for found in list_artifacts(artifact_uri=place):
            seen += 1
            size += found.file_size or 0
            if found.is_dir:
                places.append(f"{place}/{found.path.rpartition('/')[2]}")
        if seen > MOST_FILES or size > MOST_BYTES:
            raise ArtifactError(f"its files must be at most {MOST_FILES}, and {MOST_BYTES} bytes")


def _limit_patience() -> None:
    for name, value in _PATIENCE.items():
        os.environ.setdefault(name, value)

"""Find the folder or the version that a model URI names now, and download a version's files."""

import os
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

from scoring_model.errors import ArtifactError
from scoring_model.settings import to_masked_line
from scoring_model.version.failures import MissingFolder, UnknownVersion, Unreachable

# `models:/name@alias` and `models:/name/Stage` can name another version later; a number cannot
_BY_ALIAS = re.compile(r"models:/([^/@]+)@([^/@]+)")
_BY_STAGE = re.compile(r"models:/([^/@]+)/([A-Za-z]+)")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_SQLITE = "sqlite:///"
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


def find_folder(uri: str) -> Path | None:
    """Return the folder that a URI names: a plain path or `file:///folder`; else None."""
    if not _SCHEME.match(uri):
        return Path(uri)
    parts = urlsplit(uri)
    is_local = parts.scheme == "file" and parts.netloc in ("", "localhost")
    return Path(unquote(parts.path)) if is_local else None


def describe_source(uri: str) -> str:
    """Return the model's URI and where MLflow looks for it, without users and passwords.

    Call it after `find_uri`, which imports MLflow.
    """
    if find_folder(uri) is not None:
        return to_masked_line(uri)
    import mlflow

    tracking, registry = mlflow.get_tracking_uri(), registry_uri()
    other = "" if registry == tracking else f", registry URI {to_masked_line(registry)}"
    return f"{to_masked_line(uri)} (tracking URI {to_masked_line(tracking)}{other})"


def find_uri(uri: str) -> str:
    """Return a URI with the number of the version that `uri` names now.

    Parameters
    ----------
    uri : str
        A folder, or any URI that MLflow knows. One without alias and stage is returned as it is.

    Raises
    ------
    mlflow.exceptions.MlflowException
        The registry does not know the version or does not answer.
    UnknownVersion
        No version is in that stage.
    MissingFolder
        There is no such folder.
    Unreachable
        The registry is a file of SQLite that does not exist.
    """
    folder = find_folder(uri)
    if folder is not None and not folder.is_dir():
        raise MissingFolder(f"there is no folder {folder}")
    from mlflow.tracking import MlflowClient

    _limit_patience()
    _require_database()
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


def _require_database() -> None:
    """Refuse a registry in a SQLite file that does not exist: MLflow would make an empty one."""
    registry = registry_uri()
    path = unquote(registry.removeprefix(_SQLITE).partition("?")[0])
    if registry.startswith(_SQLITE) and path and not Path(path).exists():
        raise Unreachable(f"there is no database {path}: set MLFLOW_TRACKING_URI to the registry's")


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

"""`read_version`: everything that is needed from a version's folder, read once as data."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scoring_model.decision_log import VersionName
from scoring_model.errors import ArtifactError, IncompleteVersion
from scoring_model.version.artifacts import MANIFEST_FILE, SCORER_ARTIFACT, read_artifacts
from scoring_model.version.plain_files import is_plain_name, read_plain_file

_MODEL_FILE = "MLmodel"
# MLflow writes it next to a model that it downloads from the registry
_REGISTRY_FILE = "registered_model_meta"
# both files are read here, outside the process that checks a version: MLflow writes about a hundred
# parts, and most bytes are the names of the features
_MOST_BYTES = 1 << 20
_MOST_PARTS = 1000
# no text that stands for a missing value in YAML is a name or a number of a version
_NOTHING = ("", "~", "null")


@dataclass(frozen=True, slots=True)
class VersionContent:
    """What a version's folder holds, before it is checked.

    Attributes
    ----------
    version : str
        Number in the registry. If the folder is not from the registry, its model id.
    files : dict of str to bytes
        The files of the scorer, as `read_artifacts` returns them.
    logged : dict of str to str
        Names and values that training logged with the model.
    model : str or None
        Name of the registered model; None if the folder is not from the registry.
    """

    version: str
    files: dict[str, bytes]
    logged: dict[str, str]
    model: str | None = None

    @property
    def name(self) -> VersionName:
        """What the decision log calls the version."""
        manifest = hashlib.sha256(self.files[MANIFEST_FILE]).hexdigest()
        return VersionName(self.model, self.version, manifest)


def read_version(folder: Path) -> VersionContent:
    """Read a version's files; nothing of its code is run, and nothing outside the folder is read.

    Parameters
    ----------
    folder : Path
        The folder of an MLflow model.

    Raises
    ------
    IncompleteVersion
        A file is missing, cannot be read now, or is not yet the whole file.
    ArtifactError
        The model was not logged by this system, or a file of it may not be read.
    """
    description = _read_yaml(folder, _MODEL_FILE)
    note: Mapping[str, Any] = {}
    if (folder / _REGISTRY_FILE).exists():
        note = _read_yaml(folder, _REGISTRY_FILE)
    artifacts = _find_artifacts(folder, description)
    named = (
        note.get("model_version"),
        description.get("model_id"),
        description.get("model_uuid"),
    )
    version = next((name for name in named if name is not None and name not in _NOTHING), None)
    if version is None:
        raise IncompleteVersion(f"{_MODEL_FILE} must have a model_id")
    if not is_plain_name(version):
        raise ArtifactError(
            "the version must be named by at most 64 letters, digits, dots, dashes and underscores"
        )
    logged = description.get("metadata")
    return VersionContent(
        version=str(version),
        files=read_artifacts(artifacts),
        logged=_texts(logged) if isinstance(logged, dict) else {},
        model=note.get("model_name"),
    )


def _read_yaml(folder: Path, name: str) -> Mapping[str, Any]:
    """Return the names and values of a file; each value that is no list and no mapping is text."""
    import yaml

    data = read_plain_file(folder, name, _MOST_BYTES)
    try:
        for number, event in enumerate(yaml.parse(data, yaml.BaseLoader)):
            # a few lines of names that stand for other parts grow to gigabytes
            if number >= _MOST_PARTS or isinstance(event, yaml.AliasEvent):
                raise ArtifactError(f"{name} must have at most {_MOST_PARTS} parts, and no aliases")
        # unlike the safe loader, this one computes nothing: some numbers take minutes
        document = yaml.load(data, yaml.BaseLoader)  # noqa: S506  # it makes nothing but text
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise IncompleteVersion(f"{name} is not YAML") from error
    if not isinstance(document, dict):
        raise IncompleteVersion(f"{name} must hold names and values")
    return document


def _texts(values: Mapping[Any, Any]) -> dict[str, str]:
    return {k: v for k, v in values.items() if isinstance(k, str) and isinstance(v, str)}


def _find_artifacts(folder: Path, description: Mapping[str, Any]) -> Path:
    """Return the folder of the scorer's files, which lies inside the version's folder."""
    try:
        path = description["flavors"]["python_function"]["artifacts"][SCORER_ARTIFACT]["path"]
    except (KeyError, TypeError) as error:
        raise IncompleteVersion(f"the model has no artifact {SCORER_ARTIFACT!r}") from error
    for part in str(path).split("/"):
        folder = folder / part
        if not is_plain_name(part) or folder.is_symlink():
            raise ArtifactError(f"the artifact {SCORER_ARTIFACT!r} must lie inside the model")
    return folder

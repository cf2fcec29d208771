"""JSON documents that name their format: one that this code cannot read is refused by name."""

import json
from typing import Any

from scoring_model.errors import ArtifactError


def read_versioned(text: str | bytes, name: str, *known: int) -> dict[str, Any]:
    """Parse a document of a version's artifacts.

    Parameters
    ----------
    text : str or bytes
        JSON with a `format_version`.
    name : str
        The file, for the error.
    *known : int
        The formats that this code reads.

    Raises
    ------
    ArtifactError
        The document's `format_version` is none of them.
    """
    document: dict[str, Any] = json.loads(text)
    if (version := document.get("format_version")) not in known:
        raise ArtifactError(
            f"{name} has format_version {version!r}, this code reads "
            f"{' and '.join(map(str, known))}"
        )
    return document

"""JSON documents with a `format_version`. A version that this code cannot read is refused."""

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
        Name of the file, for the error message.
    *known : int
        The format versions that this code can read.

    Raises
    ------
    ArtifactError
        The document's `format_version` is not one of `known`.
    """
    document: dict[str, Any] = json.loads(text)
    if (version := document.get("format_version")) not in known:
        raise ArtifactError(
            f"{name} has format_version {version!r}, but this code reads only "
            f"{' and '.join(map(str, known))}"
        )
    return document

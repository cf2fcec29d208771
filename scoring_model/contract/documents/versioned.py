"""JSON documents with a `format_version`. A version that this code cannot read is refused."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from scoring_model.errors import ArtifactError


@dataclass(frozen=True, slots=True)
class JsonFields:
    """An object of a JSON document; each method reads a value of one type or refuses it.

    Attributes
    ----------
    place : str
        The file, and where the object stands in it, for error messages.
    values : mapping of str to value
        The object.
    """

    place: str
    values: Mapping[str, Any]

    def number(self, name: str, least: float = -math.inf, most: float = math.inf) -> float:
        """Return a number; raises `ArtifactError` if it is not finite or out of range."""
        value = self._get(name)
        if type(value) not in (int, float) or not math.isfinite(value):
            raise self.refuse(f"{name} must be a number")
        if not least <= value <= most:
            raise self.refuse(f"{name} must be from {least} to {most}")
        return float(value)

    def numbers(self, name: str) -> tuple[float, ...]:
        """Return a list of numbers; raises `ArtifactError` if it is anything else."""
        values = self._get(name)
        if type(values) is not list or not {type(value) for value in values} <= {int, float}:
            raise self.refuse(f"{name} must be a list of numbers")
        return tuple(map(float, values))

    def text(self, name: str) -> str:
        """Return text; raises `ArtifactError` if it is anything else, or empty."""
        value = self._get(name)
        if type(value) is not str or not value:
            raise self.refuse(f"{name} must be text")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        """Return a list of text; raises `ArtifactError` if it is anything else."""
        values = self._get(name)
        if type(values) is not list or not {type(value) for value in values} <= {str}:
            raise self.refuse(f"{name} must be a list of text")
        return tuple(values)

    def named_texts(self, name: str) -> dict[str, str]:
        """Return an object with text in it; raises `ArtifactError` if it is anything else."""
        values = dict(self.part(name).values)
        if not {type(value) for value in values.values()} <= {str}:
            raise self.refuse(f"{name} must hold text only")
        return values

    def flag(self, name: str) -> bool:
        """Return true or false; raises `ArtifactError` if it is anything else."""
        value = self._get(name)
        if type(value) is not bool:
            raise self.refuse(f"{name} must be true or false")
        return value

    def part(self, name: str) -> "JsonFields":
        """Return an object; raises `ArtifactError` if it is anything else."""
        return self._read_object(f"{self.place}, {name}", self._get(name))

    def parts(self, name: str) -> list["JsonFields"]:
        """Return a list of objects; raises `ArtifactError` if it is anything else."""
        values = self._get(name)
        if type(values) is not list:
            raise self.refuse(f"{name} must be a list")
        places = [f"{self.place}, {name}[{number}]" for number in range(len(values))]
        return list(map(self._read_object, places, values))

    def refuse(self, problem: str) -> ArtifactError:
        """Return the error that says what is wrong here."""
        return ArtifactError(f"{self.place}: {problem}")

    def _get(self, name: str) -> Any:
        if name not in self.values:
            raise self.refuse(f"{name} is missing")
        return self.values[name]

    @staticmethod
    def _read_object(place: str, value: Any) -> "JsonFields":
        if type(value) is not dict:
            raise ArtifactError(f"{place} must be an object")
        return JsonFields(place, value)


def read_document(text: str | bytes, name: str) -> JsonFields:
    """Parse a document of a version's artifacts.

    Parameters
    ----------
    text : str or bytes
        JSON with an object.
    name : str
        Name of the file, for the error message.

    Raises
    ------
    ArtifactError
        The text is not JSON, or not an object.
    """
    try:
        document = orjson.loads(text)
    except ValueError as error:
        raise ArtifactError(f"{name} is not JSON") from error
    if type(document) is not dict:
        raise ArtifactError(f"{name} must be an object")
    return JsonFields(name, document)


def read_versioned(text: str | bytes, name: str, *known: int) -> JsonFields:
    """Parse a document of a version's artifacts that says the version of its format.

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
        The text is not JSON, or the document's `format_version` is not one of `known`.
    """
    document = read_document(text, name)
    version = document.values.get("format_version")
    if type(version) is not int or version not in known:
        raise ArtifactError(
            f"{name} has format_version {version!r}, but this code reads only "
            f"{' and '.join(map(str, known))}"
        )
    return document

"""`TreeFields`: the lines `name=value` of a part of a booster's text, read without mercy."""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from scoring_model.errors import ArtifactError

_Number = TypeVar("_Number", int, float)

# Python reads more than LightGBM does: `1_000`, `Infinity`, the digits of other scripts
_NUMBERS = re.compile(r"(?:[-+.0-9e ]|inf|nan)*")


@dataclass(frozen=True, slots=True)
class TreeFields:
    """The lines of a tree, or of the head.

    Attributes
    ----------
    place : str
        What the lines belong to, for error messages.
    values : mapping of str to str
        The text after each name, in the order of the lines.
    """

    place: str
    values: Mapping[str, str]

    def refuse(self, problem: str) -> ArtifactError:
        """Return the error that says what is wrong here."""
        return ArtifactError(f"{self.place} {problem}")

    def integers(self, name: str, count: int, least: int, most: int) -> list[int]:
        """Return the whole numbers of a line; raises `ArtifactError` if one is out of range."""
        numbers = self._read(name, int, count)
        if numbers and not least <= min(numbers) <= max(numbers) <= most:
            raise self.refuse(f"must have whole numbers from {least} to {most} in {name}")
        return numbers

    def numbers(self, name: str, count: int, *, finite: bool = True) -> list[float]:
        """Return the numbers of a line; raises `ArtifactError` if one must be finite and is not."""
        numbers = self._read(name, float, count)
        if finite and not all(map(math.isfinite, numbers)):
            raise self.refuse(f"must have finite numbers in {name}")
        return numbers

    def _read(self, name: str, kind: Callable[[str], _Number], count: int) -> list[_Number]:
        text = self.values[name]
        try:
            numbers = [kind(part) for part in text.split(" ")] if text else []
        except ValueError:
            numbers = []
        if len(numbers) != count or not _NUMBERS.fullmatch(text):
            raise self.refuse(f"must have {count} numbers in {name}")
        return numbers


def read_fields(place: str, lines: Sequence[str]) -> TreeFields:
    """Return the fields of lines; raises `ArtifactError` if one is not a field or comes twice.

    Parameters
    ----------
    place : str
        What the lines belong to, for error messages.
    lines : sequence of str
    """
    parts = [line.partition("=") for line in lines]
    fields = TreeFields(place, {name: value for name, _, value in parts})
    if len(fields.values) != len(lines) or not all(equals for _, equals, _ in parts):
        raise fields.refuse("must have one line for each name, of the form name=value")
    return fields

"""`Notice`: something about a valid value that the caller should know."""

from collections.abc import Iterable
from typing import NamedTuple

NEVER_SEEN = "has a category that was never seen in training: it is scored as missing"
UNUSUAL = "is far outside the values seen in training"


class Notice(NamedTuple):
    """One thing to know about one field of one applicant, whose value is valid.

    Attributes
    ----------
    row : int
        Position of the applicant in the request or table, counted from 0.
    field : str
        Name of the field.
    problem : str
        What there is to know; never the value itself.
    """

    row: int
    field: str
    problem: str

    @property
    def is_unseen(self) -> bool:
        """Whether it is about a category that training never saw."""
        return self.problem.startswith(NEVER_SEEN)


class KnownLevels:
    """Finds the known level that an unseen one differs from by case or spaces only.

    Parameters
    ----------
    levels : iterable of str
        The levels that training saw.
    """

    def __init__(self, levels: Iterable[str]) -> None:
        self._levels: dict[str, str] = {}
        for level in levels:
            self._levels.setdefault(_fold(level), level)

    def remark(self, level: str) -> str:
        """Return the notice about a level that training never saw."""
        known = self._levels.get(_fold(level))
        # repr keeps a level with line breaks on one line
        return f"{NEVER_SEEN}; the known category is {known!r}" if known else NEVER_SEEN


def _fold(level: str) -> str:
    return " ".join(level.casefold().split())

"""`Notice`: something about a valid value that the caller should know."""

from typing import NamedTuple

NEVER_SEEN = "has a category that was never seen in training: it is scored as missing"


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

"""`Finding`: one thing that is wrong with a log."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a log.

    Attributes
    ----------
    writer : str
    problem : str
    segment : int or None
    number : int or None
        The record's position among all records of its writer, from 0.
    identifier : str
        Id of the decision; empty if it is not known, or the finding is about no single decision.
    """

    writer: str
    problem: str
    segment: int | None = None
    number: int | None = None
    identifier: str = ""

    def __str__(self) -> str:
        """Return the finding as one line."""
        where = f"writer {self.writer}"
        if self.segment is not None:
            where += f", segment {self.segment}"
        if self.number is not None:
            where += f", record {self.number}"
        if self.identifier:
            where += f" ({self.identifier})"
        return f"{where}: {self.problem}"

"""`Erasure`: how many decisions were erased."""

from dataclasses import dataclass


@dataclass(slots=True)
class Erasure:
    """What an erasure has done.

    Attributes
    ----------
    erased : int
        Decisions that were erased.
    before : int
        Decisions of the log that had been erased before.
    unreadable : int
        Decisions that are damaged, so that it cannot be said whether they are to be erased.
    """

    erased: int = 0
    before: int = 0
    unreadable: int = 0

"""What a segment must hold: roots after some of its records, and records that are not found."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TreePoint:
    """The root that a segment must have after some of its records.

    Attributes
    ----------
    records : int
    root : str
    is_proven : bool
        Whether an anchor holds the root, by itself or through the seals.
    time : str
        When the anchor was made that names this part of an open segment; empty for a seal.
    """

    records: int
    root: str
    is_proven: bool
    time: str = ""


@dataclass(slots=True)
class Clash:
    """A position at which something else is expected.

    Attributes
    ----------
    position : int
    leaf : str
        Hash of the expected record; empty if no personal part tells it.
    number : int
        Number of the expected record.
    identifier : str
    kind : str
        Empty until it is known: "missing", "altered" or "out of order".
    """

    position: int
    leaf: str
    number: int
    identifier: str
    kind: str = ""

"""`Selection`: which decisions of a log are replayed."""

import datetime
import hashlib
from dataclasses import dataclass

from train.errors import InputError

_DIGEST_BYTES = 8


@dataclass(frozen=True, slots=True)
class Selection:
    """The decisions of some days, or a share of them.

    Attributes
    ----------
    first, last : str
        The first and the last day (UTC), such as `2026-11-25`, both included; empty for no limit.
    share : float
        In (0, 1].
    """

    first: str = ""
    last: str = ""
    share: float = 1.0

    def takes(self, identifier: str, time: str) -> bool:
        """Return whether a decision is selected; the same ones on every machine.

        Parameters
        ----------
        identifier : str
        time : str
            In UTC, such as `2026-11-25T10:30:00.123456Z`.
        """
        day = time[:10]
        if day < self.first or (self.last and day > self.last):
            return False
        return self.share == 1.0 or _place(identifier) < self.share

    def __str__(self) -> str:
        """Return the days as words that follow a noun; empty without limits."""
        first = f" from {self.first}" if self.first else ""
        last = f" to {self.last}" if self.last else ""
        return (
            f"{first}{last}" if self.share == 1.0 else f"{first}{last} in a sample of {self.share}"
        )


def _place(identifier: str) -> float:
    """Return a number in [0, 1) that depends on the id only."""
    digest = hashlib.sha256(identifier.encode()).digest()[:_DIGEST_BYTES]
    return int.from_bytes(digest) / 2.0 ** (8 * _DIGEST_BYTES)


def select_decisions(first: str, last: str, share: float) -> Selection:
    """Return a selection.

    Parameters
    ----------
    first, last : str
        Days, or empty.
    share : float

    Raises
    ------
    InputError
        One of them is not valid, or the days are in the wrong order.
    """
    for name, day in (("from", first), ("to", last)):
        if day and not _is_day(day):
            raise InputError(f"{name} must be a day such as 2026-11-25, got {day!r}")
    if first and last and first > last:
        raise InputError(f"from must not be after to, got {first} and {last}")
    if not 0.0 < share <= 1.0:
        raise InputError(f"sample must lie in (0, 1], got {share}")
    return Selection(first, last, share)


def _is_day(text: str) -> bool:
    try:
        return datetime.date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False

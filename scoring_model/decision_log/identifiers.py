"""`Identifiers`: the ids of decisions, which name their writer and sort by time."""

import secrets

_COUNT_BITS = 12
_PER_MILLISECOND = 1_000_000


class Identifiers:
    """Makes the ids of one writer: UUIDs of version 7 [1]_, each greater than the one before.

    The first 48 bits are the time in milliseconds, the next 12 count the ids of a millisecond, and
    the last 62 are the same in all ids of the writer. If the clock runs backwards, the ids go on
    from the latest time.

    Parameters
    ----------
    writer : str
        16 hex digits from `new_writer`.

    References
    ----------
    .. [1] RFC 9562, sections 5.7 and 6.2, method 1.
    """

    def __init__(self, writer: str) -> None:
        self._tail = f"-{writer[:4]}-{writer[4:]}"
        self._begin(0)

    def make(self, nanoseconds: int) -> str:
        """Return the next id.

        Parameters
        ----------
        nanoseconds : int
            Unix time.
        """
        milliseconds = nanoseconds // _PER_MILLISECOND
        if milliseconds > self._milliseconds:
            self._begin(milliseconds)
        else:
            self._count += 1
            if self._count >> _COUNT_BITS:
                self._begin(self._milliseconds + 1)
        return f"{self._time}{self._count:03x}{self._tail}"

    def _begin(self, milliseconds: int) -> None:
        self._milliseconds, self._count = milliseconds, 0
        time = f"{milliseconds:012x}"
        self._time = f"{time[:8]}-{time[8:]}-7"


def new_writer() -> str:
    """Return a random name of a writer: 16 hex digits, the first of which is 8, 9, a or b."""
    # RFC 9562, section 4.1: the first two bits are 1 and 0
    return f"{secrets.randbits(62) | 1 << 63:016x}"


def writer_of(identifier: str) -> str:
    """Return the name of the writer that made an id."""
    return identifier[19:23] + identifier[24:]

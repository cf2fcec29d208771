"""`KeyLimits`, `WrongKeys`: how much a key may ask, and how often an address may be wrong."""

import hashlib
import ipaddress
import math
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from scoring_model.errors import TooManyRequests
from scoring_model.http.guard.keys import Key
from scoring_model.http.guard.shared_buckets import SharedBuckets

_REQUESTS, _ROWS = 0, 1
_ADDRESS_BUCKETS = 4096
_PREFIX_BITS = 64
# a worker takes this part of a second's worth at a time, so that a fast caller costs no file access
# for each request
_SHARE = 100


class RateLimit:
    """One rate limit of a key, over all workers of the server.

    A second's worth may be used at once. A limit of 200 or more per second holds to 1 % for each
    worker, because a worker takes a hundredth of it at a time from the bucket that they share.

    Parameters
    ----------
    buckets : SharedBuckets
        The buckets of the key.
    number : int
        The bucket of this limit.
    rate : int
        How much the key may use in a second.
    noun : str
        What is counted.
    """

    __slots__ = ("_buckets", "_left", "_noun", "_number", "_rate", "_share")

    def __init__(self, buckets: SharedBuckets, number: int, rate: int, noun: str) -> None:
        self._buckets = buckets
        self._number = number
        self._rate = rate
        self._noun = noun
        self._share = max(1, rate // _SHARE)
        self._left = 0

    def take_one(self) -> None:
        """Take one; raise `TooManyRequests` if none is left."""
        if self._left:
            self._left -= 1
        elif not self._take(self._share):
            self._left = self._share - 1
        elif wait := self._take(1):
            raise TooManyRequests(f"the key may send {self._rate} {self._noun} per second", wait)

    def _take(self, amount: int) -> float:
        most = _full(self._rate, 1)
        return self._buckets.take(self._number, amount / self._rate, most)

    def add(self, amount: int) -> None:
        """Take in any case, even into debt."""
        self._buckets.take(self._number, amount / self._rate, math.inf)

    def give_back_one(self) -> None:
        """Undo `take_one`."""
        self._left += 1


class KeyLimits:
    """The rate limits of all keys that have one.

    Parameters
    ----------
    keys : iterable of Key
    folder : Path or None
        Holds one small file per key, which the workers share. None makes each worker count for
        itself.
    """

    def __init__(self, keys: Iterable[Key], folder: Path | None) -> None:
        self._requests: dict[str, RateLimit] = {}
        self._rows: dict[str, RateLimit] = {}
        for key in keys:
            per_second, rows_per_second = key.requests_per_second, key.rows_per_second
            if per_second is None and rows_per_second is None:
                continue
            buckets = SharedBuckets(folder and folder / f"{key.name}.limit")
            if per_second is not None:
                self._requests[key.name] = RateLimit(buckets, _REQUESTS, per_second, "requests")
            if rows_per_second is not None:
                self._rows[key.name] = RateLimit(buckets, _ROWS, rows_per_second, "applicants")

    def take(self, name: str, has_rows: bool) -> None:
        """Take one request of a key and, if it has applicants, one of these.

        Parameters
        ----------
        name : str
            Name of the key.
        has_rows : bool
            Whether the request has applicants.

        Raises
        ------
        TooManyRequests
            The key has used up one of its limits.
        """
        requests = self._requests.get(name)
        rows = self._rows.get(name) if has_rows else None
        if requests is not None:
            requests.take_one()
        if rows is None:
            return
        try:
            rows.take_one()
        except TooManyRequests:
            # the fast path hands the request over to the normal path, which takes once more
            if requests is not None:
                requests.give_back_one()
            raise

    def add_rows(self, name: str, count: int) -> None:
        """Take applicants of a key in any case, even into debt."""
        if (rows := self._rows.get(name)) is not None:
            rows.add(count)

    def give_back(self, name: str) -> None:
        """Undo `take` for a request with applicants."""
        for limits in (self._requests, self._rows):
            if (limit := limits.get(name)) is not None:
                limit.give_back_one()


class WrongKeys:
    """Refuses wrong keys of an address that sends many, over all workers of the server.

    The addresses share a fixed number of buckets, so the memory is bounded. Two addresses may have
    the same bucket; since a right key is never refused, this harms no caller.

    Parameters
    ----------
    per_minute : int
        Wrong keys that an address may send in a minute; 0 means no limit.
    folder : Path or None
        Holds the file that the workers share. None makes each worker count for itself.
    """

    def __init__(self, per_minute: int, folder: Path | None) -> None:
        self._per_minute = per_minute
        path = folder and folder / "wrong keys.limit"  # no key has a name with a space
        self._buckets = SharedBuckets(path) if per_minute else None

    def take(self, peer: str | None) -> None:
        """Count a wrong key of an address.

        Parameters
        ----------
        peer : str or None
            The address; None if the connection has none.

        Raises
        ------
        TooManyRequests
            The address has sent too many wrong keys.
        """
        if self._buckets is None:
            return
        rate = self._per_minute / 60
        wait = self._buckets.take(_bucket_of(peer), 1 / rate, _full(rate, 60))
        if wait:
            raise TooManyRequests(
                f"an address may send {self._per_minute} wrong keys per minute"
                " (WRONG_KEYS_PER_MINUTE)",
                wait,
            )


def _full(rate: float, seconds: float) -> float:
    """Return the time to fill a bucket; half a token more allows for sums that are not exact."""
    return seconds + 0.5 / rate


@lru_cache(maxsize=1024)
def _bucket_of(peer: str | None) -> int:
    """Return the bucket of an address. An owner of IPv6 addresses has a network of 64 bits."""
    try:
        address = ipaddress.ip_address(peer or "")
    except ValueError:
        text = peer or ""
    else:
        mapped = getattr(address, "ipv4_mapped", None)
        known = mapped or address
        text = str(known)
        if known.version == 6:
            text = str(int(known) >> (known.max_prefixlen - _PREFIX_BITS))
    digest = hashlib.sha256(text.encode()).digest()
    return int.from_bytes(digest[:8], "big") % _ADDRESS_BUCKETS

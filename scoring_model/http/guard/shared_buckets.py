"""`SharedBuckets`: token buckets in a small file that all workers of a server share."""

import contextlib
import fcntl
import os
import struct
import time
from collections import defaultdict
from pathlib import Path

from scoring_model.telemetry import write_event

_MOMENT = struct.Struct("=d")
# no debt lasts longer; a later moment is of a time before the machine's last start
_LONGEST_DEBT_SECONDS = 3600.0
_TRIES = 100


class SharedBuckets:
    """Token buckets, each with a number.

    Each bucket is one number of 8 bytes: the moment at which it will be full again, on the clock
    of `time.monotonic`, which all processes of a machine share. A moment in the past, such as the 0
    of a new file, means a full bucket. The file is read and written, not mapped into memory: then
    another process that cuts it off cannot end the worker. It is open only while it is used: a
    thousand keys would take a thousand of the files that the worker may open.

    Parameters
    ----------
    path : Path or None
        The file. If it is None, or if something is wrong with the file, the buckets are those of
        this worker alone.
    """

    def __init__(self, path: Path | None) -> None:
        self._own: dict[int, float] = defaultdict(float)
        self._path = path

    def take(self, number: int, seconds: float, most: float) -> float:
        """Take from a bucket if enough is left.

        Parameters
        ----------
        number : int
            The bucket.
        seconds : float
            Time in which the bucket gets back what is taken.
        most : float
            Time in which an empty bucket becomes full. Infinity takes in any case: the bucket may
            then be in debt.

        Returns
        -------
        float
            0 if it was taken, else the seconds to wait.
        """
        if self._path is not None:
            try:
                return _take_shared(self._path, number, seconds, most)
            except OSError as error:
                self._path = None
                reason = error.strerror
                write_event(
                    "limits", f"each worker counts for itself: its file cannot be used ({reason})"
                )
        self._own[number], wait = _spend(self._own[number], seconds, most)
        return wait


def _take_shared(path: Path, number: int, seconds: float, most: float) -> float:
    place = number * _MOMENT.size
    file = _open(path)
    try:
        _lock(file)
        data = os.pread(file, _MOMENT.size, place)
        (full_at,) = _MOMENT.unpack(data) if len(data) == _MOMENT.size else (0.0,)
        full_at, wait = _spend(full_at, seconds, most)
        if not wait:
            os.pwrite(file, _MOMENT.pack(full_at), place)
        return wait
    finally:
        # this ends the lock too
        os.close(file)


def _open(path: Path) -> int:
    """Open the file; it is made if it is missing, and its folder too."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        return os.open(path, flags, 0o600)


def _spend(full_at: float, seconds: float, most: float) -> tuple[float, float]:
    """Return the moment at which the bucket will be full, and the seconds to wait before."""
    now = time.monotonic()
    if not now < full_at <= now + _LONGEST_DEBT_SECONDS:
        full_at = now
    wait = full_at + seconds - now - most
    if wait > 0:
        return full_at, wait
    return min(full_at + seconds, now + _LONGEST_DEBT_SECONDS), 0.0


def _lock(file: int) -> None:
    """Lock a file; give up soon, since a worker that was stopped may hold the lock for ever."""
    for _ in range(_TRIES):
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        time.sleep(0)  # the process that holds the lock may need this processor

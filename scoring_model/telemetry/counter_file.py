"""`CounterFolder`: counters of one worker, in files that all workers of the server can read."""

import contextlib
import fcntl
import json
import mmap
import os
import stat
import struct
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from scoring_model.telemetry.log_queue import write_event
from scoring_model.telemetry.metric_names import METRICS, SUM

Key = tuple[str | float, ...]

_LENGTH = struct.Struct("<Q")
_DOUBLE_BYTES = 8
_SUFFIX = ".counters"
# a version with thousands of features has files of less than a megabyte
_MOST_BYTES = 1 << 24


class Counter(NamedTuple):
    """The value of one counter of one worker.

    Attributes
    ----------
    key : tuple
        The name of the metric, its labels, and the slot if it is a histogram.
    value : float
    runs : bool
        Whether the worker is still running.
    """

    key: Key
    value: float
    runs: bool


class CounterFolder:
    """Counters in memory-mapped files, so that counting is one addition in memory.

    Trouble with the folder never stops the server. What cannot be a file is counted in the memory
    of this process, and what cannot be read is left out. One event in the log says so.

    Parameters
    ----------
    path : Path or None
        The folder that all workers of the server share. With None all counters stay in the memory
        of this process.

    Notes
    -----
    A file holds the length of the header, the header (the keys as JSON) and the counters as
    doubles. The worker keeps a lock (`flock`) on it, so that others see whether it is running.
    Counters of prometheus-client for several workers take ten times as long to increase.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._own: list[tuple[Sequence[Key], memoryview[float]]] = []
        self._own_files: set[str] = set()
        self._told: set[str] = set()

    def make_counters(self, keys: Sequence[Key]) -> "memoryview[float]":
        """Return new counters, one double per key; each may be changed by one thread only."""
        header = json.dumps(keys).encode()
        header += b" " * (-len(header) % _DOUBLE_BYTES)
        content = _LENGTH.pack(len(header)) + header + bytes(_DOUBLE_BYTES * len(keys))
        counters: mmap.mmap | None = None
        if self._path is not None:
            try:
                counters = self._make_file(self._path, content)
            except OSError as error:
                self._tell("metrics cannot be written", error)
        if counters is None:
            counters = mmap.mmap(-1, len(content))
            counters.write(content)
        values = memoryview(counters)[_LENGTH.size + len(header) :].cast("d")
        self._own.append((keys, values))
        return values

    def _make_file(self, folder: Path, content: bytes) -> mmap.mmap:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        name = f"{os.getpid()}-{os.urandom(8).hex()}"
        # the file gets its name when it is complete, so that a reader never sees half a file
        draft = folder / f"{name}.new"
        file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            # without room for these bytes a later addition would end the process (SIGBUS)
            os.posix_fallocate(file, 0, len(content))
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # the map keeps the file open, and so locked
            counters = mmap.mmap(file, len(content))
            counters.write(content)
            draft.rename(folder / f"{name}{_SUFFIX}")
        except OSError:
            with contextlib.suppress(OSError):
                draft.unlink()
            raise
        finally:
            os.close(file)
        self._own_files.add(f"{name}{_SUFFIX}")
        return counters

    def read_counters(self) -> Iterator[Counter]:
        """Yield every counter of this worker, then those of the others."""
        for keys, values in list(self._own):
            for key, value in zip(keys, values.tolist(), strict=True):
                yield Counter(key, value, runs=True)
        if self._path is None:
            return
        try:
            names = {path.name for path in self._path.iterdir() if path.suffix == _SUFFIX}
        except OSError as error:
            self._tell("metrics of other workers cannot be read", error)
            return
        for name in sorted(names - self._own_files):
            yield from self._read_file(self._path / name)

    def _read_file(self, path: Path) -> list[Counter]:
        try:
            return _parse(*_read(path))
        except FileNotFoundError:
            return []
        except (OSError, ValueError, TypeError, RecursionError, struct.error) as error:
            self._tell("a file among the metrics is left out", error)
            return []

    def _tell(self, what: str, error: Exception) -> None:
        """Write an event, once for each kind of trouble."""
        if what not in self._told:
            self._told.add(what)
            reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else ""
            reason = reason or "it does not hold counters"
            write_event("metrics", f"{what} (PROMETHEUS_MULTIPROC_DIR): {reason}")


def _read(path: Path) -> tuple[bytes, bool]:
    """Return the content of a regular file, and whether the process that made it is running."""
    # a FIFO must not hold up the reader
    file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            raise ValueError("not a file of counters")
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            runs = False
        except BlockingIOError:
            runs = True
        return os.read(file, status.st_size), runs
    finally:
        os.close(file)


def _parse(data: bytes, runs: bool) -> list[Counter]:
    (length,) = _LENGTH.unpack_from(data)
    keys = [tuple(key) for key in json.loads(data[_LENGTH.size : _LENGTH.size + length])]
    values = struct.unpack_from(f"{len(keys)}d", data, _LENGTH.size + length)
    pairs = zip(keys, values, strict=True)
    return [Counter(key, value, runs) for key, value in pairs if _is_known(key)]


def _is_known(key: Key) -> bool:
    """Return whether a key is one that this version of the server counts."""
    metric = METRICS.get(str(key[0])) if key else None
    if metric is None or not all(type(part) in (str, int, float) for part in key):
        return False
    slots = 1 if metric.limits else 0
    if slots and key[-1] not in {*metric.limits, "+Inf", SUM}:
        return False
    return len(key) == 1 + len(metric.labels) + slots

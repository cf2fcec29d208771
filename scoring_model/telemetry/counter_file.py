"""`CounterFile`: counters of one worker, in a file that all workers of the server can read."""

import contextlib
import json
import mmap
import multiprocessing
import os
import shutil
import struct
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

_LENGTH = struct.Struct("<Q")
_DOUBLE_BYTES = 8
SUFFIX = ".counters"
_PREFIX = "credit-scoring-metrics-"


class CounterFile:
    """Counters in a memory-mapped file, so that counting is one addition in memory.

    Parameters
    ----------
    path : Path
        The file to create. Its name begins with the process's id; no other process writes to it.
    keys : sequence of str
        One key per counter, in order; `read_counters` returns them unchanged.

    Notes
    -----
    The file holds the length of the header, the header (the keys as JSON) and the counters as
    doubles. Counters of prometheus-client for several workers take ten times as long to increase.
    """

    def __init__(self, path: Path, keys: Sequence[str]) -> None:
        header = json.dumps(list(keys)).encode()
        header += b" " * (-len(header) % _DOUBLE_BYTES)
        start = _LENGTH.size + len(header)
        # the file gets its name when it is complete, so that a reader never sees half a file
        draft = path.with_suffix(".new")
        draft.write_bytes(_LENGTH.pack(len(header)) + header + bytes(_DOUBLE_BYTES * len(keys)))
        with draft.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)
        draft.rename(path)
        self.values = memoryview(self._map)[start:].cast("d")


def read_counters(folder: Path) -> Iterator[tuple[int, str, float]]:
    """Yield process id, key and value of every counter of every worker."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        with contextlib.suppress(FileNotFoundError):
            data = path.read_bytes()
            (length,) = _LENGTH.unpack_from(data)
            keys = json.loads(data[_LENGTH.size : _LENGTH.size + length])
            values = struct.unpack_from(f"{len(keys)}d", data, _LENGTH.size + length)
            process = int(path.name.partition("-")[0])
            yield from ((process, key, value) for key, value in zip(keys, values, strict=True))


def is_alive(process: int) -> bool:
    """Return whether a process with this id is running."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def shared_folder() -> Path:
    """Return a folder for this server alone, and remove those of servers that have ended.

    Several workers of uvicorn have one parent process, whose id names the folder. A single worker
    has none, so its own id names the folder.
    """
    parent = multiprocessing.parent_process()
    owner = parent.pid if parent is not None and parent.pid is not None else os.getpid()
    root = Path(tempfile.gettempdir())
    for old in root.glob(f"{_PREFIX}*"):
        process = old.name.removeprefix(_PREFIX).partition("-")[0]
        if old.name != _folder_name(int(process)):
            shutil.rmtree(old, ignore_errors=True)
    return root / _folder_name(owner)


def _folder_name(process: int) -> str:
    """Return a name made of a process's id and start time, since ids are reused."""
    with contextlib.suppress(OSError):
        # field 22 is the start time; field 2 ends with ")" and may contain spaces, so split there
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        return f"{_PREFIX}{process}-{fields[19]}"
    return f"{_PREFIX}{process}"

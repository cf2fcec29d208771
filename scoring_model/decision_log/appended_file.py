"""`AppendedFile`: a file of lines, from which a failed write is taken back."""

import fcntl
import os
from collections.abc import Sequence
from pathlib import Path

from scoring_model.decision_log.segments import FILE_MODE

_APPEND = os.O_WRONLY | os.O_CREAT | os.O_APPEND


class AppendedFile:
    """A file that grows by whole lines.

    Parameters
    ----------
    path : Path

    Attributes
    ----------
    size : int
        In bytes.
    """

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, _APPEND, FILE_MODE)
        self.size = self._kept = os.fstat(self._descriptor).st_size

    def append(self, lines: Sequence[bytes]) -> None:
        """Append lines, which `take_back` removes until `keep` is called."""
        data = memoryview(b"\n".join(lines) + b"\n")
        while data:
            count = os.write(self._descriptor, data)
            self.size += count
            data = data[count:]

    def keep(self) -> None:
        """Never take back what has been appended up to now."""
        self._kept = self.size

    def take_back(self) -> None:
        """Remove what was appended since the last call of `keep`."""
        if self.size != self._kept:
            os.ftruncate(self._descriptor, self._kept)
            self.size = self._kept

    def lock(self) -> None:
        """Keep others from reading what may be taken back."""
        fcntl.flock(self._descriptor, fcntl.LOCK_EX)

    def unlock(self) -> None:
        """Let others read again."""
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def sync(self) -> None:
        """Wait until the file is on the disk."""
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def append_lines(path: Path, documents: Sequence[bytes]) -> None:
    """Append lines to a file beside the segments, which nothing proves; raises `OSError`."""
    file = AppendedFile(path)
    try:
        file.append(documents)
    except OSError:
        file.take_back()
        raise
    finally:
        file.close()

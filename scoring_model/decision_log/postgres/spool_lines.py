"""Read the lines of a spool that are final, and overwrite those that the database has."""

import fcntl
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO

from scoring_model.decision_log.records import ID_PLACE, write_erased
from scoring_model.decision_log.segments import SegmentFiles

_BATCH_LINES = 2000
# `{"id":"<36>","leaf":"<64>"` begins each personal line
_LEAF_PLACE = slice(ID_PLACE.stop + len('","leaf":"'), ID_PLACE.stop + len('","leaf":"') + 64)

Line = tuple[bytes, bytes]


class OpenedSegment:
    """The two files of a segment, up to the end of the last finished write.

    Parameters
    ----------
    files : SegmentFiles

    Attributes
    ----------
    sizes : tuple of int
        Bytes of records and personal parts that are final: a failed write is taken back.
    """

    def __init__(self, files: SegmentFiles) -> None:
        self._records = files.records.open("rb")
        try:
            self._personal = files.personal.open("rb")
        except OSError:
            self._records.close()
            raise
        self._opened = (self._records, self._personal)
        self.sizes = files.final_sizes()

    def __enter__(self) -> "OpenedSegment":
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._opened:
            file.close()

    def sync(self) -> None:
        """Wait until both files are on the disk.

        Otherwise a power cut could take from a segment what the database has, and the segment would
        be sealed without it.
        """
        for file in self._opened:
            os.fdatasync(file.fileno())

    def read_batch(self, records: int, personal: int) -> list[Line]:
        """Return the next whole lines of both files, with their ends.

        Parameters
        ----------
        records, personal : int
            Where to begin in each file, in bytes.
        """
        both = zip(
            _take_lines(self._records, records, self.sizes[0]),
            _take_lines(self._personal, personal, self.sizes[1]),
            strict=False,
        )
        return list(islice(both, _BATCH_LINES))


def _take_lines(file: IO[bytes], start: int, end: int) -> Iterator[bytes]:
    file.seek(start)
    for line in file:
        start += len(line)
        if start > end or not line.endswith(b"\n"):
            return
        yield line


def forget_lines(path: Path, start: int, lines: Sequence[bytes]) -> None:
    """Overwrite personal lines that the database has, as an erasure in a folder does.

    So personal data that are erased in the database are not left on this disk.

    Parameters
    ----------
    path : Path
    start : int
        Where the first line begins, in bytes.
    lines : sequence of bytes
        With their ends.
    """
    day = datetime.now(UTC).date().isoformat()
    data = b"".join(
        write_erased(line[ID_PLACE].decode(), line[_LEAF_PLACE].decode(), day, len(line) - 1)
        + b"\n"
        for line in lines
    )
    descriptor = os.open(path, os.O_WRONLY)
    try:
        # a repair reads the file under this lock, and would take a half of a line for a torn one
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        os.pwrite(descriptor, data, start)
    finally:
        os.close(descriptor)


def read_documents(path: Path, start: int) -> tuple[list[tuple[int, bytes]], int]:
    """Return the whole lines of a file from a position on, with their positions, and the end."""
    lines = []
    with path.open("rb") as file:
        file.seek(start)
        for line in file:
            if not line.endswith(b"\n"):
                break
            lines.append((start, line[:-1]))
            start += len(line)
    return lines, start

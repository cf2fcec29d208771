"""The files of a decision log: segments of two files each, and the seal that ends a segment.

- `log.json`: format and name of the log
- `<writer>/000000.records.jsonl`: what is proven, a line per decision
- `<writer>/000000.personal.jsonl`: what can be erased, a line per decision, in the same order
- `<writer>/000000.seal.json`: root of the segment's tree, and the digest of the seal before it
- `<writer>/shadow.jsonl`: what the version in the shadow would have decided
- `<writer>/counts.jsonl`: numbers of refused, simulated and unlogged requests
- `<writer>/lock`: locked while the writer lives
"""

import fcntl
import hashlib
import itertools
import math
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import orjson

from scoring_model.decision_log.merkle import hash_leaf, root_of

FORMAT_VERSION = 1
LOG_FILE, LOCK_FILE, SHADOW_FILE, COUNTS_FILE = "log.json", "lock", "shadow.jsonl", "counts.jsonl"
RECORDS, PERSONAL, SEAL = ".records.jsonl", ".personal.jsonl", ".seal.json"
NO_SEAL = "0" * 64
"""What the first seal of a writer names as the one before it."""
FOLDER_MODE, FILE_MODE = 0o700, 0o600
_BLOCK_BYTES = 1 << 20
_SEGMENT = re.compile(r"[0-9]{6}\.")


class LogFormatError(Exception):
    """A folder is no decision log that this release reads: the message is one line."""


@dataclass(frozen=True, slots=True)
class SegmentFiles:
    """The files of one segment.

    Attributes
    ----------
    folder : Path
        The writer's folder.
    number : int
        Position among the writer's segments, from 0.
    """

    folder: Path
    number: int

    @property
    def records(self) -> Path:
        """The file of the records."""
        return self._name(RECORDS)

    @property
    def personal(self) -> Path:
        """The file of the personal parts."""
        return self._name(PERSONAL)

    @property
    def seal(self) -> Path:
        """The file of the seal, which an open segment does not have."""
        return self._name(SEAL)

    def _name(self, ending: str) -> Path:
        return self.folder / f"{self.number:06d}{ending}"

    def read_records(self) -> Iterator[bytes]:
        """Yield each line of the records, without its end."""
        return self._read_lines(self.records)

    def read_personal(self) -> Iterator[bytes]:
        """Yield each line of the personal parts, without its end."""
        return self._read_lines(self.personal)

    def _read_lines(self, path: Path, end: float = math.inf) -> Iterator[bytes]:
        if not path.exists():
            return
        is_sealed, position = self.seal.exists(), 0
        with path.open("rb", buffering=_BLOCK_BYTES) as file:
            for line in file:
                position += len(line)
                if position > end:
                    return
                if line.endswith(b"\n"):
                    yield line[:-1]
                    continue
                if is_sealed:
                    yield line
                # A writer may be in the middle of it: a further read would begin within the line.
                return

    def read_pairs(self, *, is_sealed: bool) -> Iterator[tuple[bytes | None, bytes | None]]:
        """Yield the lines of both files in pairs, None where one of them is absent.

        Parameters
        ----------
        is_sealed : bool
            If not, what a writer is writing at this moment is left out: it may be taken back.
        """
        if is_sealed:
            yield from itertools.zip_longest(self.read_records(), self.read_personal())
            return
        paths, sizes = (self.records, self.personal), self.final_sizes()
        for record, personal in itertools.zip_longest(*map(self._read_lines, paths, sizes)):
            if record is None:
                # the writer writes the personal part first, and was killed before the record
                return
            yield record, personal

    def final_sizes(self) -> tuple[int, int]:
        """Return the bytes of records and personal parts up to the last finished write."""
        if not self.records.exists():
            return 0, 0
        with self.records.open("rb") as file:
            # the writer holds this lock during a write
            fcntl.flock(file, fcntl.LOCK_SH)
            personal = self.personal.stat().st_size if self.personal.exists() else 0
            return self.records.stat().st_size, personal

    def sync(self) -> None:
        """Wait until both files are on the disk."""
        for path in (self.records, self.personal):
            if path.exists():
                with path.open("rb") as file:
                    os.fsync(file.fileno())

    def close(self, leaves: Sequence[bytes] | None = None) -> None:
        """Seal the segment: compute its root, and chain it to the seal before it.

        The files are on the disk before the seal is.

        Parameters
        ----------
        leaves : sequence of bytes, optional
            The hashes of all records, if they are known.
        """
        if leaves is None:
            leaves = list(map(hash_leaf, self.read_records()))
        previous = NO_SEAL
        if self.number:
            before = SegmentFiles(self.folder, self.number - 1).seal
            previous = hashlib.sha256(before.read_bytes()).hexdigest()
        self.sync()
        seal = {
            "format_version": FORMAT_VERSION,
            "writer": self.folder.name,
            "segment": self.number,
            "records": len(leaves),
            "root": root_of(leaves).hex(),
            "previous": previous,
            "sealed": write_time(datetime.now(UTC)),
        }
        write_whole(self.seal, orjson.dumps(seal))


def write_time(moment: datetime) -> str:
    """Return a moment in UTC such as `2026-11-25T10:30:00.123456Z`."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def write_whole(path: Path, content: bytes) -> None:
    """Write a file that appears only when it is complete and on the disk."""
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.unfinished")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    unfinished.replace(path)
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def list_writers(place: Path) -> list[str]:
    """Return the names of all writers of a log, sorted."""
    return sorted(e.name for e in place.iterdir() if e.is_dir() and not e.name.startswith("."))


def list_segments(folder: Path) -> list[SegmentFiles]:
    """Return the segments in a writer's folder, in order."""
    # a seal without its records is a segment that was removed
    names = (file.name for ending in (RECORDS, SEAL) for file in folder.glob(f"*{ending}"))
    numbers = {int(name[:6]) for name in names if _SEGMENT.match(name)}
    return [SegmentFiles(folder, number) for number in sorted(numbers)]


def lock_folder(folder: Path) -> int | None:
    """Lock a writer's folder; return the descriptor to close, or None if its writer lives."""
    descriptor = os.open(folder / LOCK_FILE, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor

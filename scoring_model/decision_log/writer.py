"""`LogWriter`: appends the decisions of one process to its own segments."""

import os
import secrets
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import orjson

from scoring_model.decision_log.appended_file import AppendedFile, append_lines
from scoring_model.decision_log.identifiers import Identifiers, new_writer
from scoring_model.decision_log.records import SALT_BYTES, NewDecision, Origin, write_lines
from scoring_model.decision_log.segments import (
    COUNTS_FILE,
    FOLDER_MODE,
    SegmentFiles,
    lock_folder,
    sync_folder,
    write_time,
)
from scoring_model.telemetry import write_event

_SEGMENT_BYTES = 32 << 20
_PER_SECOND = 1_000_000_000
_SALTS = 64


class LogWriter:
    """Writes decisions into a folder of its own; for one thread.

    Parameters
    ----------
    place : Path
        The folder of the log.
    writer : str, optional
        Name of the folder, and the end of every id; by default a random one.
    is_synced : bool, optional
        Whether a decision is on the disk when `commit` returns. Otherwise it is with the operating
        system, which loses it only if the machine itself stops.
    segment_bytes : int, optional
        Bytes of records after which a new segment begins.

    Attributes
    ----------
    name : str
    folder : Path
        It is made when the first decision is written.
    is_broken : bool
        Whether a failed write could not be undone. Then only `close` may be called: the torn end is
        cut off by `close_abandoned`.
    """

    def __init__(
        self,
        place: Path,
        writer: str | None = None,
        *,
        is_synced: bool = False,
        segment_bytes: int = _SEGMENT_BYTES,
    ) -> None:
        self.name = writer or new_writer()
        self.folder = place / self.name
        self.is_broken = False
        self._lock: int | None = None
        self._ids = Identifiers(self.name)
        self._is_synced = is_synced
        self._segment_bytes = segment_bytes
        self._segment = 0
        self._files: tuple[AppendedFile, AppendedFile] | None = None
        self._records: list[bytes] = []
        self._personal: list[bytes] = []
        # the hashes of the open segment's records, and those of the next commit
        self._leaves: list[bytes] = []
        self._new_leaves: list[bytes] = []
        self._salts = b""
        self._written = 0
        self._second, self._prefix = 0, ""
        # a root takes time, so a full segment is sealed beside the next decisions
        self._sealer = ThreadPoolExecutor(1, thread_name_prefix="sealer")
        self._sealed: Future[None] | None = None

    def add(self, origin: Origin, decided: NewDecision) -> str:
        """Return the id of a decision, which the next `commit` writes."""
        now = time.time_ns()
        identifier = self._ids.make(now)
        number = self._written + len(self._records)
        # the system's random numbers come in blocks: a call takes as long as a hash
        self._salts = self._salts or secrets.token_bytes(_SALTS * SALT_BYTES)
        salt, self._salts = self._salts[:SALT_BYTES], self._salts[SALT_BYTES:]
        written = self._write_time(now)
        record, personal, leaf = write_lines(origin, decided, identifier, number, written, salt)
        self._records.append(record)
        self._personal.append(personal)
        self._new_leaves.append(leaf)
        return identifier

    def _write_time(self, nanoseconds: int) -> str:
        second, rest = divmod(nanoseconds, _PER_SECOND)
        if second != self._second:
            self._second = second
            self._prefix = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._prefix}.{rest // 1000:06d}Z"

    def commit(self) -> None:
        """Write the decisions that were added since the last call.

        Raises
        ------
        OSError
            They cannot be written, and none of them is in the log.
        """
        lines = (self._personal, self._records)
        leaves = self._new_leaves
        self._personal, self._records, self._new_leaves = [], [], []
        if not leaves:
            return
        files = self._files or self._open()
        records = files[1]
        records.lock()
        try:
            # a record is never without its personal part, even if the process is killed in between
            for file, new in zip(files, lines, strict=True):
                file.append(new)
            if self._is_synced:
                for file in files:
                    file.sync()
        except OSError:
            self._take_back(files)
            raise
        finally:
            records.unlock()
        for file in files:
            file.keep()
        self._written += len(leaves)
        self._leaves += leaves
        if records.size >= self._segment_bytes:
            self._finish_segment()

    def make_folder(self) -> None:
        """Make the folder and lock it, if that has not been done."""
        if self._lock is None:
            self.folder.mkdir(mode=FOLDER_MODE, exist_ok=True)
            self._lock = lock_folder(self.folder)

    def write_counts(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Write numbers of what has no record, by kind and cause; raises `OSError`."""
        moment = write_time(datetime.now(UTC))
        self.make_folder()
        lines = [
            orjson.dumps({"time": moment, "kind": kind, "cause": cause, "count": count})
            for (kind, cause), count in sorted(counts.items())
        ]
        append_lines(self.folder / COUNTS_FILE, lines)

    def _take_back(self, files: "tuple[AppendedFile, AppendedFile]") -> None:
        try:
            for file in files:
                file.take_back()
        except OSError:
            self.is_broken = True

    def _open(self) -> "tuple[AppendedFile, AppendedFile]":
        self.make_folder()
        segment = SegmentFiles(self.folder, self._segment)
        personal = AppendedFile(segment.personal)
        try:
            self._files = (personal, AppendedFile(segment.records))
        except OSError:
            personal.close()
            raise
        if self._is_synced:
            for folder in (self.folder, self.folder.parent):
                sync_folder(folder)
        return self._files

    def _finish_segment(self) -> None:
        if self._files is None:
            return
        for file in self._files:
            file.close()
        self._files = None
        if self._sealed is not None and self._sealed.done() and self._sealed.exception():
            error = type(self._sealed.exception()).__name__
            write_event("error", f"decision log: a segment cannot be sealed yet: {error}")
        if not self.is_broken:
            leaves, self._leaves = self._leaves, []
            self._sealed = self._sealer.submit(self._seal, self._segment, leaves)
            self._segment += 1

    def _seal(self, number: int, leaves: Sequence[bytes]) -> None:
        """Seal a segment, and those before it that could not be sealed at their time."""
        for before in range(number):
            segment = SegmentFiles(self.folder, before)
            if segment.records.exists() and not segment.seal.exists():
                segment.close()
        SegmentFiles(self.folder, number).close(leaves)

    def close(self) -> None:
        """Seal what was written; raises `OSError` if it cannot be sealed now."""
        self._finish_segment()
        self._sealer.shutdown()
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._sealed is not None:
            self._sealed.result()

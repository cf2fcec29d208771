"""Read a decision log: every decision in order, or one by its id."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import orjson

from scoring_model.decision_log.identifiers import writer_of
from scoring_model.decision_log.log_place import read_log_file
from scoring_model.decision_log.records import ID_PLACE
from scoring_model.decision_log.segments import (
    COUNTS_FILE,
    SHADOW_FILE,
    SegmentFiles,
    list_segments,
    list_writers,
)

ID_PATTERN = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"


@dataclass(frozen=True, slots=True)
class PersonalPart:
    """What can be erased of a decision.

    Attributes
    ----------
    identifier : str
    leaf : str
        Hash of the decision's record, 64 hex digits. It stays.
    salt : str
        32 hex digits; empty once erased.
    values : str
        JSON text with `applicant`, `reference` or `reference_digest`, `warnings` and reasons; empty
        once erased.
    erased : str
        Day of the erasure, such as `2026-11-25`; empty before.
    """

    identifier: str
    leaf: str
    salt: str = ""
    values: str = ""
    erased: str = ""


@dataclass(frozen=True, slots=True)
class LoggedSegment:
    """One segment of a log.

    Attributes
    ----------
    writer : str
    number : int
        Position among the writer's segments, from 0.
    seal : bytes or None
        The text of the seal; None for a segment that is still being written.
    """

    writer: str
    number: int
    seal: bytes | None


# the exact text of a record, and its personal part; None if one of them is absent or unreadable
LoggedPair = tuple[bytes | None, PersonalPart | None]


class LogReader(Protocol):
    """What a log is read by, wherever it is stored.

    Attributes
    ----------
    log : str
        Name of the log, from `log.json`.
    shown : str
        How messages name the log; without a password.
    """

    log: str
    shown: str

    def segments(self) -> Iterator[LoggedSegment]:
        """Yield all segments, sorted by writer and number."""
        ...

    def pairs(self, segment: LoggedSegment) -> Iterator[LoggedPair]:
        """Yield the decisions of a segment in the order in which they were written."""
        ...

    def counts(self) -> Iterator[dict[str, Any]]:
        """Yield the numbers of refused, simulated and unlogged requests."""
        ...

    def shadows(self) -> Iterator[dict[str, Any]]:
        """Yield what the version in the shadow would have decided."""
        ...

    def find(self, identifier: str) -> LoggedPair:
        """Return one decision; (None, None) if the log does not hold it."""
        ...

    def find_shadow(self, identifier: str) -> dict[str, Any] | None:
        """Return what the version in the shadow would have decided; None if it did not score."""
        ...


class FolderReader:
    """Reads a log in a folder; implements `LogReader`.

    Parameters
    ----------
    place : Path

    Raises
    ------
    LogFormatError
        The folder is no decision log, or of a newer format.
    OSError
        It cannot be read.
    """

    def __init__(self, place: Path) -> None:
        self._place = place
        self.shown = str(place)
        self.log = str(read_log_file(place)["log"])

    def segments(self) -> Iterator[LoggedSegment]:
        """Yield all segments, sorted by writer and number."""
        for writer in list_writers(self._place):
            # The last one first. A live writer may seal two in the meantime, in order: read in that
            # order, the first of them would look as if somebody had removed its seal.
            found = [
                LoggedSegment(
                    writer, files.number, files.seal.read_bytes() if files.seal.exists() else None
                )
                for files in reversed(list_segments(self._place / writer))
            ]
            yield from reversed(found)

    def pairs(self, segment: LoggedSegment) -> Iterator[LoggedPair]:
        """Yield the decisions of a segment in the order in which they were written."""
        files = SegmentFiles(self._place / segment.writer, segment.number)
        for record, line in files.read_pairs(is_sealed=segment.seal is not None):
            yield record, None if line is None else read_personal_line(line)

    def counts(self) -> Iterator[dict[str, Any]]:
        """Yield the numbers of refused, simulated and unlogged requests."""
        return self._documents(COUNTS_FILE)

    def shadows(self) -> Iterator[dict[str, Any]]:
        """Yield what the version in the shadow would have decided."""
        return self._documents(SHADOW_FILE)

    def _documents(self, name: str) -> Iterator[dict[str, Any]]:
        for writer in list_writers(self._place):
            file = self._place / writer / name
            if file.exists():
                for line in file.read_bytes().splitlines():
                    # a full disk may have torn a line of these files, which nothing proves
                    with contextlib.suppress(ValueError):
                        yield orjson.loads(line)

    def find(self, identifier: str) -> LoggedPair:
        """Return one decision; (None, None) if the log does not hold it."""
        folder = self._place / writer_of(identifier)
        if not folder.is_dir():
            return None, None
        wanted = identifier.encode()
        for files in reversed(list_segments(folder)):
            record = _find_line(files.records, wanted)
            if record is not None:
                line = _find_line(files.personal, wanted)
                return record, None if line is None else read_personal_line(line)
        return None, None

    def find_shadow(self, identifier: str) -> dict[str, Any] | None:
        """Return what the version in the shadow would have decided; None if it did not score."""
        file = self._place / writer_of(identifier) / SHADOW_FILE
        if not file.exists():
            return None
        start = b'{"id":"%s"' % identifier.encode()
        with file.open("rb") as lines:
            found = next((line for line in lines if line.startswith(start)), None)
        if found is None:
            return None
        try:
            shadow: dict[str, Any] = orjson.loads(found)
        except ValueError:
            return None
        del shadow["id"]
        return shadow


def read_personal_line(line: bytes) -> PersonalPart | None:
    """Return the personal part in a line, or None if it is damaged."""
    try:
        document = orjson.loads(line)
    except ValueError:
        return None
    if not isinstance(document, dict) or not all(type(v) is str for v in document.values()):
        return None
    names = {"id", "leaf", *(("erased",) if "erased" in document else ("salt", "values"))}
    # other bytes may say the same in JSON, but nobody but the log's own writer may change a byte
    if document.keys() != names or orjson.dumps(document) != line.rstrip(b" "):
        return None
    return PersonalPart(identifier=document.pop("id"), **document)


def _find_line(path: Path, identifier: bytes) -> bytes | None:
    """Find the line of an id by bisection: ids grow from line to line."""
    if not path.exists():
        return None
    with path.open("rb") as file:
        low, high = 0, path.stat().st_size
        while low < high:
            middle = (low + high) // 2
            # to the first line that begins at the middle or after it
            file.seek(max(middle - 1, 0))
            if middle:
                file.readline()
            start = file.tell()
            line = file.readline()
            if not line or start >= high or line[ID_PLACE] >= identifier:
                high = middle
            else:
                low = file.tell()
        file.seek(low)
        line = file.readline()
    return line[:-1] if line.endswith(b"\n") and line[ID_PLACE] == identifier else None

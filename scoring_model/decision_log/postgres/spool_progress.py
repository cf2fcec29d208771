"""`SpoolProgress`: how much of a spool is in the database."""

import contextlib
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import orjson

from scoring_model.decision_log.segments import FILE_MODE

_FILE = "shipped.json"


@dataclass(slots=True)
class SegmentProgress:
    """How much of a segment is in the database.

    Attributes
    ----------
    records, personal : int
        Bytes of the two files.
    sealed : bool
        Whether all of it is there, with the seal.
    damaged : bool
        Whether a part of it cannot be copied: its files stay.
    """

    records: int = 0
    personal: int = 0
    sealed: bool = False
    damaged: bool = False


@dataclass(slots=True)
class WriterProgress:
    """How much of a writer's folder is in the database.

    Attributes
    ----------
    segments : dict of int to SegmentProgress
        Without those whose files have been removed.
    lines : dict of str to int
        Bytes of the files beside the segments.
    """

    segments: dict[int, SegmentProgress] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)


class SpoolProgress:
    """Keeps the progress in a file of the spool.

    The file may lag behind the database, or be lost: what is sent twice is stored once.

    Parameters
    ----------
    spool : Path

    Attributes
    ----------
    writers : dict of str to WriterProgress
    """

    def __init__(self, spool: Path) -> None:
        self._file = spool / _FILE
        self.writers: dict[str, WriterProgress] = {}
        with contextlib.suppress(OSError, ValueError, TypeError, AttributeError):
            self.writers = {
                writer: _read_writer(found)
                for writer, found in orjson.loads(self._file.read_bytes()).items()
            }

    def of(self, writer: str) -> WriterProgress:
        """Return the progress of a writer, to be changed."""
        return self.writers.setdefault(writer, WriterProgress())

    def save(self) -> None:
        """Replace the file; raises `OSError` if it cannot be written."""
        unfinished = self._file.with_suffix(".unfinished")
        data = orjson.dumps(self.writers, option=orjson.OPT_NON_STR_KEYS)
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        unfinished.replace(self._file)


def _read_writer(found: dict[str, Any]) -> WriterProgress:
    segments = {int(n): SegmentProgress(**values) for n, values in found["segments"].items()}
    return WriterProgress(segments, dict(found["lines"]))

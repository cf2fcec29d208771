"""`close_abandoned`: what writers leave behind that were killed, or that lost power."""

import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from scoring_model.decision_log.segments import (
    SegmentFiles,
    list_segments,
    list_writers,
    lock_folder,
)

_START, _END = b'{"id":"', b'"}'


def close_abandoned(place: Path, say: Callable[[str], None]) -> None:
    """Seal the open segments of every writer that has ended, and cut off torn lines.

    Parameters
    ----------
    place : Path
        The folder of the log.
    say : callable
        Called with a line about each repair.
    """
    for writer in list_writers(place):
        folder = place / writer
        waiting = [segment for segment in list_segments(folder) if not segment.seal.exists()]
        if not waiting:
            continue
        try:
            descriptor = lock_folder(folder)
            if descriptor is not None:
                with os.fdopen(descriptor):
                    _close_all(waiting, say)
        except OSError as error:
            say(f"{writer} cannot be sealed: {error.strerror}")


def sync_open_segments(place: Path) -> None:
    """Wait until all that the writers of a log have written is on the disk."""
    for writer in list_writers(place):
        for segment in list_segments(place / writer):
            if not segment.seal.exists():
                segment.sync()


def _close_all(segments: Sequence[SegmentFiles], say: Callable[[str], None]) -> None:
    for segment in segments:
        # another process may have sealed it in the meantime
        if not segment.seal.exists() and segment.records.exists():
            _repair(segment, say)
            segment.close()


def _repair(segment: SegmentFiles, say: Callable[[str], None]) -> None:
    """Cut both files back to the decisions that are whole in both."""
    segment.personal.touch()
    with segment.personal.open("rb") as file:
        # a shipper or an erasure may be overwriting lines
        fcntl.flock(file, fcntl.LOCK_EX)
        _cut_back(segment, say)


def _cut_back(segment: SegmentFiles, say: Callable[[str], None]) -> None:
    paths = (segment.records, segment.personal)
    ends = [_find_ends(path) for path in paths]
    whole = min(map(len, ends)) - 1
    for path, found in zip(paths, ends, strict=True):
        surplus = path.stat().st_size - found[whole]
        if surplus:
            os.truncate(path, found[whole])
            say(
                f"{segment.folder.name}, segment {segment.number}: {surplus} bytes at the end of "
                f"{path.name} were cut off: a crash tore or separated them"
            )


def _find_ends(path: Path) -> list[int]:
    """Return where each line ends, from 0, without the torn lines at the end of the file."""
    ends, torn = [0], 0
    with path.open("rb") as file:
        for line in file:
            ends.append(ends[-1] + len(line))
            is_whole = line.startswith(_START) and line.rstrip().endswith(_END)
            # a damaged line that whole ones follow was not torn by a crash: `verify` reports it
            torn = 0 if is_whole and line.endswith(b"\n") else torn + 1
    return ends[: len(ends) - torn]

"""Erases decisions in a folder: each line is overwritten in place, with the same length."""

import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from monitoring.erasure.choices import Choice
from monitoring.erasure.erasure import Erasure
from scoring_model.decision_log import (
    ID_PLACE,
    PersonalPart,
    SegmentFiles,
    close_abandoned,
    hash_leaf,
    list_segments,
    list_writers,
    read_personal_line,
    write_erased,
)


def erase_in_folder(place: Path, choice: Choice, day: str, say: Callable[[str], None]) -> Erasure:
    """Erase decisions of a log in a folder; see `erase_decisions`."""
    # a personal part without its record, which a crash left behind, is cut off
    close_abandoned(place, say)
    made = Erasure()
    for writer in list_writers(place):
        for files in list_segments(place / writer):
            if files.personal.exists():
                _erase_in_segment(files, choice, day, made)
    return made


def _erase_in_segment(files: SegmentFiles, choice: Choice, day: str, made: Erasure) -> None:
    changes = list(_find_changes(files, choice, day, made))
    if not changes:
        return
    with files.personal.open("r+b", buffering=0) as file:
        # a repair reads the file under this lock, and would take a half of a line for a torn one
        fcntl.flock(file, fcntl.LOCK_EX)
        for offset, line in changes:
            os.pwrite(file.fileno(), line, offset)
        os.fsync(file.fileno())


def _find_changes(
    files: SegmentFiles, choice: Choice, day: str, made: Erasure
) -> Iterator[tuple[int, bytes]]:
    """Yield the place and the text of each line to overwrite."""
    is_sealed, offset = files.seal.exists(), 0
    for record, line in files.read_pairs(is_sealed=is_sealed):
        if line is None:
            return
        part = read_personal_line(line)
        if part is not None and part.erased:
            made.before += 1
        elif (chosen := _is_begun(record, line) or choice.holds(record, part)) is None:
            made.unreadable += 1
        elif chosen:
            made.erased += 1
            yield offset, _erased_line(record, part, day, len(line))
        offset += len(line) + 1


def _is_begun(record: bytes | None, line: bytes) -> bool:
    """Return whether an earlier erasure of a line was interrupted in the middle."""
    return record is not None and line.startswith(_erased_line(record, None, "", 0)[: -len('"}')])


def _erased_line(record: bytes | None, part: PersonalPart | None, day: str, length: int) -> bytes:
    if part is not None:
        return write_erased(part.identifier, part.leaf, day, length)
    # the record tells what a damaged line held
    text = record or b""
    return write_erased(str(text[ID_PLACE], "ascii", "replace"), hash_leaf(text).hex(), day, length)

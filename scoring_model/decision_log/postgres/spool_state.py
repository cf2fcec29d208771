"""Who ships a spool, whether it can, and which writers have ended."""

import contextlib
import fcntl
import os
from pathlib import Path

from scoring_model.decision_log.segments import (
    FILE_MODE,
    LOCK_FILE,
    list_writers,
    lock_folder,
)

_LOCK = "shipper.lock"
CONCERN_FILE = "concern.txt"


def lock_spool(spool: Path) -> int | None:
    """Lock a spool for one shipping process.

    Parameters
    ----------
    spool : Path

    Returns
    -------
    int or None
        The descriptor to close; None if another process holds the lock.
    """
    descriptor = os.open(spool / _LOCK, os.O_RDWR | os.O_CREAT, FILE_MODE)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def has_begun(folder: Path) -> bool:
    """Return whether the writer of a folder has locked it: it writes only afterwards.

    Before that, nobody else may try the lock, or the writer would not get it.
    """
    return {path.name for path in folder.iterdir()} > {LOCK_FILE}


def has_ended_writer(spool: Path) -> bool:
    """Return whether something waits that no living process writes."""
    for writer in list_writers(spool):
        # another process may remove it at any moment
        with contextlib.suppress(FileNotFoundError):
            folder = spool / writer
            descriptor = lock_folder(folder) if has_begun(folder) else None
            if descriptor is not None:
                os.close(descriptor)
                return True
    return False


def read_concern(spool: Path) -> str:
    """Return why the process that ships a spool cannot do so; empty if it can."""
    try:
        return (spool / CONCERN_FILE).read_text(encoding="utf-8")
    except OSError:
        return ""

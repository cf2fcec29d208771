"""`read_plain_file`: the bytes of one regular file of a version's folder, within a limit."""

import errno
import os
import re
import stat
from pathlib import Path

from scoring_model.errors import ArtifactError, IncompleteVersion

# largest size of a booster, which has room for thousands of trees, and of every other file
MOST_BOOSTER_BYTES = 64 << 20
MOST_FILE_BYTES = 4 << 20

_PLAIN_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
# a link is not followed, and a pipe that nobody writes is not waited for; not every system has all
_FLAGS = ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY")
_OPEN_FLAGS = os.O_RDONLY | sum(getattr(os, name, 0) for name in _FLAGS)
# what opening a link and a socket ends in
_LINK_OR_SOCKET = (errno.ELOOP, errno.ENXIO)


def is_plain_name(name: object) -> bool:
    """Return whether this is one part of a path, made of letters, digits, `.`, `-` and `_`."""
    return isinstance(name, str) and _PLAIN_NAME.fullmatch(name) is not None


def read_plain_file(folder: Path, name: str, most_bytes: int = MOST_FILE_BYTES) -> bytes:
    """Read one file of a folder.

    Parameters
    ----------
    folder : Path
    name : str
        A plain name, see `is_plain_name`.
    most_bytes : int
        Largest size of the file.

    Raises
    ------
    IncompleteVersion
        The file is missing or cannot be read now.
    ArtifactError
        It is a link, a folder or a pipe, or it is too large.
    """
    try:
        data = _read(folder / name, most_bytes)
    except FileNotFoundError as error:
        raise IncompleteVersion(f"{name} is missing from the model's artifacts") from error
    except OSError as error:
        if error.errno not in _LINK_OR_SOCKET:
            reason = os.strerror(error.errno or errno.EIO)
            raise IncompleteVersion(f"{name} cannot be read: {reason}") from error
        data = None
    if data is None:
        raise ArtifactError(f"{name} must be a regular file, not a link, a folder or a pipe")
    if len(data) > most_bytes:
        raise ArtifactError(f"{name} must have at most {most_bytes} bytes")
    return data


def _read(path: Path, most_bytes: int) -> bytes | None:
    """Return at most one byte more than the limit, or None if it is no regular file."""
    descriptor = os.open(path, _OPEN_FLAGS)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(most_bytes + 1)
    finally:
        os.close(descriptor)

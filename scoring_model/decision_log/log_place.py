"""Where a decision log is and how it is written; `log.json` makes a folder a log."""

import contextlib
import hashlib
import os
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from scoring_model.decision_log.segments import (
    FOLDER_MODE,
    FORMAT_VERSION,
    LOG_FILE,
    LogFormatError,
    write_time,
    write_whole,
)
from scoring_model.settings import ServerSettings

DATABASES = ("postgresql://", "postgres://")


def folder_of(place: str) -> Path:
    """Return the folder of a log; raises `LogFormatError` for a URL, which may hold a password."""
    if "://" in place:
        raise LogFormatError(f"a log is a folder, or a URL that begins with {DATABASES[0]}")
    return Path(place)


def address_of(url: str) -> str:
    """Return what stays of a database's URL when user or password change."""
    return url.partition("://")[2].rpartition("@")[2]


class LogSettings(NamedTuple):
    """How decisions are logged.

    Attributes
    ----------
    place : str
        A folder, or the URL of a PostgreSQL database.
    spool : str
        Folder in which decisions wait for the database.
    key : str
        The secret for digests of references; empty to keep the references themselves.
    is_synced : bool
        Whether a decision is on the disk before it is answered.
    answers_on_failure : bool
        Whether a decision that cannot be logged is answered all the same.
    """

    place: str
    spool: str = ""
    key: str = ""
    is_synced: bool = False
    answers_on_failure: bool = False

    @classmethod
    def from_server(cls, settings: ServerSettings) -> "LogSettings | None":
        """Return the settings of a server's log; None if it logs nothing."""
        if not settings.decision_log:
            return None
        return cls(
            settings.decision_log,
            str(settings.cache_directory),
            settings.decision_log_key,
            settings.decision_log_durability == "synced",
            settings.decision_log_on_failure == "answer",
        )

    @property
    def folder(self) -> Path:
        """The folder that this process writes into: the log, or the spool of its database.

        It raises `LogFormatError` if the place is another URL.
        """
        if not self.place.startswith(DATABASES):
            return folder_of(self.place)
        # databases must not share a spool
        digest = hashlib.sha256(address_of(self.place).encode()).hexdigest()[:12]
        return Path(self.spool) / f"decisions-{digest}"


def describe_error(error: OSError) -> str:
    """Return why a log cannot be used, without the path."""
    return os.strerror(error.errno) if error.errno else type(error).__name__


def open_log(place: Path) -> str:
    """Make the folder of a log if there is none, and return the log's name.

    Parameters
    ----------
    place : Path

    Raises
    ------
    LogFormatError
        The folder holds something else, or a newer format.
    OSError
        It cannot be made, read or written.
    """
    place.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    file = place / LOG_FILE
    if not file.exists():
        if any(entry.suffix != ".unfinished" for entry in place.iterdir()) and not file.exists():
            raise LogFormatError(f"{place} holds other files: a decision log needs its own folder")
        document = {
            "format_version": FORMAT_VERSION,
            "log": str(uuid.uuid4()),
            "made": write_time(datetime.now(UTC)),
        }
        unfinished = place / f"{os.getpid()}.unfinished"
        write_whole(unfinished, orjson.dumps(document))
        # of several processes, only the first one gives the log its name
        with contextlib.suppress(FileExistsError):
            os.link(unfinished, file)
        unfinished.unlink()
    return str(read_log_file(place)["log"])


def read_log_file(place: Path) -> dict[str, Any]:
    """Return what `log.json` says; raises `LogFormatError` for a log that cannot be read."""
    file = place / LOG_FILE
    try:
        document = orjson.loads(file.read_bytes())
    except FileNotFoundError as error:
        raise LogFormatError(f"{place} is no decision log: it has no {LOG_FILE}") from error
    except ValueError as error:
        raise LogFormatError(f"{file} is not JSON") from error
    if not isinstance(document, dict) or type(document.get("format_version")) is not int:
        raise LogFormatError(f"{file} must have a format_version")
    if document["format_version"] > FORMAT_VERSION:
        raise LogFormatError(
            f"{place} has format {document['format_version']}, this release reads {FORMAT_VERSION}:"
            " use a newer release"
        )
    if type(document.get("log")) is not str:
        raise LogFormatError(f"{file} must have the name of the log")
    return document

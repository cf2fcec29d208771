"""`connect_log`: a connection to the database of a decision log, whose errors are one line."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from scoring_model.decision_log.segments import LogFormatError
from scoring_model.settings import to_masked_line

# what the URL does not say: without these, a network that drops everything holds a thread for hours
_DEFAULTS: dict[str, str | int] = {
    "application_name": "decision log",
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
# errors of these classes quote values: data that do not fit, and broken constraints
_QUOTING = ("22", "23")
_PORTS = re.compile(r"[0-9,]*")


def check_database_url(url: str) -> None:
    """Check that a text is the URL of a PostgreSQL database; nothing is connected.

    Parameters
    ----------
    url : str

    Raises
    ------
    LogFormatError
        It is not. The message does not repeat it, because it may hold a password.
    """
    try:
        parts = {name: str(value or "") for name, value in conninfo_to_dict(url).items()}
    except psycopg.ProgrammingError:
        parts = {"port": "wrong"}
    # an @ or a / that is not written as %40 or %2F moves a part of the password into these
    moved = parts.get("host", "") + parts.get("dbname", "")
    if "@" in moved or not _PORTS.fullmatch(parts.get("port", "")):
        raise LogFormatError(
            "the decision log has no valid URL of a PostgreSQL database: write it as "
            "postgresql://user:password@host:5432/name, and signs in the password as %40"
        )


def connect_log(url: str) -> psycopg.Connection[Any]:
    """Return a connection on which each statement is a transaction of its own.

    Parameters
    ----------
    url : str

    Raises
    ------
    psycopg.Error
        The database cannot be reached.
    """
    settings: dict[str, Any] = {**_DEFAULTS, **conninfo_to_dict(url), "client_encoding": "utf8"}
    # a pool between client and database may lose prepared statements
    return psycopg.connect(make_conninfo(**settings), autocommit=True, prepare_threshold=None)


@contextmanager
def reported_errors(url: str) -> Iterator[None]:
    """Turn the driver's errors into an error of one line.

    Parameters
    ----------
    url : str

    Raises
    ------
    ConnectionError
        The database cannot be reached, or refuses a statement. The message holds no password and
        no value.
    """
    try:
        yield
    except psycopg.Error as error:
        raise ConnectionError(_tell(error, url)) from None


def _tell(error: psycopg.Error, url: str) -> str:
    if (error.sqlstate or "").startswith(_QUOTING):
        return type(error).__name__
    # other parts of a message quote rows
    text = error.diag.message_primary or str(error)
    password = str(conninfo_to_dict(url).get("password") or "")
    if password:
        text = text.replace(password, "***")
    return to_masked_line(text) or type(error).__name__

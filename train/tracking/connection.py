"""Checks at the start that the registry answers; MLflow itself would retry for minutes."""

import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
import sqlalchemy
from mlflow.exceptions import MlflowException
from requests.exceptions import RequestException
from sqlalchemy.exc import SQLAlchemyError

from train.errors import InputError, reason_of

TIMEOUT_SECONDS = 5
SERVERS = ("http", "https")
DATABASES = ("sqlite", "postgresql", "mysql", "mssql")


def check_registry_answers() -> None:
    """Check that the tracking server and the registry answer.

    Raises
    ------
    InputError
        One of them does not answer within seconds. The message contains no password.
    """
    for uri in dict.fromkeys((mlflow.get_tracking_uri(), mlflow.get_registry_uri())):
        scheme = urllib.parse.urlsplit(uri).scheme
        if scheme in SERVERS:
            _ask_server(uri)
        elif scheme.partition("+")[0] in DATABASES:
            _ask_database(uri)


@contextmanager
def answering_registry() -> Iterator[None]:
    """Turn an error of MLflow, in the middle of a command, into an error of one line.

    Raises
    ------
    InputError
        Replaces the error of MLflow, of the database driver or of the connection.
    """
    try:
        yield
    except (MlflowException, RequestException, SQLAlchemyError) as error:
        raise InputError(
            f"the registry at {_shown(mlflow.get_tracking_uri())}: {reason_of(error)}"
        ) from error


def _ask_server(uri: str) -> None:
    url = f"{uri.rstrip('/')}/health"
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS):  # noqa: S310  # http(s) by its scheme
            return
    except urllib.error.HTTPError as error:
        # A status below 500 is an answer, such as 401 from a proxy that asks for a password. From
        # 500 on, the server behind a proxy may be down.
        if error.code < 500:
            return
        reason: object = f"status {error.code}"
    except (OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
    raise InputError(f"the registry at {_shown(uri)} does not answer: {reason}")


def _ask_database(uri: str) -> None:
    is_file = uri.startswith("sqlite")
    waiting = {"timeout" if is_file else "connect_timeout": TIMEOUT_SECONDS}
    try:
        engine = sqlalchemy.create_engine(uri, connect_args=waiting)
        try:
            sqlalchemy.inspect(engine).get_table_names()
        finally:
            engine.dispose()
    except ModuleNotFoundError as error:
        raise InputError(
            f"the registry at {_shown(uri)}: the driver {error.name} is not installed"
        ) from error
    except SQLAlchemyError as error:
        reason = reason_of(getattr(error, "orig", error))
        raise InputError(f"the registry at {_shown(uri)} does not answer: {reason}") from error


def _shown(uri: str) -> str:
    """Return a URI without user and password."""
    try:
        parts = urllib.parse.urlsplit(uri)
    except ValueError:
        return "MLFLOW_TRACKING_URI"
    if "@" not in parts.netloc:
        return uri
    return urllib.parse.urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))

"""Checks at the start that the registry answers; MLflow itself would retry for minutes."""

import os
import re
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager

import mlflow
import sqlalchemy
from mlflow.exceptions import MlflowException
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request
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
            if _shown(uri) != uri:
                # MLflow prints the URI at the end of each run, with its password
                os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
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
            f"the registry at {_shown(mlflow.get_tracking_uri())}: {_shown_reason(error)}"
        ) from error


def _ask_server(uri: str) -> None:
    try:
        # As MLflow's client asks, with its settings of user, token and certificates. Only the
        # waiting is shorter.
        answer = http_request(
            get_default_host_creds(uri),
            "/health",
            "GET",
            max_retries=0,
            timeout=TIMEOUT_SECONDS,
            raise_on_status=False,
        )
    except MlflowException as error:
        raise InputError(
            f"the registry at {_shown(uri)} does not answer: {_shown_reason(_first_cause(error))}"
        ) from error
    # A status below 500 is an answer, such as 401 from a proxy that asks for a password. From 500
    # on, the server behind a proxy may be down.
    if answer.status_code >= 500:
        raise InputError(
            f"the registry at {_shown(uri)} does not answer: status {answer.status_code}"
        )


def _first_cause(error: BaseException) -> BaseException:
    """Return the error that a chain of errors began with, such as `Connection refused`."""
    while (cause := error.__cause__ or error.__context__) is not None:
        error = cause
    return error


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
        reason = _shown_reason(getattr(error, "orig", error))
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


def _shown_reason(error: object) -> str:
    """Return the reason of an error, without user and password of the URIs in it."""
    return re.sub(r"//[^/\s]*@", "//", reason_of(error))

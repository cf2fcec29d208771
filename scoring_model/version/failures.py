"""Failures to get a version: which of them may pass, and words for them, for log and caller."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from scoring_model.errors import ArtifactError, IncompleteVersion
from scoring_model.settings import to_masked_line

REFUSED = "the newest version failed its checks"
SLOW = "the newest version is still being fetched and checked"

_NAME = re.compile(r"models:/([^/@]+)")
_FORBIDDEN = ("UNAUTHENTICATED", "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED")


class UnknownVersion(Exception):
    """The registry answers, but has no such version."""


class MissingFolder(Exception):
    """The folder that the URI names does not exist."""


class Unreachable(Exception):
    """The registry, or the store of a version's files, does not answer."""


_SAID: tuple[tuple[type[Exception], str], ...] = (
    (IncompleteVersion, "the files of the newest version are missing or not complete"),
    (MissingFolder, "the folder that MODEL_URI names does not exist"),
    (UnknownVersion, "the registry does not know the version that MODEL_URI names"),
    (Unreachable, "the registry does not answer"),
    (OSError, "the newest version cannot be read"),
    (Exception, REFUSED),
)


@contextmanager
def named_failures(uri: str) -> Iterator[None]:
    """Turn the errors of `find_uri` and `download` into one line for the log each.

    The line ends with MLflow's own words, without credentials.

    Parameters
    ----------
    uri : str
        URI of the model, as it was asked for.

    Raises
    ------
    ArtifactError
        The files are too large.
    MissingFolder
        There is no such folder.
    UnknownVersion
        The registry answers that it has no such version.
    Unreachable
        The registry, or the store of the files, does not answer.
    """
    try:
        yield
    except (UnknownVersion, MissingFolder, Unreachable, ArtifactError):
        raise
    except Exception as error:  # no driver's error may end the server
        code = str(getattr(error, "error_code", ""))
        named = _NAME.match(uri)
        model = f"the model {named[1]!r}" if named else "the model"
        said = to_masked_line(str(error)) or type(error).__name__
        if code == "RESOURCE_DOES_NOT_EXIST":
            known = f"the registry does not know {model} or its version: {said}"
            raise UnknownVersion(known) from error
        if code == "INVALID_PARAMETER_VALUE":
            known = f"the registry does not know this alias of {model}: {said}"
            raise UnknownVersion(known) from error
        if code in _FORBIDDEN:
            refused = f"the registry refuses the credentials of this server: {said}"
            raise Unreachable(refused) from error
        raise Unreachable(f"{model} cannot be fetched from the registry: {said}") from error


def may_pass(error: Exception) -> bool:
    """Return whether to try again may help: the files of a version that fails are complete."""
    return isinstance(
        error, IncompleteVersion | MissingFolder | UnknownVersion | Unreachable | OSError
    )


def describe_failure(error: Exception) -> str:
    """Return what went wrong, for the log; of any other error only the type or the cause."""
    if isinstance(error, ArtifactError | MissingFolder | UnknownVersion | Unreachable):
        return str(error)
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return type(error).__name__


def explain_failure(error: Exception) -> str:
    """Return the cause for `/ready`, which callers without a key may read."""
    return next(said for kind, said in _SAID if isinstance(error, kind))

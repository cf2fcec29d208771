"""Failures to get a version: which of them may pass, and words for them that are safe to show."""

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager

from scoring_model.errors import ArtifactError, IncompleteVersion

REFUSED = "the newest version failed its checks"
SLOW = "the newest version is still being fetched and checked"

_NAME = re.compile(r"models:/([^/@]+)")
_FORBIDDEN = ("UNAUTHENTICATED", "PERMISSION_DENIED", "CUSTOMER_UNAUTHORIZED")


class UnknownVersion(Exception):
    """The registry answers, but has no such version."""


class Unreachable(Exception):
    """The registry, or the store of a version's files, does not answer."""


_SAID: tuple[tuple[type[Exception], str], ...] = (
    (IncompleteVersion, "the files of the newest version are missing or not complete"),
    (UnknownVersion, "the registry does not know the version that MODEL_URI names"),
    (Unreachable, "the registry does not answer"),
    (OSError, "the newest version cannot be read"),
    (Exception, REFUSED),
)


@contextmanager
def named_failures(uri: str) -> Iterator[None]:
    """Turn the errors of `find_uri` and `download` into sentences that are safe to log.

    The message of a driver may hold an address with its password, or a path.

    Parameters
    ----------
    uri : str
        URI of the model, as it was asked for.

    Raises
    ------
    ArtifactError
        The files are too large.
    UnknownVersion
        The registry answers that it has no such version.
    Unreachable
        The registry, or the store of the files, does not answer.
    """
    try:
        yield
    except (UnknownVersion, ArtifactError):
        raise
    except Exception as error:  # no driver's error may end the server
        code = str(getattr(error, "error_code", ""))
        named = _NAME.match(uri)
        model = f"the model {named[1]!r}" if named else "the model"
        if code == "RESOURCE_DOES_NOT_EXIST":
            raise UnknownVersion(f"the registry does not know {model} or its version") from error
        if code == "INVALID_PARAMETER_VALUE":
            raise UnknownVersion(f"the registry does not know this alias of {model}") from error
        if code in _FORBIDDEN:
            raise Unreachable("the registry refuses the credentials of this server") from error
        number = error.errno if isinstance(error, OSError) else None
        reason = os.strerror(number) if number else f"{type(error).__name__} {code}".rstrip()
        raise Unreachable(f"{model} cannot be fetched from the registry: {reason}") from error


def may_pass(error: Exception) -> bool:
    """Return whether to try again may help: the files of a version that fails are complete."""
    return isinstance(error, IncompleteVersion | UnknownVersion | Unreachable | OSError)


def describe_failure(error: Exception) -> str:
    """Return what went wrong; a driver's message may hold an address with its password."""
    if isinstance(error, ArtifactError | UnknownVersion | Unreachable):
        return str(error)
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno)
    return type(error).__name__


def explain_failure(error: Exception) -> str:
    """Return the cause for `/ready`, which callers without a key may read."""
    return next(said for kind, said in _SAID if isinstance(error, kind))

"""Errors that end a command with one line and an exit status, without a stack trace."""

from typing import ClassVar


class InputError(Exception):
    """A portfolio, table, parameter or version cannot be used.

    The message is one line. It names the file, key or column, and the rule.
    """

    exit_status: ClassVar[int] = 1


class NotEarned(InputError):
    """The gate refuses a challenger. The registry is not changed."""

    exit_status = 2


class RowsRejected(InputError):
    """Some rows of a batch are invalid; the others are scored."""

    exit_status = 3


def reason_of(error: object) -> str:
    """Return the first line of an error's message, or its type if the message is empty."""
    if isinstance(error, UnicodeDecodeError):
        return "it is not in UTF-8: save it as UTF-8"
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__

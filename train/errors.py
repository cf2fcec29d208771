"""Errors that end a command with one line and a status, no stack trace."""

from typing import ClassVar


class InputError(Exception):
    """A portfolio, a table, a parameter or a version that cannot be used.

    The message is one line that names the file, key or column and the rule.
    """

    exit_status: ClassVar[int] = 1


class NotEarned(InputError):
    """A challenger that the gate does not let into production; nothing has changed."""

    exit_status = 2


class RowsRejected(InputError):
    """Rows of a body of loans that are not valid; the others are scored."""

    exit_status = 3


def reason_of(error: object) -> str:
    """Return the first line of what a library's error says, or its type where it says nothing."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__

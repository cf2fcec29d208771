"""Errors that end a command with one line and an exit status, without a stack trace."""

from collections.abc import Sequence
from typing import ClassVar


class InputError(Exception):
    """A portfolio, table, parameter or version cannot be used.

    The message is one line. It names the file, key or column, and the rule.
    """

    exit_status: ClassVar[int] = 1


class Mistakes(InputError):
    """Several mistakes in a portfolio or a table, found at once.

    The message is the first one, and says how many more there are.

    Parameters
    ----------
    mistakes : sequence of str
        One line each, at least one.

    Attributes
    ----------
    mistakes : tuple of str
    """

    def __init__(self, mistakes: Sequence[str]) -> None:
        self.mistakes = tuple(mistakes)
        more = len(mistakes) - 1
        noun = "mistake" if more == 1 else "mistakes"
        hint = f" ({more} more {noun}: `mlflow run . -e check` lists all)" if more else ""
        super().__init__(f"{mistakes[0]}{hint}")


class NotEarned(InputError):
    """The gate refuses a challenger. The registry is not changed."""

    exit_status = 2


class RowsRejected(InputError):
    """Some rows of a batch are invalid; the others are scored."""

    exit_status = 3


def reason_of(error: object) -> str:
    """Return the first line of an error's message, or its type if the message is empty."""
    if isinstance(error, UnicodeDecodeError):
        name = "UTF-8" if error.encoding.startswith("utf-8") else error.encoding
        return f"it is not in {name}: save it as UTF-8, or name its encoding under [read]"
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__

"""`python -m scoring_model.http.guard`, which is `make key`: make a new key.

The key itself goes to standard error, for a person to hand over. Standard output gets what the
server needs: the digest for SCORING_API_KEYS or, with --name, the line for SCORING_KEYS_FILE.
"""

import argparse
import datetime
import json
import sys
from collections.abc import Sequence
from typing import NoReturn

from scoring_model.http.guard.keys import SCOPES, make_key
from scoring_model.http.guard.keys_file import read_key


class OneLineParser(argparse.ArgumentParser):
    """An argument parser that reports an error on one line."""

    def error(self, message: str) -> NoReturn:
        """Print the error, and exit with status 2."""
        self.exit(2, f"error: {message}\n")


def make_arguments() -> OneLineParser:
    """Return the parser of the command line."""
    parser = OneLineParser(
        prog="make -s key args='...'", description="Make a new key.", allow_abbrev=False
    )
    add = parser.add_argument
    add("--name", help="name of the key in the log; makes a line for SCORING_KEYS_FILE")
    add("--scopes", type=_list, help="what the key may do: predict, read or both: predict,read")
    add("--expires", type=_day, help="last day on which the key is valid, in UTC")
    add("--requests-per-second", type=int, help="requests that the key may send in a second")
    add("--rows-per-second", type=int, help="applicants that the key may send in a second")
    return parser


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",")]


def _day(text: str) -> datetime.date:
    try:
        return datetime.date.fromisoformat(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError("must be a date such as 2027-12-31") from error


def write_line(options: argparse.Namespace, digest: str) -> str:
    """Return the line of a key for the file.

    Parameters
    ----------
    options : argparse.Namespace
        The options of the command line.
    digest : str
        SHA-256 of the key in hexadecimal digits.

    Raises
    ------
    ValueError
        An option breaks a rule of the file.
    """
    scopes = json.dumps(options.scopes or SCOPES)
    fields = [f'sha256 = "{digest}"', f"scopes = {scopes}"]
    for name in ("expires", "requests_per_second", "rows_per_second"):
        value = getattr(options, name)
        if value is not None:
            fields.append(f"{name} = {value}")
    line = f"{options.name} = {{ {', '.join(fields)} }}"
    read_key(line)  # what the server would refuse is refused here
    return line


def print_key(arguments: Sequence[str]) -> None:
    """Make a key, and print it."""
    parser = make_arguments()
    options = parser.parse_args(arguments)
    key, line = make_key()
    if options.name is not None:
        try:
            line = write_line(options, line)
        except ValueError as error:
            parser.error(f"the line of the key {error}")
    elif any(value is not None for value in vars(options).values()):
        parser.error("--name is missing: only a key with a name has scopes, a last day or limits")
    print(f"key: {key}", file=sys.stderr, flush=True)  # noqa: T201  # this is what it is for
    print(line)  # noqa: T201


if __name__ == "__main__":
    print_key(sys.argv[1:])

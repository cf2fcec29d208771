"""`Parser`: reads a command line and answers a wrong one with one line."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeAlias

from train.errors import InputError

MEMORY_HELP = "most memory that DuckDB may use to compute features from histories"
ENGINE_HELP = "where the heavy work runs: on this machine or on a cluster"
MODEL, MODEL_HELP = "credit-scoring", "name of the registered model"
BOOLEANS = ("true", "false")


class _Defaults(argparse.ArgumentDefaultsHelpFormatter):
    """Shows each default in the help, unless there is none or it is empty."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return action.help if action.default in (None, "") else super()._get_help_string(action)


class Parser(argparse.ArgumentParser):
    """An argument parser that reports an error on one line and exits with status 1."""

    def error(self, message: str) -> NoReturn:
        """Print the error with the known names, unless argparse lists the choices; exit."""
        names = [name for a in self._actions for name in a.option_strings or a.choices or ()]
        known = [] if "choose from" in message else [n for n in names if n not in ("-h", "--help")]
        self.exit(1, f"error: {message}" + (f"; known: {', '.join(known)}\n" if known else "\n"))


Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


def add_command(
    commands: Commands, name: str, run: Callable[[argparse.Namespace], None], about: str
) -> Parser:
    """Add a subcommand and return its parser.

    Parameters
    ----------
    commands : Commands
        All subcommands.
    name : str
    run : callable
        Called with the parameters.
    about : str
        One line of help.
    """
    parser = commands.add_parser(name, help=about, allow_abbrev=False, formatter_class=_Defaults)
    parser.set_defaults(run=run, parser=parser)
    return parser


def run_command(
    parser: Parser, argv: Sequence[str] | None, run: Callable[[argparse.Namespace], None]
) -> int:
    """Run one subcommand; return the exit status, after one line for an `InputError`.

    Parameters
    ----------
    parser : Parser
        Has subcommands that `add_command` made.
    argv : sequence of str or None
        The command line; None for that of this process.
    run : callable
        Called with the parameters.
    """
    args, unknown = parser.parse_known_args(argv)
    if unknown:
        # the parser of the subcommand knows its parameters
        args.parser.error(f"unknown parameter {unknown[0]}")
    try:
        run(args)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def optional_number(text: str) -> float | None:
    """Read a number; MLproject passes an empty text for a parameter that was not set."""
    return float(text) if text else None

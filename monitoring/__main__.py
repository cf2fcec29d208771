"""Prove, erase, replay and monitor the decisions in a log, with one subcommand for each."""

import sys

from monitoring.commands import ADDED
from train.commands import Parser, run_command


def make_parser() -> Parser:
    """Return the parser of `python -m monitoring`."""
    parser = Parser(prog="python -m monitoring", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, dest="command", parser_class=Parser)
    for add in ADDED:
        add(commands)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; return the exit status."""
    return run_command(make_parser(), argv, lambda args: args.run(args))


if __name__ == "__main__":
    sys.exit(main())

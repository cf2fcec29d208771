"""Train, promote and apply credit-scoring models, with one subcommand for each step."""

import argparse
import sys

from train.commands import (
    Parser,
    add_demo,
    add_drafting,
    add_promotion,
    add_score,
    add_train,
    run_command,
)


def make_parser() -> Parser:
    """Return the parser of `python -m train`."""
    parser = Parser(prog="python -m train", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, dest="command", parser_class=Parser)
    for add in (add_drafting, add_train, add_promotion, add_score, add_demo):
        add(commands)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; return the exit status."""
    return run_command(make_parser(), argv, _run)


def _run(args: argparse.Namespace) -> None:
    if not getattr(args, "needs_mlflow", True):
        args.run(args)
        return
    from train.tracking import mlflow_command

    with mlflow_command():
        args.run(args)


if __name__ == "__main__":
    sys.exit(main())

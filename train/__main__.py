"""Train, promote and apply credit-scoring models, with one subcommand for each step."""

import argparse
import os
import sys

from train.commands import Parser, add_demo, add_drafting, add_promotion, add_score, add_train
from train.errors import InputError


def make_parser() -> Parser:
    """Return the parser of `python -m train`."""
    parser = Parser(prog="python -m train", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, dest="command", parser_class=Parser)
    for add in (add_drafting, add_train, add_promotion, add_score, add_demo):
        add(commands)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; return the exit status."""
    args, unknown = make_parser().parse_known_args(argv)
    if unknown:
        # the parser of the subcommand knows its parameters
        args.parser.error(f"unknown parameter {unknown[0]}")
    try:
        _run(args)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _run(args: argparse.Namespace) -> None:
    if not getattr(args, "needs_mlflow", True):
        args.run(args)
        return
    from train.tracking import answering_registry, check_registry_answers

    # no progress bar for each small file
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    check_registry_answers()
    with answering_registry():
        args.run(args)


if __name__ == "__main__":
    sys.exit(main())

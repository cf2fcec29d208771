"""The commands `draft` and `check`: before the first training. They need no MLflow."""

import argparse
from pathlib import Path

from train.commands.parser import Commands, add_command

TABLE_HELP = "file, folder, glob or URI of a table, or the URL of a database"
OUTPUT_HELP = "file to write; without it, portfolio.toml beside the table"
QUERY_HELP = "SQL that a database is asked"


def add_drafting(commands: Commands) -> None:
    """Add the commands `draft` and `check`."""
    draft = add_command(commands, "draft", run_draft, "describe a table in a portfolio.toml")
    draft.add_argument("--table", required=True, help=TABLE_HELP)
    draft.add_argument("--output", default="", help=OUTPUT_HELP)
    draft.add_argument("--query", default="", help=QUERY_HELP)
    check = add_command(commands, "check", run_check, "list all mistakes of a portfolio")
    check.add_argument("--portfolio", type=Path, required=True, help="path of portfolio.toml")
    for parser in (draft, check):
        parser.set_defaults(needs_mlflow=False)


def run_draft(args: argparse.Namespace) -> None:
    """Write a `portfolio.toml` for a table that nobody has described."""
    from train.draft import draft_portfolio

    draft_portfolio(args.table, args.output, args.query, print)


def run_check(args: argparse.Namespace) -> None:
    """Print what each column is taken for, and every mistake of file and table."""
    from train.draft import check_portfolio

    check_portfolio(args.portfolio, print)

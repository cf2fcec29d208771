"""Parameters of the commands that read outcomes: where they are, and the last day that counts."""

import argparse
import datetime
import os
from pathlib import Path
from typing import TYPE_CHECKING

from monitoring.commands.proving import PLACE_HELP
from train.commands import ENGINE_HELP

if TYPE_CHECKING:
    from monitoring.facts import OutcomeSource

OUTCOMES_HELP = "file, folder, glob, URI or database of the outcomes"
QUERY_HELP = "SQL that selects the outcomes, if outcomes is a database"
TABLE_HELP = "table of the outcomes, if outcomes is a database"
AS_OF_HELP = "last day that counts, such as 2026-11-25; default: today in UTC"
MODEL_HELP = "name of the registered model; default: the only one in the log"
PORTFOLIO_HELP = "portfolio with the limits; default: that of the champion's training"
MEMORY_HELP = "most memory that DuckDB may use"


def add_parameters(parser: argparse.ArgumentParser) -> None:
    """Add the parameters of a command that compares decisions with outcomes."""
    add = parser.add_argument
    add("--decisions", required=True, help=PLACE_HELP)
    add("--query", default="", help=QUERY_HELP)
    add("--table", default="", help=TABLE_HELP)
    add("--as_of", default="", help=AS_OF_HELP)
    add("--model", default="", help=MODEL_HELP)
    add("--portfolio", default="", help=PORTFOLIO_HELP)
    add("--memory_limit", default="1GB", help=MEMORY_HELP)
    add("--engine", choices=("local", "spark"), default="local", help=ENGINE_HELP)


def read_as_of(text: str) -> datetime.date:
    """Return the last day that counts; raises `InputError` if it is no day, or after today."""
    from train.errors import InputError

    today = datetime.datetime.now(datetime.UTC).date()
    try:
        day = datetime.date.fromisoformat(text) if text else today
    except ValueError as error:
        raise InputError(f"as_of must be a day such as 2026-11-25, got {text!r}") from error
    if day > today:
        raise InputError(f"as_of must not be after today, {today}, got {day}")
    return day


def find_outcome_source(args: argparse.Namespace) -> "OutcomeSource | None":
    """Return where the outcomes are; None if there is no parameter `outcomes`."""
    from monitoring.facts import OutcomeSource
    from train.errors import InputError
    from train.tables import Source, fill_variables

    if not args.outcomes:
        if args.query or args.table:
            raise InputError("outcomes: query and table need it: name the database by -P outcomes=")
        return None
    place = fill_variables(args.outcomes)
    if "://" not in place:
        place = str(Path(place).absolute())
    key = os.environ.get("DECISION_LOG_KEY", "").encode() or None
    return OutcomeSource(Source(place, query=args.query, table=args.table), key)

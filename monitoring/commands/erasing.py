"""The command `erase`."""

import argparse
import os
from datetime import UTC, datetime, timedelta

from monitoring.commands.proving import PLACE_HELP, count
from train.commands import Commands, add_command

ERASE = "erase the personal parts of decisions"
REFERENCE_HELP = "erase the decisions of this reference"
OLDER_HELP = "erase all decisions that are older than so many days"


def add_erase(commands: Commands) -> None:
    """Add the command `erase`."""
    parser = add_command(commands, "erase", run_erase, ERASE)
    parser.add_argument("--decisions", required=True, help=PLACE_HELP)
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--reference", help=REFERENCE_HELP)
    which.add_argument("--older-than", type=int, metavar="DAYS", help=OLDER_HELP)


def run_erase(args: argparse.Namespace) -> None:
    """Erase the personal parts of decisions."""
    from monitoring.erasure import erase_decisions, of_reference, older_than
    from train.errors import InputError
    from train.tables import fill_variables

    if args.reference is not None:
        if not args.reference:
            raise InputError("reference must not be empty")
        key = os.environ.get("DECISION_LOG_KEY", "").encode() or None
        choice, none = of_reference(args.reference, key), "no decision has this reference"
    else:
        if args.older_than < 1:
            raise InputError(f"older-than must be at least 1 day, got {args.older_than}")
        moment = _days_ago(args.older_than)
        choice, none = (
            older_than(moment),
            f"no decision is older than {count(args.older_than, 'day')}",
        )
    made = erase_decisions(fill_variables(args.decisions), choice, print)
    what = count(made.erased, "decision") + " erased" if made.erased else none
    print(f"{what}; {count(made.before, 'decision')} of this log had been erased before")
    if made.unreadable:
        unread = count(made.unreadable, "decision")
        print(f"{unread} could not be read and may be among them: run verify")


def _days_ago(days: int) -> datetime:
    try:
        return datetime.now(UTC) - timedelta(days=days)
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)

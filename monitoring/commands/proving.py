"""The commands `anchor`, `verify` and `prove`."""

import argparse
import json
import re
from pathlib import Path

from train.commands import Commands, add_command

PLACE_HELP = "the log, as DECISION_LOG names it: a folder, or the URL of a PostgreSQL database"
ANCHOR = "write the roots of the log to a run of MLflow"
VERIFY = "compare the log with its newest anchor"
PROVE = "print a proof that the log holds a decision"
ANCHOR_HELP = "run of the anchor to compare with; default: the newest one"


def add_proving(commands: Commands) -> None:
    """Add the commands `anchor`, `verify` and `prove`."""
    add = add_command(commands, "anchor", run_anchor, ANCHOR).add_argument
    add("--decisions", required=True, help=PLACE_HELP)

    add = add_command(commands, "verify", run_verify, VERIFY).add_argument
    add("--decisions", required=True, help=PLACE_HELP)
    add("--anchor", default="", help=ANCHOR_HELP)

    add = add_command(commands, "prove", run_prove, PROVE).add_argument
    add("id", help="id of the decision, from the header X-Decision-ID")
    add("--decisions", required=True, help=PLACE_HELP)


def run_anchor(args: argparse.Namespace) -> None:
    """Write an anchor of a log."""
    from monitoring.decisions import open_decisions
    from monitoring.errors import DecisionsDiffer
    from monitoring.proof import check_name, find_anchor, log_anchor, make_anchor
    from scoring_model.decision_log import DATABASES, close_abandoned, sync_open_segments
    from train.tables import fill_variables
    from train.tracking import OPERATIONS, main_run, mlflow_command

    place = fill_variables(args.decisions)
    with mlflow_command():
        with open_decisions(place) as reader:
            check_name(reader.log, place)
            is_folder = not place.startswith(DATABASES)
            if is_folder:
                close_abandoned(Path(place), print)
            kept = find_anchor(reader.log)
            made = make_anchor(reader, kept.anchor if kept is not None else None)
            if is_folder:
                # an anchor must not claim what a power cut could still take
                sync_open_segments(Path(place))
        anchor = made.anchor
        with main_run(f"anchor {anchor.log} {anchor.time}", OPERATIONS):
            log_anchor(anchor, place)
            print(f"log {anchor.log}: anchor {anchor.number}")
            writers = count(len(anchor.by_writer()), "writer")
            print(f"{writers}, {count(made.records, 'record')}")
            if broken := anchor.broken():
                raise DecisionsDiffer(
                    f"decisions: the log no longer holds what the anchor of {broken[0].time} says "
                    f"about writer {broken[0].writer}: run verify"
                )


def run_verify(args: argparse.Namespace) -> None:
    """Compare a log with an anchor."""
    from monitoring.decisions import open_decisions
    from monitoring.errors import DecisionsDiffer
    from monitoring.proof import check_name, find_anchor, verify_log
    from train.tables import fill_variables
    from train.tracking import mlflow_command

    place = fill_variables(args.decisions)
    with mlflow_command(), open_decisions(place) as reader:
        check_name(reader.log, place)
        # before the log is read: whatever an anchor holds must be there
        kept = find_anchor(reader.log, args.anchor or None)
        found = verify_log(reader, kept.anchor if kept is not None else None)
        print(
            f"log {reader.log}: {count(found.writers, 'writer')}, "
            f"{count(found.segments, 'segment')}, {count(found.records, 'record')}, "
            f"{found.erased} of them erased"
        )
        if kept is None:
            print("there is no anchor of this log: nothing is proven yet")
        else:
            proven = count(found.proven, "record")
            print(f"anchor {kept.run_id} of {kept.anchor.time}: it proves {proven}")
            if found.unanchored:
                are = "is" if found.unanchored == 1 else "are"
                print(f"{count(found.unanchored, 'writer')} {are} not in the anchor")
        if left := found.records - found.proven:
            print(f"{count(left, 'record')} not proven yet: no anchor holds them")
        for finding in found.findings:
            print(finding)
    if found.findings:
        raise DecisionsDiffer(
            f"decisions: {count(len(found.findings), 'finding')}, listed above: the log does not "
            "hold what was written"
        )


def run_prove(args: argparse.Namespace) -> None:
    """Print an inclusion proof of a decision."""
    from monitoring.decisions import open_decisions
    from monitoring.proof import check_name, find_anchor, prove_inclusion
    from scoring_model.decision_log import ID_PATTERN
    from train.errors import InputError
    from train.tables import fill_variables
    from train.tracking import mlflow_command

    if not re.fullmatch(ID_PATTERN, args.id):
        raise InputError("id: must be the id of a decision, from the header X-Decision-ID")
    place = fill_variables(args.decisions)
    with mlflow_command(), open_decisions(place) as reader:
        check_name(reader.log, place)
        proof = prove_inclusion(reader, args.id, find_anchor(reader.log))
    print(json.dumps(proof, indent=2, ensure_ascii=False))


def count(number: int, noun: str) -> str:
    """Return a number with its noun, such as `1 record`."""
    return f"{number} {noun}{'' if number == 1 else 's'}"

"""The commands `promote`, `rollback` and `history`."""

import argparse
import sys

from train.commands.parser import BOOLEANS, MODEL, MODEL_HELP, Commands, add_command
from train.errors import NotEarned

FORMATS = ("table", "json", "both")
PROMOTE, HISTORY = "move a version to a stage", "list all champions"
ROLLBACK = "put the previous champion back into production"
CONTRACT_HELP = "whether the version may refuse requests that the champion accepts"


def add_promotion(commands: Commands) -> None:
    """Add the commands `promote`, `rollback` and `history`."""
    add = add_command(commands, "promote", run_promote, PROMOTE).add_argument
    add("--model", default=MODEL, help=MODEL_HELP)
    add("--version", required=True, help="number of the version, or latest")
    add("--stage", required=True, help="Production, Staging or Archived")
    add("--override", default="", help="reason to promote although the gate refuses")
    add("--allow_contract_change", choices=BOOLEANS, default="false", help=CONTRACT_HELP)

    add = add_command(commands, "rollback", run_rollback, ROLLBACK).add_argument
    add("--model", default=MODEL, help=MODEL_HELP)
    add("--reason", required=True, help="why the champion is replaced")
    add("--allow_contract_change", choices=BOOLEANS, default="false", help=CONTRACT_HELP)

    add = add_command(commands, "history", run_history, HISTORY).add_argument
    add("--model", default=MODEL, help=MODEL_HELP)
    add("--format", choices=FORMATS, default="both", help="what to print")


def run_promote(args: argparse.Namespace) -> None:
    """Move a version to a stage; for Production it must pass the gate, or be overridden."""
    from train.promotion import (
        check_reason,
        check_stage,
        gate_table,
        log_challenge,
        move,
        next_step,
        note_promotion,
        note_refusal,
        open_registry,
        promote,
        try_challenger,
    )
    from train.tracking import OPERATIONS, main_run

    registry = open_registry(args.model)
    check_stage(args.stage)
    check_reason("override", args.override)
    number = str(registry.find_version(args.version).version)
    name = f"promote {registry.name} {number} to {args.stage}"
    with main_run(name, OPERATIONS) as run_id:
        if args.stage != "Production":
            version = move(registry, number, args.stage, print)
        else:
            allowed = args.allow_contract_change == "true"
            challenge = try_challenger(registry, number, allowed, print)
            table = gate_table(challenge)
            print(table)
            log_challenge(challenge)
            try:
                made = promote(challenge, args.override, run_id)
            except NotEarned:
                note_refusal(challenge)
                raise
            note_promotion(registry, made, table)
            version = made.version
            print(next_step(registry, made))
        print(f"version {version} of {registry.name} is in {args.stage}")


def run_rollback(args: argparse.Namespace) -> None:
    """Put the previous champion back into production."""
    from train.promotion import note_promotion, open_registry, roll_back
    from train.tracking import OPERATIONS, main_run, name_run

    name = f"roll back {args.model}"
    with main_run(name, OPERATIONS) as run_id:
        registry = open_registry(args.model)
        allowed = args.allow_contract_change == "true"
        made = roll_back(registry, args.reason.strip(), run_id, allowed, print)
        note_promotion(registry, made, "")
        name_run(f"{name} to {made.version}", instead_of=name)
        print(f"version {made.version} of {registry.name} is back in Production")


def run_history(args: argparse.Namespace) -> None:
    """Print which version was in production when, who moved it there, and on what evidence."""
    from train.promotion import list_tenures, open_registry, settle, to_json, to_table

    registry = open_registry(args.model)
    rows = list_tenures(settle(registry, _warn)) if registry.has_model() else ()
    if args.format != "json":
        print(to_table(rows) if rows else "no version has been in production yet")
    if args.format != "table":
        print(to_json(rows))


def _warn(line: str) -> None:
    print(line, file=sys.stderr)

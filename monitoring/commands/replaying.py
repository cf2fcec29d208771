"""The command `replay`."""

import argparse
from pathlib import PurePath

from monitoring.commands.proving import PLACE_HELP
from train.commands import ENGINE_HELP, Commands, add_command

URI_HELP = "URI of a version that no registry holds"
SAMPLE_HELP = "share of the decisions, in (0, 1]; the same ones each time"


def add_replay(commands: Commands) -> None:
    """Add the command `replay`."""
    about = "make logged decisions again, and compare them to the last bit"
    add = add_command(commands, "replay", run_replay, about).add_argument
    add("--decisions", required=True, help=PLACE_HELP)
    add("--from", default="", help="first day in UTC, such as 2026-11-01")
    add("--to", default="", help="last day in UTC, included")
    add("--sample", type=float, default=1.0, help=SAMPLE_HELP)
    add("--model_uri", default="", help=URI_HELP)
    add("--engine", choices=("local", "spark"), default="local", help=ENGINE_HELP)


def run_replay(args: argparse.Namespace) -> None:
    """Replay decisions, and log the result."""
    from train.tracking import OPERATIONS, main_run, mlflow_command

    with mlflow_command():
        from monitoring.decisions import VersionFinder, check_engine, open_decisions
        from monitoring.replay import replay_decisions, select_decisions
        from train.tables import fill_variables

        place, engine = fill_variables(args.decisions), args.engine
        selection = select_decisions(vars(args)["from"], args.to, args.sample)
        check_engine(place, engine)
        with open_decisions(place) as reader:
            finder = VersionFinder(args.model_uri)
            name = f"replay {PurePath(reader.shown).name or reader.shown}{selection}"
            with main_run(name, OPERATIONS):
                replay_decisions(reader, place, selection, finder, engine, print)

"""The command `recalibrate`."""

import argparse

from monitoring.commands.outcomes import (
    OUTCOMES_HELP,
    add_parameters,
    find_outcome_source,
    read_as_of,
)
from train.commands import Commands, add_command

RECALIBRATE = "make a version with the champion's trees and a new map and threshold from outcomes"


def add_recalibrate(commands: Commands) -> None:
    """Add the command `recalibrate`."""
    parser = add_command(commands, "recalibrate", run_recalibrate, RECALIBRATE)
    add_parameters(parser)
    parser.add_argument("--outcomes", required=True, help=OUTCOMES_HELP)


def run_recalibrate(args: argparse.Namespace) -> None:
    """Make a recalibrated version, register it, and apply the gate."""
    from train.errors import InputError
    from train.tracking import OPERATIONS, main_run, mlflow_command

    as_of = read_as_of(args.as_of)
    with mlflow_command():
        from monitoring.decisions import (
            VersionFinder,
            check_engine,
            find_model,
            open_decisions,
        )
        from monitoring.facts import Question, open_facts
        from monitoring.recalibration import find_recalibration, recalibrate_champion
        from train.tables import fill_variables

        outcomes = find_outcome_source(args)
        if outcomes is None:
            raise InputError("outcomes: recalibrate needs them: name the table by -P outcomes=")
        place = fill_variables(args.decisions)
        check_engine(place, args.engine)
        with open_decisions(place) as reader:
            model = args.model or find_model(reader)
            if not model:
                raise InputError("decisions: none of this log names a registered model")
            job = find_recalibration(model, args.portfolio, as_of)
            days = job.portfolio.monitoring.maturity_days
            question = Question(as_of, model, days, outcomes, with_margins=True)
            engine = (args.engine, args.memory_limit)
            with (
                main_run(f"recalibrate {model} {as_of}", OPERATIONS),
                open_facts(reader, place, question, VersionFinder(), *engine) as facts,
            ):
                recalibrate_champion(job, facts, print)

"""The commands `score` and `demo`."""

import argparse
from pathlib import Path, PurePath

from train.commands.parser import ENGINE_HELP, MEMORY_HELP, MODEL, MODEL_HELP, Commands, add_command

LOG_HELP = "folder or PostgreSQL database that gets a record of every decision; empty for none"
INVALID_HELP = "what to do with invalid rows: write them to a separate file, or stop"


def add_score(commands: Commands) -> None:
    """Add the command `score`."""
    add = add_command(commands, "score", run_score, "score tables of applicants").add_argument
    add("--input", required=True, help="file, folder, glob, URI or database of applicants")
    add("--query", default="", help="SQL that selects the applicants, if input is a database")
    add("--table", default="", help="table of the applicants, if input is a database")
    add("--output", required=True, help="file of the decisions, or database")
    add("--output_table", default="", help="table of the decisions, if output is a database")
    add("--model", default=MODEL, help="name of the registered model, whose champion scores")
    add(
        "--model_uri", default="", help="URI of the version to score with, in place of the champion"
    )
    add("--key", default="", help="column that identifies a row; default: the portfolio's key")
    add("--memory_limit", default="4GB", help=MEMORY_HELP)
    add("--on_invalid", choices=("reject", "fail"), default="reject", help=INVALID_HELP)
    add("--engine", choices=("local", "spark"), default="local", help=ENGINE_HELP)
    add("--decision_log", default="", help=LOG_HELP)


def add_demo(commands: Commands) -> None:
    """Add the command `demo`."""
    demo = add_command(commands, "demo", run_demo, "serve the champion and score one applicant")
    demo.add_argument("--model", default=MODEL, help=MODEL_HELP)


def run_score(args: argparse.Namespace) -> None:
    """Score tables of applicants."""
    from train.batch_scoring import fetch_model, find_job, open_log_of, score_files
    from train.engines import open_engine
    from train.promotion import open_registry
    from train.tables import Source, hide_password
    from train.tracking import OPERATIONS, main_run

    # first: a wrong model or input must not start a cluster
    uri = args.model_uri or open_registry(args.model).champion_uri
    model = fetch_model(uri, args.key or None)
    place = args.input if "://" in args.input else str(Path(args.input).absolute())
    source = Source(place, model.read, args.query, args.table)
    log = open_log_of(args.decision_log)
    job = find_job(model, source, args.output, args.output_table, args.on_invalid, log)
    version = hide_password(args.model_uri) or f"{args.model} {model.version}"
    name = f"score {PurePath(source.shown).name} with {version}"
    with main_run(name, OPERATIONS), open_engine(args.engine, args.memory_limit) as engine:
        score_files(job, engine, print)


def run_demo(args: argparse.Namespace) -> None:
    """Serve the champion, score one applicant, and print the test figures."""
    from train.demo import show_champion
    from train.promotion import open_registry

    show_champion(open_registry(args.model))

"""Train, promote and apply credit-scoring models, with one subcommand for each step."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from train.errors import InputError, NotEarned

DEFAULT_PORTFOLIO = "portfolios/sba/portfolio.toml"
ENGINES, FOLDS = ("local", "spark", "dask"), ("stratified", "time")
BOOLEANS, FORMATS = ("true", "false"), ("table", "json", "both")
ENGINE_HELP = "where the heavy work runs: on this machine or on a cluster"
MEMORY_HELP = "most memory that DuckDB may use to compute features from histories"
CONTRACT_HELP = "whether the version may refuse requests that the champion accepts"
INVALID_HELP = "what to do with invalid rows: write them to a separate file, or stop"
ROLLBACK_HELP = "put the previous champion back into production"


class Parser(argparse.ArgumentParser):
    """An argument parser that reports an error on one line and exits with status 1."""

    def error(self, message: str) -> NoReturn:
        """Print the error with the known names, unless argparse lists the choices; exit."""
        names = [name for a in self._actions for name in a.option_strings or a.choices or ()]
        known = [] if "choose from" in message else [n for n in names if n not in ("-h", "--help")]
        self.exit(1, f"error: {message}" + (f"; known: {', '.join(known)}\n" if known else "\n"))


def make_parser() -> Parser:
    """Return the parser of `python -m train`."""
    parser = Parser(prog="python -m train", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, dest="command", parser_class=Parser)
    for add in (_add_train, _add_promotion, _add_score, _add_demo):
        add(commands)
    return parser


def _add_train(commands: "argparse._SubParsersAction[Parser]") -> None:
    train = commands.add_parser("train", help="train and register a model", allow_abbrev=False)
    add = train.add_argument
    add("--portfolio", type=Path, default=Path(DEFAULT_PORTFOLIO), help="path of portfolio.toml")
    add("--max_evals", type=int, default=25, help="number of trials of the search")
    add("--false_negative_cost", type=float, default=10.0, help="cost of accepting a defaulter")
    add("--false_positive_cost", type=float, default=1.0, help="cost of refusing a good client")
    add("--folds", choices=FOLDS, default="stratified", help="folds are shuffled or split by date")
    add("--seed", type=int, default=0, help="the same seed on the same rows gives the same model")
    add("--resume", default="", help="id of an earlier run whose search is continued")
    add("--timeout_minutes", type=_optional_number, help="start no trial after this many minutes")
    add("--parallelism", type=int, default=1, help="number of trials that run at the same time")
    add("--memory_limit", default="4GB", help=MEMORY_HELP)
    add("--engine", choices=ENGINES, default="local", help=ENGINE_HELP)
    train.set_defaults(run=run_train, parser=train)


def _add_promotion(commands: "argparse._SubParsersAction[Parser]") -> None:
    promote = commands.add_parser("promote", help="move a version to a stage", allow_abbrev=False)
    add = promote.add_argument
    add("--version", required=True, help="number of the version, or latest")
    add("--stage", required=True, help="Production, Staging or Archived")
    add("--override", default="", help="reason to promote although the gate refuses")
    add("--allow_contract_change", choices=BOOLEANS, default="false", help=CONTRACT_HELP)
    promote.set_defaults(run=run_promote, parser=promote)

    rollback = commands.add_parser("rollback", help=ROLLBACK_HELP, allow_abbrev=False)
    rollback.add_argument("--reason", required=True, help="why the champion is replaced")
    rollback.set_defaults(run=run_rollback, parser=rollback)

    history = commands.add_parser("history", help="list all champions", allow_abbrev=False)
    history.add_argument("--format", choices=FORMATS, default="both", help="what to print")
    history.set_defaults(run=run_history, parser=history)


def _add_score(commands: "argparse._SubParsersAction[Parser]") -> None:
    score = commands.add_parser("score", help="score files of applicants", allow_abbrev=False)
    add = score.add_argument
    add("--input", required=True, help="file, folder or glob of CSV or Parquet")
    add("--output", type=Path, required=True, help="path of the file with the decisions")
    add("--model_uri", default="models:/credit-scoring@champion", help="model to score with")
    add("--key", default="", help="column that identifies a row; default: the portfolio's key")
    add("--memory_limit", default="4GB", help=MEMORY_HELP)
    add("--on_invalid", choices=("reject", "fail"), default="reject", help=INVALID_HELP)
    add("--engine", choices=("local", "spark"), default="local", help=ENGINE_HELP)
    score.set_defaults(run=run_score, parser=score)


def _add_demo(commands: "argparse._SubParsersAction[Parser]") -> None:
    demo = commands.add_parser("demo", help="serve the champion and score one applicant")
    demo.set_defaults(run=run_demo, parser=demo)


def _optional_number(text: str) -> float | None:
    """Read a number; MLproject passes an empty text for a parameter that was not set."""
    return float(text) if text else None


# Each command imports what it needs. MLflow alone takes seconds to import, and a wrong command line
# must be answered at once.


def run_train(args: argparse.Namespace) -> None:
    """Train on a portfolio, evaluate and register; the first version goes into production."""
    from train.engines import open_engine
    from train.pipeline import read, train_model
    from train.portfolio import Costs, load_portfolio
    from train.promotion import MODEL_NAME, place_new, register
    from train.settings import Settings
    from train.stages import Job
    from train.tracking import main_run
    from train.training_record import TrainingRecord, log_result, log_settings, version_tags

    with main_run() as run_id:
        settings = Settings(
            costs=Costs(args.false_negative_cost, args.false_positive_cost),
            max_evals=args.max_evals,
            folds=args.folds,
            seed=args.seed,
            parallelism=args.parallelism,
            timeout_minutes=args.timeout_minutes,
            engine=args.engine,
        )
        portfolio = load_portfolio(args.portfolio)
        log_settings(portfolio, settings)
        with open_engine(settings.engine, args.memory_limit) as engine:
            job = Job(portfolio, settings, engine, TrainingRecord(args.resume))
            model = train_model(read(job))
        uri = log_result(model)
        # the last step: a run that fails before it leaves no version
        version = register(uri, version_tags(model, run_id))
        stage = place_new(version)
        print(f"run {run_id}: version {version} of {MODEL_NAME} is in {stage}")
        if stage == "Staging":
            print(
                "to promote it: mlflow run . --env-manager local -e promote "
                f"-P version={version} -P stage=Production"
            )


def run_promote(args: argparse.Namespace) -> None:
    """Move a version to a stage; for Production it must pass the gate, or be overridden."""
    from train.promotion import (
        MODEL_NAME,
        check_reason,
        check_stage,
        gate_table,
        log_challenge,
        move,
        note_promotion,
        note_refusal,
        promote,
        try_challenger,
    )
    from train.tracking import main_run

    with main_run() as run_id:
        check_stage(args.stage)
        check_reason("override", args.override)
        if args.stage != "Production":
            version = move(args.version, args.stage, print)
        else:
            allowed = args.allow_contract_change == "true"
            challenge = try_challenger(args.version, allowed, print)
            table = gate_table(challenge)
            print(table)
            log_challenge(challenge)
            try:
                made = promote(challenge, args.override, run_id)
            except NotEarned:
                note_refusal(challenge)
                raise
            note_promotion(made, table)
            version = made.version
        print(f"version {version} of {MODEL_NAME} is in {args.stage}")


def run_rollback(args: argparse.Namespace) -> None:
    """Put the previous champion back into production."""
    from train.promotion import MODEL_NAME, note_promotion, roll_back
    from train.tracking import main_run

    with main_run() as run_id:
        made = roll_back(args.reason.strip(), run_id, print)
        note_promotion(made, "")
        print(f"version {made.version} of {MODEL_NAME} is back in Production")


def run_history(args: argparse.Namespace) -> None:
    """Print which version was in production when, who moved it there, and on what evidence."""
    from train.promotion import has_model, list_tenures, settle, to_json, to_table

    rows = list_tenures(settle(_warn)) if has_model() else ()
    if args.format != "json":
        print(to_table(rows) if rows else "no version has been in production yet")
    if args.format != "table":
        print(to_json(rows))


def _warn(line: str) -> None:
    print(line, file=sys.stderr)


def run_score(args: argparse.Namespace) -> None:
    """Score applicants from files."""
    from train.batch import BatchJob
    from train.batch_scoring import fetch_model, score_files
    from train.engines import open_engine
    from train.tracking import main_run

    with main_run():
        # first: a wrong model or input must not start a cluster
        model = fetch_model(args.model_uri, args.key or None)
        job = BatchJob(model, args.input, args.output, args.on_invalid)
        with open_engine(args.engine, args.memory_limit) as engine:
            score_files(job, engine, print)


def run_demo(_: argparse.Namespace) -> None:
    """Serve the champion, score one applicant, and print the test figures."""
    from train.demo import show_champion

    show_champion()


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
    from train.tracking import answering_registry, check_registry_answers

    # no progress bar for each small file
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    check_registry_answers()
    with answering_registry():
        args.run(args)


if __name__ == "__main__":
    sys.exit(main())

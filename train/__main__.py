"""The command line: one subcommand for each entry point of MLproject."""

import argparse
import os
import sys
from pathlib import Path
from typing import NoReturn

from train.errors import InputError, NotEarned

DEFAULT_PORTFOLIO = "portfolios/sba/portfolio.toml"
ENGINES = ("local", "spark", "dask")


class Parser(argparse.ArgumentParser):
    """Answers a wrong command line with one line and status 1, as every wrong input is."""

    def error(self, message: str) -> NoReturn:
        """Name the parameters there are, and exit."""
        options = [option for action in self._actions for option in action.option_strings]
        known = ", ".join(option for option in options if option not in ("-h", "--help"))
        self.exit(1, f"error: {message}" + (f"; known: {known}\n" if known else "\n"))


def make_parser() -> Parser:
    """Return the parser of `python -m train`."""
    parser = Parser(prog="python -m train", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, dest="command", parser_class=Parser)

    for add in (_add_train, _add_promotion, _add_score, _add_demo):
        add(commands)
    return parser


def _add_train(commands: "argparse._SubParsersAction[Parser]") -> None:
    train = commands.add_parser("train", help="train, evaluate, register", allow_abbrev=False)
    train.add_argument("--portfolio", type=Path, default=Path(DEFAULT_PORTFOLIO))
    train.add_argument("--max_evals", type=int, default=25)
    train.add_argument("--false_negative_cost", type=float, default=10.0)
    train.add_argument("--false_positive_cost", type=float, default=1.0)
    train.add_argument("--folds", choices=("stratified", "time"), default="stratified")
    train.add_argument("--seed", type=int, default=0)
    train.add_argument("--resume", default="", help="id of a run whose search is to go on")
    train.add_argument("--timeout_minutes", type=_optional_number, default=None)
    train.add_argument("--parallelism", type=int, default=1)
    train.add_argument("--memory_limit", default="4GB", help="of features from histories")
    train.add_argument("--engine", choices=ENGINES, default="local")
    train.set_defaults(run=run_train, parser=train)


def _add_promotion(commands: "argparse._SubParsersAction[Parser]") -> None:
    promote = commands.add_parser("promote", help="move a version to a stage", allow_abbrev=False)
    promote.add_argument("--version", required=True, help="a number, or latest")
    promote.add_argument("--stage", required=True, help="Production, Staging or Archived")
    promote.add_argument("--override", default="", help="why, if it is not earned")
    promote.add_argument("--allow_contract_change", choices=("true", "false"), default="false")
    promote.set_defaults(run=run_promote, parser=promote)

    rollback = commands.add_parser("rollback", help="back to the last champion", allow_abbrev=False)
    rollback.add_argument("--reason", required=True)
    rollback.set_defaults(run=run_rollback, parser=rollback)

    history = commands.add_parser("history", help="who was in production", allow_abbrev=False)
    history.add_argument("--format", choices=("table", "json", "both"), default="both")
    history.set_defaults(run=run_history, parser=history)


def _add_score(commands: "argparse._SubParsersAction[Parser]") -> None:
    score = commands.add_parser("score", help="score a body of loans", allow_abbrev=False)
    score.add_argument("--input", required=True, help="file, folder or glob")
    score.add_argument("--output", type=Path, required=True)
    score.add_argument("--model_uri", default="models:/credit-scoring@champion")
    score.add_argument("--key", default="", help="column; by default the portfolio's")
    score.add_argument("--memory_limit", default="4GB", help="of features from histories")
    score.add_argument("--on_invalid", choices=("reject", "fail"), default="reject")
    score.add_argument("--engine", choices=("local", "spark"), default="local")
    score.set_defaults(run=run_score, parser=score)


def _add_demo(commands: "argparse._SubParsersAction[Parser]") -> None:
    demo = commands.add_parser("demo", help="serve the champion and ask it once")
    demo.set_defaults(run=run_demo, parser=demo)


def _optional_number(text: str) -> float | None:
    """Read a number; empty, as MLproject gives what was not set, is none."""
    return float(text) if text else None


# Each command imports what it needs: MLflow alone takes seconds, and a wrong command line none.


def run_train(args: argparse.Namespace) -> None:
    """Train on a portfolio, evaluate, register, and promote the first version."""
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
        # last, so that a run that dies leaves no version
        version = register(uri, version_tags(model, run_id))
        stage = place_new(version)
        print(f"run {run_id}: version {version} of {MODEL_NAME} is in {stage}")
        if stage == "Staging":
            print(
                "to promote it: mlflow run . --env-manager local -e promote "
                f"-P version={version} -P stage=Production"
            )


def run_promote(args: argparse.Namespace) -> None:
    """Move a version to a stage; Production has to be earned."""
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
    """Put the champion before the present one back into production."""
    from train.promotion import MODEL_NAME, note_promotion, roll_back
    from train.tracking import main_run

    with main_run() as run_id:
        made = roll_back(args.reason.strip(), run_id, print)
        note_promotion(made, "")
        print(f"version {made.version} of {MODEL_NAME} is back in Production")


def run_history(args: argparse.Namespace) -> None:
    """Say which version was in production when, by whom and on what evidence."""
    from train.promotion import has_model, list_tenures, settle, to_json, to_table

    rows = list_tenures(settle(_warn)) if has_model() else ()
    if args.format != "json":
        print(to_table(rows) if rows else "no version was ever in production")
    if args.format != "table":
        print(to_json(rows))


def _warn(line: str) -> None:
    print(line, file=sys.stderr)


def run_score(args: argparse.Namespace) -> None:
    """Score a body of loans."""
    from train.batch import BatchJob
    from train.batch_scoring import fetch_model, score_files
    from train.engines import open_engine
    from train.tracking import main_run

    with main_run():
        # before a cluster is asked for anything
        model = fetch_model(args.model_uri, args.key or None)
        job = BatchJob(model, args.input, args.output, args.on_invalid)
        with open_engine(args.engine, args.memory_limit) as engine:
            score_files(job, engine, print)


def run_demo(_: argparse.Namespace) -> None:
    """Serve the champion, ask it once, and print what it is worth."""
    from train.demo import show_champion

    show_champion()


def main(argv: list[str] | None = None) -> int:
    """Run one subcommand; return the exit status."""
    args, unknown = make_parser().parse_known_args(argv)
    if unknown:
        # asked of the subcommand's own parser, which knows its parameters
        args.parser.error(f"unknown parameter {unknown[0]}")
    try:
        _run(args)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _run(args: argparse.Namespace) -> None:
    from train.tracking import answering_registry, check_registry_answers

    # a bar for each small file is noise
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    check_registry_answers()
    with answering_registry():
        args.run(args)


if __name__ == "__main__":
    sys.exit(main())

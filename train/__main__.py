"""The command line: one subcommand for each entry point of MLproject."""

import argparse
import os
import sys
from functools import partial
from pathlib import Path
from typing import NoReturn

from train.errors import InputError, NotEarned

DEFAULT_PORTFOLIO = "portfolios/sba/portfolio.toml"


class Parser(argparse.ArgumentParser):
    """Answers a wrong command line with one line and status 1, as every wrong input is."""

    def error(self, message: str) -> NoReturn:
        """Name the parameters there are, and exit."""
        options = [option for action in self._actions for option in action.option_strings]
        known = ", ".join(option for option in options if option not in ("-h", "--help"))
        self.exit(1, f"error: {message}" + (f"; known: {known}\n" if known else "\n"))


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of `python -m train`."""
    parser = Parser(prog="python -m train", description=__doc__, allow_abbrev=False)
    commands = parser.add_subparsers(required=True, dest="command", parser_class=Parser)

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
    train.add_argument("--engine", choices=("local", "spark", "dask"), default="local")
    train.set_defaults(run=run_train, parser=train)

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

    score = commands.add_parser("score", help="score a body of loans", allow_abbrev=False)
    score.add_argument("--input", required=True, help="file, folder or glob")
    score.add_argument("--output", type=Path, required=True)
    score.add_argument("--model_uri", default="models:/credit-scoring@champion")
    score.add_argument("--key", default="", help="column; by default the portfolio's")
    score.add_argument("--memory_limit", default="4GB", help="of features from histories")
    score.add_argument("--on_invalid", choices=("reject", "fail"), default="reject")
    score.add_argument("--engine", choices=("local", "spark"), default="local")
    score.set_defaults(run=run_score, parser=score)

    demo = commands.add_parser("demo", help="serve the champion and ask it once")
    demo.set_defaults(run=run_demo, parser=demo)
    return parser


def _optional_number(text: str) -> float | None:
    """Read a number; empty, as MLproject gives what was not set, is none."""
    return float(text) if text else None


# Each command imports what it needs: MLflow alone takes seconds, and a wrong command line none.


def run_train(args: argparse.Namespace) -> None:
    """Train on a portfolio, evaluate, register, and promote the first version."""
    from train import promotion, registry, tracking
    from train.costs import Costs
    from train.data import load_data
    from train.engine import open_engine
    from train.feature_selection import find_useless
    from train.pipeline import train_model
    from train.portfolio import load_portfolio
    from train.settings import Settings

    with tracking.main_run() as run_id:
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
        tracking.log_settings(portfolio, settings)
        useless = partial(find_useless, seed=args.seed)
        with open_engine(settings.engine) as engine:
            on_spark = settings.engine == "spark"
            data = load_data(portfolio, args.memory_limit, useless, on_spark=on_spark)
            model = train_model(
                portfolio,
                data,
                settings,
                tracking.log_trial,
                print,
                lambda identity: tracking.begin_search(args.resume, identity),
                engine,
            )
        uri = tracking.log_result(portfolio, data, settings, model)
        # last, so that a run that dies leaves no version
        version = registry.register(uri, tracking.version_tags(portfolio, data, model, run_id))
        stage = promotion.place_new(version)
        print(f"run {run_id}: version {version} of {registry.MODEL_NAME} is in {stage}")
        if stage == "Staging":
            print(
                "to promote it: mlflow run . --env-manager local -e promote "
                f"-P version={version} -P stage=Production"
            )


def run_promote(args: argparse.Namespace) -> None:
    """Move a version to a stage; Production has to be earned."""
    from train import promotion, promotion_record, registry, tracking

    with tracking.main_run() as run_id:
        registry.check_stage(args.stage)
        promotion.check_reason("override", args.override)
        if args.stage != "Production":
            version = promotion.move(args.version, args.stage, print)
        else:
            allowed = args.allow_contract_change == "true"
            trial = promotion.try_challenger(args.version, allowed, print)
            table = promotion_record.gate_table(trial)
            print(table)
            promotion_record.log_trial(trial)
            try:
                made = promotion.promote(trial, args.override, run_id)
            except NotEarned:
                promotion_record.note_refusal(trial)
                raise
            promotion_record.note_promotion(made, table)
            version = made.version
        print(f"version {version} of {registry.MODEL_NAME} is in {args.stage}")


def run_rollback(args: argparse.Namespace) -> None:
    """Put the champion before the present one back into production."""
    from train import promotion, promotion_record, registry, tracking

    with tracking.main_run() as run_id:
        made = promotion.roll_back(args.reason.strip(), run_id, print)
        promotion_record.note_promotion(made, "")
        print(f"version {made.version} of {registry.MODEL_NAME} is back in Production")


def run_history(args: argparse.Namespace) -> None:
    """Say which version was in production when, by whom and on what evidence."""
    from train import history, promotion, registry

    rows = history.tenures(promotion.settle(_warn)) if registry.has_model() else ()
    if args.format != "json":
        print(history.to_table(rows) if rows else "no version was ever in production")
    if args.format != "table":
        print(history.to_json(rows))


def _warn(line: str) -> None:
    print(line, file=sys.stderr)


def run_score(args: argparse.Namespace) -> None:
    """Score a body of loans."""
    from train import batch_run, tracking

    with tracking.main_run():
        batch_run.score_files(
            args.input,
            args.output,
            args.model_uri,
            args.key or None,
            args.on_invalid,
            args.memory_limit,
            args.engine,
            print,
        )


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
    from train.connection import answering_registry, check_registry_answers

    # a bar for each small file is noise
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    check_registry_answers()
    with answering_registry():
        args.run(args)


if __name__ == "__main__":
    sys.exit(main())

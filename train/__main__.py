"""The command line: one subcommand for each entry point of MLproject."""

import argparse
import sys
from pathlib import Path
from typing import NoReturn

from train.errors import InputError

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
    train.set_defaults(run=run_train, parser=train)

    promote = commands.add_parser("promote", help="move a version to a stage", allow_abbrev=False)
    promote.add_argument("--version", type=int, required=True)
    promote.add_argument("--stage", required=True)
    promote.set_defaults(run=run_promote, parser=promote)

    demo = commands.add_parser("demo", help="serve the champion and ask it once")
    demo.set_defaults(run=run_demo, parser=demo)
    return parser


# Each command imports what it needs: MLflow alone takes seconds, and a wrong command line none.


def run_train(args: argparse.Namespace) -> None:
    """Train on a portfolio, evaluate, register, and promote the first version."""
    from train import registry, tracking
    from train.costs import Costs
    from train.data import load_data
    from train.pipeline import train_model
    from train.portfolio import load_portfolio
    from train.settings import Settings

    with tracking.main_run() as run_id:
        settings = Settings(
            costs=Costs(args.false_negative_cost, args.false_positive_cost),
            max_evals=args.max_evals,
            folds=args.folds,
            seed=args.seed,
        )
        portfolio = load_portfolio(args.portfolio)
        tracking.log_settings(portfolio, settings)
        data = load_data(portfolio)
        model = train_model(portfolio, data, settings, tracking.log_trial, print)
        uri = tracking.log_result(portfolio, data, settings, model)
        # last, so that a run that dies leaves no version
        version = registry.register(uri, tracking.version_tags(portfolio, data, model, run_id))
        stage = "Staging" if registry.champion() else "Production"
        registry.promote(version, stage)
        print(f"run {run_id}: version {version} of {registry.MODEL_NAME} is in {stage}")
        if stage == "Staging":
            print(
                f"to promote it: mlflow run . -e promote -P version={version} -P stage=Production"
            )


def run_promote(args: argparse.Namespace) -> None:
    """Move a version to a stage."""
    from train import registry

    registry.promote(args.version, args.stage)
    print(f"version {args.version} of {registry.MODEL_NAME} is in {args.stage}")


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
        args.run(args)
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

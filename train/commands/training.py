"""The command `train`."""

import argparse
from contextlib import ExitStack
from pathlib import Path

from train.commands.parser import (
    ENGINE_HELP,
    MEMORY_HELP,
    Commands,
    add_command,
    optional_number,
)

DEFAULT_PORTFOLIO = "portfolios/sba/portfolio.toml"
MODEL_HELP = "name of the registered model; default: [portfolio] model, or the portfolio's name"
ENGINES, FOLDS = ("local", "spark", "dask"), ("stratified", "time")


def add_train(commands: Commands) -> None:
    """Add the command `train`."""
    add = add_command(commands, "train", run_train, "train and register a model").add_argument
    add("--portfolio", type=Path, default=Path(DEFAULT_PORTFOLIO), help="path of portfolio.toml")
    add("--model", default="", help=MODEL_HELP)
    add("--max_evals", type=int, default=25, help="number of trials of the search")
    add("--false_negative_cost", type=float, default=10.0, help="cost of accepting a defaulter")
    add("--false_positive_cost", type=float, default=1.0, help="cost of refusing a good client")
    add("--folds", choices=FOLDS, default="stratified", help="folds are shuffled or split by date")
    add("--seed", type=int, default=0, help="the same seed on the same rows gives the same model")
    add("--resume", default="", help="id of an earlier run whose search is continued")
    add("--timeout_minutes", type=optional_number, help="start no trial after this many minutes")
    add("--parallelism", type=int, default=1, help="number of trials that run at the same time")
    add("--memory_limit", default="4GB", help=MEMORY_HELP)
    add("--engine", choices=ENGINES, default="local", help=ENGINE_HELP)


def run_train(args: argparse.Namespace) -> None:
    """Train on a portfolio, evaluate and register; the first version goes into production."""
    from train.engines import open_engine
    from train.pipeline import read, train_model
    from train.portfolio import Costs, load_portfolio
    from train.promotion import judge_usefulness, next_step, place_new, registry_of
    from train.settings import Settings
    from train.stages import Job
    from train.tables import kept_rows
    from train.tracking import main_run
    from train.training_record import TrainingRecord, log_result, log_settings, version_tags

    with main_run() as run_id, ExitStack() as rows:
        settings = Settings(
            costs=Costs(args.false_negative_cost, args.false_positive_cost),
            max_evals=args.max_evals,
            folds=args.folds,
            seed=args.seed,
            parallelism=args.parallelism,
            timeout_minutes=args.timeout_minutes,
            engine=args.engine,
        )
        portfolio = rows.enter_context(kept_rows(load_portfolio(args.portfolio)))
        registry = registry_of(portfolio, args.model, print)
        log_settings(portfolio, settings)
        with open_engine(settings.engine, args.memory_limit) as engine:
            job = Job(portfolio, settings, engine, TrainingRecord(args.resume))
            model = train_model(read(job))
        uri = log_result(model)
        # the last step: a run that fails before it leaves no version
        version = registry.register(uri, version_tags(model, run_id))
        evaluation, limits = model.evaluation, portfolio.gate
        use = judge_usefulness(model.data.test.y, evaluation.cost_of_each, model.test_costs, limits)
        made = place_new(registry, version, use)
        print(f"run {run_id}: version {version} of {registry.name} is in {made.stage}")
        print(next_step(registry, made))

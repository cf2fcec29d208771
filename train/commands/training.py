"""The command `train`."""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from train.commands.parser import (
    ENGINE_HELP,
    MEMORY_HELP,
    Commands,
    add_command,
    optional_number,
)

if TYPE_CHECKING:
    from train.record import Record
    from train.settings import Settings

DEFAULT_PORTFOLIO = "portfolios/sba/portfolio.toml"
MODEL_HELP = "name of the registered model; default: [portfolio] model, or the portfolio's name"
ENGINES, FOLDS = ("local", "spark", "dask"), ("stratified", "time")
# What a resumed search takes from the earlier run. Time and memory are limits of one run only.
OF_A_SEARCH = (
    *("portfolio", "model", "max_evals", "false_negative_cost", "false_positive_cost"),
    *("folds", "seed", "parallelism", "engine"),
)


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
    add(
        "--resume",
        default="",
        help="id of an earlier run whose search is continued, with its settings",
    )
    add("--timeout_minutes", type=optional_number, help="start no trial after this many minutes")
    add("--parallelism", type=int, default=1, help="number of trials that run at the same time")
    add("--memory_limit", default="4GB", help=MEMORY_HELP)
    add("--engine", choices=ENGINES, default="local", help=ENGINE_HELP)


def run_train(args: argparse.Namespace) -> None:
    """Train on a portfolio, evaluate and register; the first version goes into production."""
    from train.description import describe_model, name_training, trainings_of
    from train.engines import open_engine
    from train.pipeline import read, train_model
    from train.portfolio import load_portfolio
    from train.promotion import judge_usefulness, next_step, place_new, registry_of
    from train.stages import Job
    from train.tables import kept_rows
    from train.tracking import main_run, name_run
    from train.training_record import TrainingRecord, log_settings
    from train.training_results import log_result

    with ExitStack() as stack:
        record = TrainingRecord(args.resume)
        stack.callback(record.print_waiting)
        taken = take_settings(args, record) if args.resume else {}
        settings = _settings_of(args)
        portfolio = stack.enter_context(kept_rows(load_portfolio(args.portfolio)))
        registry = registry_of(portfolio, args.model, record.say)
        name = name_training(portfolio)
        # the run that `mlflow run` opened has a name even if the read fails
        name_run(name)
        with open_engine(settings.engine, args.memory_limit) as engine:
            loans = read(Job(portfolio, settings, engine, record))
            # opened now, so that a failed read leaves no run
            run_id = stack.enter_context(main_run(name, trainings_of(portfolio)))
            record.print_waiting()
            log_settings(portfolio, settings, args.model, taken)
            model = train_model(loans)
        logged = log_result(model, name)
        # the last step: a run that fails before it leaves no version
        version = registry.register(*logged)
        evaluation, limits = model.evaluation, portfolio.gate
        use = judge_usefulness(model.data.test.y, evaluation.cost_of_each, model.test_costs, limits)
        registry.describe(describe_model(portfolio, registry.serve_command))
        made = place_new(registry, version, use)
        print(f"run {run_id}: version {version} of {registry.name} is in {made.stage}")
        print(next_step(registry, made))


def _settings_of(args: argparse.Namespace) -> "Settings":
    from train.portfolio import Costs
    from train.settings import Settings

    return Settings(
        costs=Costs(args.false_negative_cost, args.false_positive_cost),
        max_evals=args.max_evals,
        folds=args.folds,
        seed=args.seed,
        parallelism=args.parallelism,
        timeout_minutes=args.timeout_minutes,
        engine=args.engine,
    )


def take_settings(args: argparse.Namespace, record: "Record") -> dict[str, Any]:
    """Take the settings that are not given from the run to resume, and return them.

    `mlflow run` passes every default, so a value that equals the default counts as not given.

    Parameters
    ----------
    args : Namespace
        It is changed.
    record : Record
        Receives a note with these settings.

    Raises
    ------
    InputError
        There is no such run.
    """
    from train.tracking import settings_of

    earlier = settings_of(args.resume)
    texts = [f"--{name}={earlier[name]}" for name in OF_A_SEARCH if name in earlier]
    there = args.parser.parse_args(texts)
    taken = {}
    for name in OF_A_SEARCH:
        value = getattr(there, name)
        if getattr(args, name) == args.parser.get_default(name) != value:
            taken[name] = value
            setattr(args, name, value)
    if taken:
        values = ", ".join(f"{name} {value}" for name, value in taken.items())
        record.note(f"from the run {args.resume}: {values}")
    return taken

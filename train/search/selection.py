"""Plan the search before it runs, and choose the final model's members after it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

from scoring_model.types import FloatArray, LabelArray
from train.data import LabelledRows, PortfolioData
from train.errors import InputError
from train.fitting import (
    MAX_TREES,
    BoostingParams,
    FoldedRows,
    Member,
    Treatment,
    available_treatments,
    fit_fold,
    make_fold,
    repeat_folds,
    search_rows,
    split_folds,
)
from train.monotone import constraint_params
from train.portfolio import LoanCosts, Portfolio
from train.portfolio.sections import MeasureName
from train.search.resume import identify
from train.search.runner import Trial
from train.search.space import SearchPlan, describe_space, search_space
from train.search.tuning import SEARCH_FOLDS, Search
from train.settings import Settings

# Added to the run's seed to get other folds. On the folds of the search its winner looks too good.
TREES_SEED = 1
TREES_FOLDS = 8
# The final model is the mean of several boosters with the parameters of the best trials. With few
# rows one booster depends much on chance, so there are eight. With more rows there are fewer: one
# booster is reliable, and each costs time.
MAX_MEMBERS = 8
MEMBER_ROWS = 40_000
# A trial whose loss is larger than the best one's by this share has a weight of 1/e. The same
# trials differ two to three times as much in 1 - AUC.
FALL: Mapping[MeasureName, float] = {"cost": 0.02, "log_loss": 0.02, "auc": 0.05}
# A trial with a smaller weight is left out: its trees would slow down the server for nothing.
LEAST_WEIGHT = 0.05


@dataclass(frozen=True, slots=True, eq=False)
class PlannedSearch:
    """A search that is ready to begin.

    Attributes
    ----------
    rows : FoldedRows
        All training rows, or a sample if there are many.
    costs : LoanCosts
        What wrong decisions on these rows cost.
    plan : SearchPlan
    identity : mapping of str to str
        Tags that an earlier search must share to be continued by this one.
    notes : tuple of str
        Notes for the user, one line each.
    """

    rows: FoldedRows
    costs: LoanCosts
    plan: SearchPlan
    identity: Mapping[str, str]
    notes: tuple[str, ...]


def plan_search(
    portfolio: Portfolio, data: PortfolioData, costs: LoanCosts, settings: Settings
) -> PlannedSearch:
    """Plan the search on a portfolio's training rows.

    Parameters
    ----------
    portfolio : Portfolio
    data : PortfolioData
    costs : LoanCosts
        What wrong decisions on the training rows cost.
    settings : Settings

    Raises
    ------
    InputError
        The section `[model]` leaves nothing to search.
    """
    train, categorical = data.train, data.contract.categorical_indices
    model, notes = portfolio.model_settings, list[str]()
    rows = search_rows(train.y, settings.seed)
    if len(rows) < len(train.y):
        sample = f"{len(rows)} of {len(train.y)} training rows"
        notes.append(f"the search uses a stratified sample of {sample}")
    matrix, y = train.matrix[rows], train.y[rows]
    treatments = _choose_treatments(portfolio, matrix, y, categorical, notes)
    dates = decision_dates(portfolio, train)
    repeats = repeat_folds(
        y, settings.folds, SEARCH_FOLDS, settings.seed, None if dates is None else dates[rows]
    )
    splits = tuple(split for splits in repeats for split in splits)
    plan = SearchPlan(
        treatments,
        settings.max_evals,
        settings.seed,
        parallelism=settings.parallelism,
        timeout_minutes=settings.timeout_minutes,
        # a hopeless trial is stopped after half of a single shuffle, or the first of several
        first_folds=SEARCH_FOLDS // 2 if len(repeats) == 1 else SEARCH_FOLDS,
        fixed={**model.fixed, **constraint_params(portfolio, data.contract)},
        ranges=model.ranges,
        measure=model.measure,
    )
    fit_rows = len(splits[0][0])
    if not search_space(plan, fit_rows):
        raise InputError(
            f"{portfolio.path}: [model] fixes every parameter: leave one to the search"
        )
    identity = _identify(portfolio, data, settings, plan, fit_rows)
    folded = FoldedRows(matrix, y, splits, categorical)
    return PlannedSearch(folded, costs.take(rows), plan, identity, tuple(notes))


def _identify(
    portfolio: Portfolio, data: PortfolioData, settings: Settings, plan: SearchPlan, rows: int
) -> dict[str, str]:
    # the directions by name, in place of LightGBM's long list
    space = describe_space(replace(plan, fixed=portfolio.model_settings.fixed), rows)
    if portfolio.monotone:
        space["monotone"] = dict(portfolio.monotone)
    costs = _describe_costs(portfolio, settings)
    return identify(data.digest, settings, space, costs, data.contract)


def _choose_treatments(
    portfolio: Portfolio,
    matrix: FloatArray,
    y: LabelArray,
    categorical: tuple[int, ...],
    notes: list[str],
) -> tuple[Treatment, ...]:
    """Return the treatments that suit the rows, and that the portfolio leaves to the search."""
    available, left_out = available_treatments(matrix, y, categorical)
    asked = portfolio.model_settings.treatments or (*available, *left_out)
    why = [
        f"{name} is left out of the search: {why}"
        for name, why in left_out.items()
        if name in asked
    ]
    if chosen := tuple(name for name in available if name in asked):
        notes += why
        return chosen
    raise InputError(
        f"{portfolio.path}: [model] treatments: none works on this table ({'; '.join(why)}): "
        "name another one"
    )


def _describe_costs(portfolio: Portfolio, settings: Settings) -> str:
    """Return the costs that measure the decisions, as text."""
    if portfolio.costs.decides:
        return f"{portfolio.costs.false_negative} to {portfolio.costs.false_positive}"
    return f"{settings.costs.false_negative!r} to {settings.costs.false_positive!r}"


def decision_dates(portfolio: Portfolio, rows: LabelledRows) -> NDArray[np.datetime64] | None:
    """Return the day of each decision, shape (rows,), or None if the portfolio names no column."""
    if portfolio.decision_date is None:
        return None
    return rows.frame[portfolio.decision_date].to_numpy()


def choose_members(
    search: Search,
    train: LabelledRows,
    categorical: tuple[int, ...],
    seed: int,
    measure: MeasureName = "cost",
) -> tuple[Member, ...]:
    """Return the members of the final model, that of the best trial first.

    They are the best trials. The weight of a trial falls with its loss.

    Parameters
    ----------
    search : Search
        The finished search.
    train : LabelledRows
        All training rows.
    categorical : tuple of int
        Columns of the matrix that hold category codes.
    seed : int
        The run's seed.
    measure : {"cost", "log_loss", "auc"}
        What the search has minimised.
    """
    count = min(MAX_MEMBERS, MEMBER_ROWS // len(train.y))
    if count <= 1:
        return (Member(_with_trees(search.best.params, train, categorical, seed), 1.0),)
    best = search.best
    complete = sorted((t for t in search.trials if not t.stopped), key=lambda trial: trial.loss)
    ranked = [Member(trial.params, _weight(trial, best, FALL[measure])) for trial in complete]
    good = [member for member in ranked if member.weight >= LEAST_WEIGHT]
    members, trees = [], 0
    # if there are too few good trials, they are used again; each member has another seed
    for member in islice(cycle(good), count):
        own = member.params.trees or 0
        # all members together may have as many trees as one booster: each tree slows down serving
        if trees + own <= MAX_TREES:
            trees += own
            members.append(member)
    return tuple(members)


def _weight(trial: Trial, best: Trial, fall: float) -> float:
    """Return the weight of a trial, between 0 and 1."""
    if trial.loss <= best.loss:
        return 1.0
    # a loss of 0 is possible if a feature gives the outcome away
    return math.exp((1.0 - trial.loss / best.loss) / fall) if best.loss > 0 else 0.0


def _with_trees(
    best: BoostingParams, train: LabelledRows, categorical: tuple[int, ...], seed: int
) -> BoostingParams:
    """Return the parameters with a number of trees that suits all training rows."""
    if len(search_rows(train.y, seed)) == len(train.y):
        return best
    # all rows need more trees than the search's sample: one fit with early stopping finds how many
    splits = split_folds(train.y, "stratified", TREES_FOLDS, seed + TREES_SEED)
    fold = make_fold(train.matrix, train.y, *splits[0], categorical)
    booster = fit_fold(fold, replace(best, trees=None), seed)
    return replace(best, trees=booster.best_iteration)

"""Plan the search before it runs, and choose the final model's members after it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

from train.data import LabelledRows, PortfolioData
from train.fitting import (
    MAX_TREES,
    BoostingParams,
    FoldedRows,
    available_treatments,
    fit_fold,
    make_fold,
    repeat_folds,
    search_rows,
    split_folds,
)
from train.portfolio import LoanCosts, Portfolio
from train.search.resume import identify
from train.search.space import describe_space
from train.search.tuning import SEARCH_FOLDS, Search, SearchPlan
from train.settings import Settings

# Added to the run's seed to get other folds. On the folds of the search its winner looks too good.
TREES_SEED = 1
TREES_FOLDS = 8
# The final model is the mean of several boosters with the parameters of the best trials. With few
# rows one booster depends much on chance, so there are eight. With more rows there are fewer: one
# booster is reliable, and each costs time.
MAX_MEMBERS = 8
MEMBER_ROWS = 40_000
# A trial is as good as the best one if its loss is at most this many times the best one's loss.
NEAR = 1.02


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
    """
    train, categorical = data.train, data.contract.categorical_indices
    notes: list[str] = []
    rows = search_rows(train.y, settings.seed)
    if len(rows) < len(train.y):
        sample = f"{len(rows)} of {len(train.y)} training rows"
        notes.append(f"the search uses a stratified sample of {sample}")
    matrix, y = train.matrix[rows], train.y[rows]
    treatments, left_out = available_treatments(matrix, y, categorical)
    notes += [f"{name} is left out of the search: {why}" for name, why in left_out.items()]
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
    )
    space = describe_space(treatments, len(splits[0][0]))
    identity = identify(data.digest, settings, space, _describe_costs(portfolio, settings))
    folded = FoldedRows(matrix, y, splits, categorical)
    return PlannedSearch(folded, costs.take(rows), plan, identity, tuple(notes))


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
    search: Search, train: LabelledRows, categorical: tuple[int, ...], seed: int
) -> tuple[BoostingParams, ...]:
    """Return the parameters of the final model's members, those of the best trial first.

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
    """
    count = min(MAX_MEMBERS, MEMBER_ROWS // len(train.y))
    if count <= 1:
        return (_with_trees(search.best.params, train, categorical, seed),)
    best = search.best
    near = [t for t in search.trials if not t.stopped and t.loss <= NEAR * best.loss]
    ranked = [trial.params for trial in sorted(near, key=lambda trial: trial.loss)]
    members, trees = [best.params], best.params.trees or 0
    # if there are too few good trials, they are used again; each member has another seed
    for params in islice(cycle(ranked), 1, count):
        trees += params.trees or 0
        # all members together may have as many trees as one booster: each tree slows down serving
        if trees > MAX_TREES:
            break
        members.append(params)
    return tuple(members)


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

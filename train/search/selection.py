"""Before and after the search: what it runs on, and what the final model is made of."""

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

# Added to the run's seed, as the rows that a search held out flatter its winner.
TREES_SEED = 1
TREES_FOLDS = 8
# The final model is a mean of the best trials' models: of eight where rows are few and one alone is
# half luck, of fewer as rows come, of one where each is dear.
MAX_MEMBERS = 8
MEMBER_ROWS = 40_000
# Loss of a trial over the best one's from which it is no longer as good.
NEAR = 1.02


@dataclass(frozen=True, slots=True, eq=False)
class PlannedSearch:
    """A search that can begin.

    Attributes
    ----------
    rows : FoldedRows
        All training rows, or a sample where they are many.
    costs : LoanCosts
        What wrong decisions on these rows cost.
    plan : SearchPlan
    identity : mapping of str to str
        What another search must share to go on as this one.
    notes : tuple of str
        What the user should hear, a line each.
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
        # the halves of one shuffle, or one of several shuffles
        first_folds=SEARCH_FOLDS // 2 if len(repeats) == 1 else SEARCH_FOLDS,
    )
    space = describe_space(treatments, len(splits[0][0]))
    identity = identify(data.digest, settings, space, _describe_costs(portfolio, settings))
    folded = FoldedRows(matrix, y, splits, categorical)
    return PlannedSearch(folded, costs.take(rows), plan, identity, tuple(notes))


def _describe_costs(portfolio: Portfolio, settings: Settings) -> str:
    """Return what decisions are measured by, as text."""
    if portfolio.costs.decides:
        return f"{portfolio.costs.false_negative} to {portfolio.costs.false_positive}"
    return f"{settings.costs.false_negative!r} to {settings.costs.false_positive!r}"


def decision_dates(portfolio: Portfolio, rows: LabelledRows) -> NDArray[np.datetime64] | None:
    """Return the day of each decision, shape (rows,), where the portfolio has one."""
    if portfolio.decision_date is None:
        return None
    return rows.frame[portfolio.decision_date].to_numpy()


def choose_members(
    search: Search, train: LabelledRows, categorical: tuple[int, ...], seed: int
) -> tuple[BoostingParams, ...]:
    """Return what the final model is the mean of, the best trial's parameters first.

    Parameters
    ----------
    search : Search
    train : LabelledRows
        All training rows.
    categorical : tuple of int
    seed : int
    """
    count = min(MAX_MEMBERS, MEMBER_ROWS // len(train.y))
    if count <= 1:
        return (_with_trees(search.best.params, train, categorical, seed),)
    best = search.best
    near = [t for t in search.trials if not t.stopped and t.loss <= NEAR * best.loss]
    ranked = [trial.params for trial in sorted(near, key=lambda trial: trial.loss)]
    members, trees = [best.params], best.params.trees or 0
    # where few trials are near, they come again with other seeds
    for params in islice(cycle(ranked), 1, count):
        trees += params.trees or 0
        # together no more than one booster may have: serving pays for each tree
        if trees > MAX_TREES:
            break
        members.append(params)
    return tuple(members)


def _with_trees(
    best: BoostingParams, train: LabelledRows, categorical: tuple[int, ...], seed: int
) -> BoostingParams:
    """Return the parameters with the number of trees that suits all training rows."""
    if len(search_rows(train.y, seed)) == len(train.y):
        return best
    # more rows carry more trees than the search's sample did: stop once early on a part of them
    splits = split_folds(train.y, "stratified", TREES_FOLDS, seed + TREES_SEED)
    fold = make_fold(train.matrix, train.y, *splits[0], categorical)
    booster = fit_fold(fold, replace(best, trees=None), seed)
    return replace(best, trees=booster.best_iteration)

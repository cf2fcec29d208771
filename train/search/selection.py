"""Search a portfolio's training rows for the parameters of the final model."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice

import numpy as np
from numpy.typing import NDArray

from train.boosting import MAX_TREES, BoostingParams, FoldedRows, fit_fold, make_fold
from train.costs import LoanCosts
from train.data import LabelledRows, PortfolioData
from train.engine import Engine
from train.folds import repeat_folds, search_rows, split_folds
from train.portfolio import Portfolio
from train.resume import identify
from train.sampling import available_treatments
from train.settings import Settings
from train.space import describe_space
from train.tuning import SEARCH_FOLDS, Search, SearchPlan, Trial, tune

# Added to the run's seed, as the rows that a search held out flatter its winner.
TREES_SEED = 1
TREES_FOLDS = 8
# The final model is a mean of the best trials' models: of eight where rows are few and one alone is
# half luck, of fewer as rows come, of one where each is dear.
MAX_MEMBERS = 8
MEMBER_ROWS = 40_000
# Loss of a trial over the best one's from which it is no longer as good.
NEAR = 1.02


def search_params(
    portfolio: Portfolio,
    data: PortfolioData,
    costs: LoanCosts,
    settings: Settings,
    on_search: Callable[[Mapping[str, str]], Sequence[Trial]],
    on_trial: Callable[[Trial], None],
    note: Callable[[str], None],
    engine: Engine,
) -> Search:
    """Search on a portfolio's training rows, or on a sample where they are many.

    Parameters
    ----------
    portfolio : Portfolio
    data : PortfolioData
    costs : LoanCosts
        Of the training rows.
    settings : Settings
    on_search : callable
        Called with what identifies the search; returns the trials that it need not run again.
    on_trial : callable
        Called with each finished trial.
    note : callable
        Called with what the user should hear.
    engine : Engine
    """
    train, categorical = data.train, data.contract.categorical_indices
    rows = search_rows(train.y, settings.seed)
    if len(rows) < len(train.y):
        note(f"the search uses a stratified sample of {len(rows)} of {len(train.y)} training rows")
    matrix, y = train.matrix[rows], train.y[rows]
    treatments, left_out = available_treatments(matrix, y, categorical)
    for treatment, why in left_out.items():
        note(f"{treatment} is left out of the search: {why}")
    dates = decision_dates(portfolio, train)
    repeats = repeat_folds(
        y, settings.folds, SEARCH_FOLDS, settings.seed, None if dates is None else dates[rows]
    )
    splits = tuple(split for splits in repeats for split in splits)
    folded = FoldedRows(matrix, y, splits, categorical)
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
    finished = on_search(
        identify(data.digest, settings, space, _describe_costs(portfolio, settings))
    )
    if finished:
        note(f"the search goes on after {len(finished)} trials of an earlier run")
    if engine.tune is not None:
        search = engine.tune(folded, costs.take(rows), plan, on_trial, finished)
    else:
        search = tune(folded.bin(), costs.take(rows), plan, on_trial, finished)
    if search.stopped:
        note(
            f"{search.stopped} of {len(search.trials)} trials were stopped after their first folds"
        )
    return search


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

"""The hyperopt search for the parameters whose decisions cost least."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from hyperopt import STATUS_OK, fmin, hp, tpe
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold, train_test_split

from train.boosting import BoostingParams, Fold, fit_fold, make_fold, margins
from train.costs import Costs
from train.errors import InputError
from train.sampling import Treatment
from train.threshold import lowest_cost

FloatArray = NDArray[np.float64]
FoldMethod = Literal["stratified", "time"]

SEARCH_FOLDS = 5
# A search needs the order of trials, not their exact cost: more rows than this only make it slow.
SEARCH_ROWS = 40_000
WHOLE = ("num_leaves", "min_data_in_leaf", "min_data_per_group")


@dataclass(frozen=True, slots=True)
class Trial:
    """One point of the search and what it cost.

    Attributes
    ----------
    number : int
        From 0.
    params : BoostingParams
        `trees` is the mean of the folds' early stops.
    cost_per_applicant : float
        On held-out rows of all folds at the best threshold.
    """

    number: int
    params: BoostingParams
    cost_per_applicant: float


@dataclass(frozen=True, slots=True)
class Search:
    """All trials of a search, in order; `best` is the cheapest."""

    trials: tuple[Trial, ...] = field(default_factory=tuple)

    @property
    def best(self) -> Trial:
        """The trial that costs least, the first of equals."""
        return min(self.trials, key=lambda trial: trial.cost_per_applicant)


def search_space(treatments: Sequence[Treatment], rows: int) -> dict[str, Any]:
    """Return hyperopt's space for `rows` training rows."""
    smallest_leaf = max(5, min(20, rows // 1000))
    return {
        "treatment": hp.choice("treatment", list(treatments)),
        "ratio": hp.uniform("ratio", 0.2, 1.0),
        "learning_rate": hp.loguniform("learning_rate", np.log(0.03), np.log(0.15)),
        "num_leaves": hp.qloguniform("num_leaves", np.log(6), np.log(96), 1),
        "min_data_in_leaf": hp.qloguniform(
            "min_data_in_leaf", np.log(smallest_leaf), np.log(max(40, rows / 100)), 1
        ),
        "feature_fraction": hp.uniform("feature_fraction", 0.4, 1.0),
        "lambda_l2": hp.loguniform("lambda_l2", np.log(0.01), np.log(100.0)),
        "cat_smooth": hp.loguniform("cat_smooth", np.log(1.0), np.log(200.0)),
        "cat_l2": hp.loguniform("cat_l2", np.log(1.0), np.log(200.0)),
    }


def to_params(point: dict[str, Any]) -> BoostingParams:
    """Turn a point of the space, with hyperopt's numpy scalars, into plain parameters."""
    own = ("treatment", "ratio")
    return BoostingParams(
        treatment=point["treatment"],
        ratio=float(point["ratio"]),
        lightgbm={
            name: int(value) if name in WHOLE else float(value)
            for name, value in point.items()
            if name not in own
        },
    )


def split_folds(
    y: NDArray[np.int8],
    method: FoldMethod,
    folds: int,
    seed: int,
    dates: NDArray[np.datetime64] | None = None,
) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Return (fit rows, held-out rows) of each fold.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
    method : {"stratified", "time"}
        `stratified` shuffles and keeps the default rate; `time` fits on what was decided before
        the held-out rows, so that the first block is never held out.
    folds : int
    seed : int
        Of the shuffle.
    dates : ndarray of datetime64, shape (rows,), optional
        Of the decisions; needed for `time`.
    """
    if method == "stratified":
        if (smallest := int(np.bincount(y, minlength=2).min())) < folds:
            raise InputError(
                f"{folds} folds need {folds} training rows of each class at least, got {smallest}"
            )
        splitter = StratifiedKFold(folds, shuffle=True, random_state=seed)
        return list(splitter.split(np.zeros(len(y)), y))
    if dates is None:
        raise InputError("folds = time needs a [portfolio] decision_date")
    edges = np.quantile(dates.astype("int64"), np.linspace(0, 1, folds + 2)[1:-1])
    block = np.searchsorted(edges, dates.astype("int64"), side="right")
    return [
        (np.flatnonzero(block < number), np.flatnonzero(block == number))
        for number in range(1, folds + 1)
    ]


def search_rows(y: NDArray[np.int8], seed: int) -> NDArray[np.intp]:
    """Return the rows to search on: all, or a stratified sample of `SEARCH_ROWS`."""
    if len(y) <= SEARCH_ROWS:
        return np.arange(len(y))
    chosen, _ = train_test_split(
        np.arange(len(y)), train_size=SEARCH_ROWS, random_state=seed, stratify=y
    )
    return np.sort(chosen)


def tune(
    folds: Sequence[Fold],
    costs: Costs,
    treatments: Sequence[Treatment],
    max_evals: int,
    seed: int,
    on_trial: Callable[[Trial], None],
) -> Search:
    """Search for the parameters whose decisions cost least on held-out rows.

    Parameters
    ----------
    folds : sequence of Fold
        Binned once; every trial uses them.
    costs : Costs
    treatments : sequence of str
        Of the imbalance, to choose from.
    max_evals : int
        Number of trials, from 1.
    seed : int
        The same seed, rows and threads give the same search.
    on_trial : callable
        Called with each finished trial.
    """
    trials: list[Trial] = []
    y = np.concatenate([fold.held_y for fold in folds])
    space = search_space(treatments, len(folds[0].y))

    def cost_of(point: dict[str, Any]) -> dict[str, Any]:
        params = to_params(point)
        boosters = [fit_fold(fold, params, seed) for fold in folds]
        margin = np.concatenate(
            [margins(b, fold.held_matrix) for b, fold in zip(boosters, folds, strict=True)]
        )
        cost = lowest_cost(y, margin, costs)
        trees = round(float(np.mean([booster.best_iteration for booster in boosters])))
        tuned = BoostingParams(params.treatment, params.ratio, params.lightgbm, max(trees, 1))
        trial = Trial(len(trials), tuned, cost)
        trials.append(trial)
        on_trial(trial)
        return {"loss": cost, "status": STATUS_OK}

    fmin(
        cost_of,
        space,
        algo=tpe.suggest,
        max_evals=max_evals,
        rstate=np.random.default_rng(seed),
    )
    return Search(tuple(trials))


def out_of_fold_margins(
    matrix: NDArray[np.float64],
    y: NDArray[np.int8],
    splits: Sequence[tuple[NDArray[np.intp], NDArray[np.intp]]],
    params: BoostingParams,
    categorical_indices: Sequence[int],
    seed: int,
) -> tuple[NDArray[np.intp], FloatArray]:
    """Fit each fold with the trees fixed.

    Returns
    -------
    rows : ndarray of int
        Rows that were held out once, rising.
    margin : ndarray of float64, shape (len(rows),)
        What a booster that never saw the row says of it.
    """
    margin = np.full(len(y), np.nan)
    for fit_rows, held_rows in splits:
        fold = make_fold(matrix, y, fit_rows, held_rows, categorical_indices)
        margin[held_rows] = margins(fit_fold(fold, params, seed), fold.held_matrix)
    rows = np.flatnonzero(~np.isnan(margin))
    return rows, margin[rows]

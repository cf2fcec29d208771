"""Choose the features that a model needs most, by what it loses without them on held-out rows."""

from collections.abc import Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import lightgbm
import numpy as np

from scoring_model.types import FloatArray, LabelArray
from train.fitting.boosting import fixed_params, thread_count
from train.fitting.folds import FoldRows

# Enough to rank features. Hundreds of features must not take longer than the search.
TREES, HELD_ROWS = 80, 4_000
SETTINGS: Mapping[str, float | int] = {
    "learning_rate": 0.1,
    "num_leaves": 12,
    "feature_fraction": 0.5,
    "min_data_in_leaf": 20,
    "lambda_l2": 10.0,
}
# A round keeps this share of the features. Two features that say the same seem useless one by one,
# but when one of them is gone, the other is needed. So few may go at once, or half of many.
KEPT, KEPT_OF_MANY, MANY_FEATURES = 0.8, 0.5, 50


def choose_best(
    matrix: FloatArray,
    y: LabelArray,
    splits: Sequence[FoldRows],
    categorical_indices: Collection[int],
    needed: Collection[int],
    most: int,
    seed: int,
) -> list[int]:
    """Return the features to keep, as columns of the matrix in rising order.

    In each round a booster is fitted on each fold. The worst features are those whose shuffling
    raises the log loss of the held-out rows least, in the mean of the folds. They are left out of
    the next round.

    Parameters
    ----------
    matrix, y : ndarray, shapes (rows, features) and (rows,)
    splits : sequence of (fit rows, held-out rows)
    categorical_indices : collection of int
        Columns that hold category codes.
    needed : collection of int
        Columns that stay in any case, at most `most`.
    most : int
        How many to keep, 1 or more.
    seed : int
        Seed of the boosters and the shuffles.

    Notes
    -----
    I. Guyon, J. Weston, S. Barnhill and V. Vapnik, Gene selection for cancer classification using
    support vector machines, Machine Learning 2002, with the importance of L. Breiman, 2001.
    """
    kept = list(range(matrix.shape[1]))
    while len(kept) > most:
        part = np.ascontiguousarray(matrix[:, kept])
        categorical = [place for place, i in enumerate(kept) if i in categorical_indices]
        rise = partial(rise_if_shuffled, part, y, categorical_indices=tuple(categorical), seed=seed)
        with ThreadPoolExecutor(thread_count()) as pool:
            rises = np.mean(list(pool.map(rise, splits)), axis=0)
        share = KEPT if len(kept) <= MANY_FEATURES else KEPT_OF_MANY
        count = max(most, int(share * len(kept)))
        stays = [place for place, i in enumerate(kept) if i in needed]
        others = [int(p) for p in np.argsort(-rises, kind="stable") if kept[int(p)] not in needed]
        best = sorted([*stays, *others[: count - len(stays)]])
        kept = [kept[place] for place in best]
    return kept


def rise_if_shuffled(
    matrix: FloatArray,
    y: LabelArray,
    split: FoldRows,
    categorical_indices: Sequence[int],
    seed: int,
) -> FloatArray:
    """Return the rise in held-out log loss when each feature is shuffled, shape (features,).

    Parameters
    ----------
    matrix, y : ndarray, shapes (rows, features) and (rows,)
    split : (fit rows, held-out rows)
        At most `HELD_ROWS` of the held-out rows are used.
    categorical_indices : sequence of int
        Columns that hold category codes.
    seed : int
        Seed of the booster and the shuffles.
    """
    fit_rows, held_rows = split
    dataset = lightgbm.Dataset(
        matrix[fit_rows], y[fit_rows], categorical_feature=list(categorical_indices)
    )
    booster = lightgbm.train({**fixed_params(seed), **SETTINGS}, dataset, num_boost_round=TREES)
    rng = np.random.default_rng(seed)
    rows = np.sort(rng.permutation(held_rows)[:HELD_ROWS])
    held, sign = matrix[rows], np.where(y[rows] == 1, -1.0, 1.0)

    def log_loss() -> float:
        margin = booster.predict(held, raw_score=True, num_threads=1)
        return float(np.logaddexp(0.0, sign * margin).mean())

    before, rises = log_loss(), np.zeros(matrix.shape[1])
    for feature in np.flatnonzero(booster.feature_importance() > 0):
        own = held[:, feature].copy()
        held[:, feature] = rng.permutation(own)
        rises[feature] = log_loss() - before
        held[:, feature] = own
    return rises

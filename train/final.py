"""Fit the final model, and the same on folds that the search did not use."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import lightgbm
import numpy as np
from numpy.typing import NDArray

from train.boosting import BoostingParams, fit_all, fit_fold, make_fold, margins, thread_count
from train.folds import Split

FloatArray = NDArray[np.float64]
LabelArray = NDArray[np.int8]
# As `train.boosting.fit_all`: rows, labels, parameters, columns of categories, seed.
Fit = Callable[
    [FloatArray, LabelArray, BoostingParams, Sequence[int], int],
    lightgbm.Booster,
]


@dataclass(frozen=True, slots=True, eq=False)
class FinalFit:
    """The final booster and what its like say of rows that they never saw.

    Attributes
    ----------
    booster : lightgbm.Booster
        Fitted on all rows.
    rows : ndarray of int, shape (held-out rows,)
        Rows that were held out, rising.
    margin : ndarray of float64, shape (repeats, held-out rows)
        Out-of-fold raw log-odds, once from each shuffle of the folds.
    """

    booster: lightgbm.Booster
    rows: NDArray[np.intp]
    margin: FloatArray


def fit_final(
    matrix: FloatArray,
    y: LabelArray,
    repeats: Sequence[Sequence[Split]],
    params: BoostingParams,
    categorical_indices: Sequence[int],
    seed: int,
    cluster_fit: Fit | None = None,
) -> FinalFit:
    """Fit on all rows and on every fold, with `params.trees` trees.

    Parameters
    ----------
    matrix, y : ndarray, shapes (rows, features) and (rows,)
    repeats : sequence of sequence of (fit rows, held-out rows)
        The folds of each shuffle; every shuffle holds out the same rows.
    params : BoostingParams
        With the number of trees.
    categorical_indices : sequence of int
    seed : int
    cluster_fit : callable, optional
        Fits on a cluster, one fit after the other, as each takes the whole of it; without it the
        fits run side by side on this machine.
    """
    margin = np.full((len(repeats), len(y)), np.nan)

    def fit_held_out(task: tuple[int, Split]) -> None:
        repeat, (fit_rows, held_rows) = task
        if cluster_fit is not None:
            booster = cluster_fit(matrix[fit_rows], y[fit_rows], params, categorical_indices, seed)
            margin[repeat, held_rows] = margins(booster, matrix[held_rows])
            return
        fold = make_fold(matrix, y, fit_rows, held_rows, categorical_indices)
        margin[repeat, held_rows] = margins(fit_fold(fold, params, seed), fold.held_matrix)

    tasks = [(repeat, split) for repeat, splits in enumerate(repeats) for split in splits]
    with ThreadPoolExecutor(1 if cluster_fit else thread_count()) as pool:
        booster = pool.submit(cluster_fit or fit_all, matrix, y, params, categorical_indices, seed)
        list(pool.map(fit_held_out, tasks))
        final = booster.result()
    rows = np.flatnonzero(~np.isnan(margin[0]))
    return FinalFit(final, rows, margin[:, rows])

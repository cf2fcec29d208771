"""Fit the final model, and fit it again on folds for out-of-fold margins.

The final model is one booster, or the mean of several boosters, its members.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import lightgbm
import numpy as np

from scoring_model.types import FloatArray, LabelArray, RowNumbers
from train.fitting.averaging import average_boosters
from train.fitting.boosting import (
    BoostingParams,
    fit_all,
    fit_fold,
    make_fold,
    margins,
    thread_count,
)
from train.fitting.folds import FoldRows

# The fit of a fold copies its rows. If the matrix is larger than this, the fits run one after the
# other, to save memory.
BYTES_SIDE_BY_SIDE = 1 << 28

# A function like `fit_all`: it takes rows, labels, parameters, columns of categories and a seed.
Fit = Callable[
    [FloatArray, LabelArray, BoostingParams, Sequence[int], int],
    lightgbm.Booster,
]


@dataclass(frozen=True, slots=True)
class Member:
    """One booster of the final model.

    Attributes
    ----------
    params : BoostingParams
        Its parameters, with the number of trees.
    weight : float
        Its weight in the mean; positive. The weights need not add up to 1.
    """

    params: BoostingParams
    weight: float


@dataclass(frozen=True, slots=True, eq=False)
class FinalFit:
    """The final booster, and the out-of-fold margins of boosters fitted in the same manner.

    Attributes
    ----------
    members : tuple of Member
        The final booster is their weighted mean.
    booster : lightgbm.Booster
        The final booster, fitted on all rows.
    rows : ndarray of int, shape (held-out rows,)
        Numbers of the rows that were held out, in rising order.
    margin : ndarray of float64, shape (repeats, held-out rows)
        Out-of-fold raw log-odds, one row for each shuffle of the folds.
    compared_margin : ndarray of float64, shape (repeats, held-out rows), optional
        The margins of the members to compare with; None if the plan has no such members.
    """

    members: tuple[Member, ...]
    booster: lightgbm.Booster
    rows: RowNumbers
    margin: FloatArray
    compared_margin: FloatArray | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FitPlan:
    """Rows, folds and parameters of the final fit.

    Attributes
    ----------
    matrix, y : ndarray, shapes (rows, features) and (rows,)
        All training rows.
    repeats : sequence of sequence of (fit rows, held-out rows)
        The folds of each shuffle. The folds of every shuffle hold out the same rows in total.
    members : sequence of Member
        At least one member.
    categorical_indices : sequence of int
        Columns of the matrix that hold category codes.
    seed : int
        Seed of the first member. The seeds of the other members are derived from it.
    compared : sequence of Member
        Members to compare with. They are fitted on the folds only, with the same seeds.
    """

    matrix: FloatArray
    y: LabelArray
    repeats: Sequence[Sequence[FoldRows]]
    members: Sequence[Member]
    categorical_indices: Sequence[int]
    seed: int
    compared: Sequence[Member] = ()


def fit_final(plan: FitPlan, cluster_fit: Fit | None = None) -> FinalFit:
    """Fit every member on all rows and on every fold, and average the members.

    Parameters
    ----------
    plan : FitPlan
    cluster_fit : callable, optional
        Fits on a cluster. Each fit takes the whole cluster, so they run one after the other.
        Without it the fits run on this machine, in parallel up to `BYTES_SIDE_BY_SIDE`.
    """
    matrix, y, categorical_indices = plan.matrix, plan.y, plan.categorical_indices
    repeats, members = plan.repeats, plan.members
    groups = [group for group in (members, plan.compared) if group]
    margin = np.full((len(groups), len(repeats), len(y)), np.nan)

    def fit_held_out(task: tuple[int, FoldRows]) -> None:
        repeat, (fit_rows, held_rows) = task
        if cluster_fit is not None:
            held, part, labels = matrix[held_rows], matrix[fit_rows], y[fit_rows]
        else:
            fold = make_fold(matrix, y, fit_rows, held_rows, categorical_indices)
            held = fold.held_matrix
        for number, group in enumerate(groups):
            fits = [
                cluster_fit(part, labels, p, categorical_indices, own)
                if cluster_fit is not None
                else fit_fold(fold, p, own)
                for p, own in _seeded(group, plan.seed)
            ]
            own_margins = [margins(booster, held) for booster in fits]
            margin[number, repeat, held_rows] = np.average(
                own_margins, axis=0, weights=_weights(group)
            )

    tasks = [(repeat, split) for repeat, splits in enumerate(repeats) for split in splits]
    one_by_one = cluster_fit is not None or matrix.nbytes > BYTES_SIDE_BY_SIDE
    with ThreadPoolExecutor(1 if one_by_one else thread_count()) as pool:
        boosters = [
            pool.submit(cluster_fit or fit_all, matrix, y, p, categorical_indices, own)
            for p, own in _seeded(members, plan.seed)
        ]
        list(pool.map(fit_held_out, tasks))
        final = average_boosters([booster.result() for booster in boosters], _weights(members))
    rows = np.flatnonzero(~np.isnan(margin[0, 0]))
    first, *others = margin[:, :, rows]
    return FinalFit(tuple(members), final, rows, first, others[0] if others else None)


def _seeded(members: Sequence[Member], seed: int) -> list[tuple[BoostingParams, int]]:
    params = [member.params for member in members]
    return list(zip(params, _member_seeds(seed, len(members)), strict=True))


def _weights(members: Sequence[Member]) -> list[float]:
    return [member.weight for member in members]


def _member_seeds(seed: int, count: int) -> list[int]:
    # LightGBM's seeds are signed, so drop one bit
    others = np.random.SeedSequence(seed).generate_state(count - 1) >> 1
    return [seed, *(int(other) for other in others)]

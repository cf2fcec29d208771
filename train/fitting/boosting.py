"""Fit LightGBM on encoded rows: a trial on a fold, or the final model on all rows."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from scoring_model.types import FloatArray, LabelArray, RowNumbers
from train.fitting.early_stop import EarlyStop
from train.fitting.folds import FoldRows
from train.fitting.sampling import ResampledRows, Treatment, resample

MAX_TREES = 2000
# The same for all trials, so that a fold is binned only once. LightGBM must not filter features
# before the fit, because its filter depends on the parameters of a trial.
BINNING: Mapping[str, Any] = {
    "max_bin": 255,
    "feature_pre_filter": False,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class BoostingParams:
    """One point of the search space.

    Attributes
    ----------
    treatment : {"none", "class_weight", "under", "over", "smotenc"}
        How the imbalance of the classes is treated.
    ratio : float
        Defaulters for each good client after the treatment, in (0, 1].
    lightgbm : mapping of str to Any
        LightGBM's own parameters.
    trees : int, optional
        Number of trees. If None, early stopping decides.
    """

    treatment: Treatment
    ratio: float
    lightgbm: Mapping[str, Any]
    trees: int | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """The rows of one fold. They are binned once, and every trial uses them.

    Attributes
    ----------
    matrix, y : ndarray
        Training part, shapes (rows, features) and (rows,).
    held_matrix, held_y : ndarray
        Held-out part, shapes (held-out rows, features) and (held-out rows,).
    held_rows : ndarray of int
        Row numbers of the held-out part.
    binned : lightgbm.Dataset
        The training part in bins.
    categorical_indices : tuple of int
        Columns of the matrix that hold category codes.
    """

    matrix: FloatArray
    y: LabelArray
    held_matrix: FloatArray
    held_y: LabelArray
    held_rows: RowNumbers
    binned: lightgbm.Dataset
    categorical_indices: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class FoldedRows:
    """Rows and their folds before binning. Unlike a `Fold`, this can be pickled.

    Attributes
    ----------
    matrix, y : ndarray, shapes (rows, features) and (rows,)
    splits : tuple of (fit rows, held-out rows)
    categorical_indices : tuple of int
    """

    matrix: FloatArray
    y: LabelArray
    splits: tuple[FoldRows, ...]
    categorical_indices: tuple[int, ...]

    def bin(self) -> list[Fold]:
        """Return the folds, each binned once."""
        return [
            make_fold(self.matrix, self.y, *split, self.categorical_indices)
            for split in self.splits
        ]


def thread_count() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fixed_params(seed: int) -> dict[str, Any]:
    """Return the parameters that the search never changes: objective, determinism, threads."""
    return {
        **BINNING,
        "objective": "binary",
        # see `EarlyStop`
        "metric": ["binary_logloss", "auc"],
        # draw rows for each tree, if `bagging_fraction` is below 1
        "bagging_freq": 1,
        "deterministic": True,
        "force_row_wise": True,
        # folds are fitted in parallel, with one thread each: several threads in one fit mostly
        # wait for each other, and can make a busy machine very slow
        "num_threads": 1,
        "seed": seed,
    }


def make_fold(
    matrix: FloatArray,
    y: LabelArray,
    fit_rows: RowNumbers,
    held_rows: RowNumbers,
    categorical_indices: Sequence[int],
) -> Fold:
    """Cut and bin one fold.

    Parameters
    ----------
    matrix, y : ndarray, shapes (rows, features) and (rows,)
    fit_rows, held_rows : ndarray of int
        Row numbers of the two parts.
    categorical_indices : sequence of int
    """
    part, labels = matrix[fit_rows], y[fit_rows]
    binned = lightgbm.Dataset(
        part,
        labels,
        categorical_feature=list(categorical_indices),
        params={**BINNING, "num_threads": 1},
        free_raw_data=False,
    ).construct()
    return Fold(
        matrix=part,
        y=labels,
        held_matrix=matrix[held_rows],
        held_y=y[held_rows],
        held_rows=held_rows,
        binned=binned,
        categorical_indices=tuple(categorical_indices),
    )


def fit_fold(fold: Fold, params: BoostingParams, seed: int) -> lightgbm.Booster:
    """Fit one trial on the training part of a fold.

    The booster's `best_iteration` is the number of trees to use. If `params.trees` is None, log
    loss and AUC of the held-out part stop the fit early. The held-out rows are weighted to the
    class balance after the treatment. Without these weights the log loss would measure the
    treatment instead of the trees.
    """
    settings = {**fixed_params(seed), **params.lightgbm}
    dataset, odds = _treated(fold, params, settings, seed)
    if params.trees is not None:
        booster = lightgbm.train(settings, dataset, num_boost_round=params.trees)
        booster.best_iteration = params.trees
        return booster
    held_odds = float(fold.held_y.sum() / (len(fold.held_y) - fold.held_y.sum()))
    held_weight = np.where(fold.held_y == 1, odds / held_odds, 1.0)
    held = lightgbm.Dataset(
        fold.held_matrix, fold.held_y, weight=held_weight, reference=fold.binned
    )
    stop = EarlyStop(len(fold.y))
    booster = lightgbm.train(
        settings, dataset, num_boost_round=MAX_TREES, valid_sets=[held], callbacks=[stop]
    )
    booster.best_iteration = stop.trees
    return booster


def _treated(
    fold: Fold, params: BoostingParams, settings: dict[str, Any], seed: int
) -> tuple[lightgbm.Dataset, float]:
    """Return the treated training part in the fold's bins, and its odds of default."""
    rows = resample(
        fold.matrix, fold.y, params.treatment, params.ratio, fold.categorical_indices, seed
    )
    if rows.matrix is not fold.matrix:
        return lightgbm.Dataset(rows.matrix, rows.y, reference=fold.binned), rows.default_odds
    # not row weights: they would stay in the binned rows, which all trials share
    settings["scale_pos_weight"] = _weight_of_default(rows, fold.y)
    return fold.binned, rows.default_odds


def _weight_of_default(rows: ResampledRows, y: LabelArray) -> float:
    return rows.default_odds / float(y.sum() / (len(y) - y.sum()))


def margins(booster: lightgbm.Booster, matrix: FloatArray, trees: int | None = None) -> FloatArray:
    """Return the booster's raw log-odds of default, shape (rows,).

    Without `trees` it uses its best number of trees, or all if none is known.
    """
    trees = trees or (booster.best_iteration if booster.best_iteration > 0 else None)
    return np.asarray(
        # one thread, as in fitting: LightGBM's number of threads holds for the whole process. A
        # prediction that raises it crashes a fit that runs in parallel with smaller buffers
        booster.predict(matrix, raw_score=True, num_iteration=trees, num_threads=1),
        dtype=np.float64,
    )


def fit_all(
    matrix: FloatArray,
    y: LabelArray,
    params: BoostingParams,
    categorical_indices: Sequence[int],
    seed: int,
) -> lightgbm.Booster:
    """Fit the final model on all training rows with `params.trees` trees."""
    rows, settings = treat(matrix, y, params, categorical_indices, seed)
    dataset = lightgbm.Dataset(
        rows.matrix,
        rows.y,
        categorical_feature=list(categorical_indices),
        params={**BINNING, "num_threads": 1},
    )
    return lightgbm.train(settings, dataset, num_boost_round=params.trees or MAX_TREES)


def treat(
    matrix: FloatArray,
    y: LabelArray,
    params: BoostingParams,
    categorical_indices: Sequence[int],
    seed: int,
) -> tuple[ResampledRows, dict[str, Any]]:
    """Return the rows that the final model is fitted on, and LightGBM's settings for them."""
    rows = resample(matrix, y, params.treatment, params.ratio, categorical_indices, seed)
    settings = {**fixed_params(seed), **params.lightgbm}
    if rows.matrix is matrix:
        settings["scale_pos_weight"] = _weight_of_default(rows, y)
    return rows, settings

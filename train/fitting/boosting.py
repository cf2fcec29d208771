"""Fit LightGBM on encoded rows: one trial on one fold, or the final model."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import lightgbm
import numpy as np

from scoring_model.types import FloatArray, LabelArray, RowNumbers
from train.fitting.folds import FoldRows
from train.fitting.sampling import ResampledRows, Treatment, resample

MAX_TREES = 2000
PATIENCE = 40
# Fixed for all trials, so that a fold is binned once; a trial must not filter features beforehand.
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
        Defaulters for one good client after the treatment, in (0, 1].
    lightgbm : mapping of str to (float or int)
        LightGBM's own parameters.
    trees : int, optional
        Number of trees; None leaves it to early stopping.
    """

    treatment: Treatment
    ratio: float
    lightgbm: Mapping[str, float | int]
    trees: int | None = None


@dataclass(frozen=True, slots=True)
class Fold:
    """One fold's rows, binned once and used by every trial.

    Attributes
    ----------
    matrix, y : ndarray
        Training part, shapes (rows, features) and (rows,).
    held_matrix, held_y : ndarray
        Held-out part.
    held_rows : ndarray of int
        Its row numbers.
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
    """Rows and how they are cut into folds, before anything is binned: what a pickle can hold.

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
    """Return the number of processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fixed_params(seed: int) -> dict[str, Any]:
    """Return the parameters that no search changes: objective, determinism, threads."""
    return {
        **BINNING,
        "objective": "binary",
        "metric": "binary_logloss",
        "deterministic": True,
        "force_row_wise": True,
        # folds run side by side, each on one: two threads on one fit wait for each other more
        # than they help, and on a busy machine bring it to a halt
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
    """Fit one trial on one fold's training part.

    With `params.trees` unset, the held-out part stops the fit early, weighted to the class balance
    that the treatment made: unweighted, its log loss would judge the treatment, not the trees.

    Returns
    -------
    lightgbm.Booster
        With `best_iteration` set to the number of trees to use.
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
    return lightgbm.train(
        settings,
        dataset,
        num_boost_round=MAX_TREES,
        valid_sets=[held],
        callbacks=[lightgbm.early_stopping(PATIENCE, verbose=False)],
    )


def _treated(
    fold: Fold, params: BoostingParams, settings: dict[str, Any], seed: int
) -> tuple[lightgbm.Dataset, float]:
    """Return the fold's training part after the treatment, in the fold's bins, and its odds."""
    rows = resample(
        fold.matrix, fold.y, params.treatment, params.ratio, fold.categorical_indices, seed
    )
    if rows.matrix is not fold.matrix:
        return lightgbm.Dataset(rows.matrix, rows.y, reference=fold.binned), rows.default_odds
    # as a parameter, not as weights: these would stay on the binned rows that other trials use
    settings["scale_pos_weight"] = _weight_of_default(rows, fold.y)
    return fold.binned, rows.default_odds


def _weight_of_default(rows: ResampledRows, y: LabelArray) -> float:
    return rows.default_odds / float(y.sum() / (len(y) - y.sum()))


def margins(booster: lightgbm.Booster, matrix: FloatArray) -> FloatArray:
    """Return the booster's raw log-odds of default, shape (rows,)."""
    trees = booster.best_iteration if booster.best_iteration > 0 else None
    return np.asarray(
        # one thread, as in fitting: LightGBM's count of threads is the process's, and a prediction
        # with more than the fit beside it has reserved buffers for ends in a segmentation fault
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

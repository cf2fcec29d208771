"""Proxies: how well the features predict each protected column."""

from collections.abc import Sequence
from dataclasses import dataclass

import lightgbm
import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from scoring_model.types import FloatArray
from train.fitting import fixed_params
from train.statistics import Groups, auc_and_ks, cut_groups, rank_rows, single_feature_auc

# More rows would take more time and change the AUC very little.
MAX_ROWS = 10_000
# A group with fewer rows is too small for an AUC.
MIN_GROUP_ROWS = 100
MOST_LEVELS = 12
FOLDS = 3
TREES = 30
LIGHTGBM = {"num_leaves": 15, "learning_rate": 0.15, "min_data_in_leaf": 50, "max_bin": 31}
# With so few rows, a second thread costs more time than it saves.
THREADS = {"num_threads": 1}
# A feature with at least this AUC for a protected column is reported.
NOTABLE_AUC = 0.6


@dataclass(frozen=True, slots=True)
class Proxies:
    """How well the features predict one protected column.

    Attributes
    ----------
    column : str
        Name of the protected column.
    together : float
        AUC of all features together: the mean over the groups, weighted by their rows. 0.5 is
        chance, 1 identifies the group exactly.
    by_feature : tuple of (str, float)
        Name and AUC of each single feature, highest first.
    """

    column: str
    together: float
    by_feature: tuple[tuple[str, float], ...]

    @property
    def notable(self) -> tuple[tuple[str, float], ...]:
        """The features with an AUC of at least `NOTABLE_AUC` by themselves."""
        return tuple((name, auc) for name, auc in self.by_feature if auc >= NOTABLE_AUC)


def find_proxies(
    frame: pd.DataFrame,
    matrix: FloatArray,
    protected: Sequence[str],
    features: Sequence[str],
    categorical_indices: Sequence[int],
    seed: int,
) -> tuple[Proxies, ...]:
    """Predict each protected column from the features, cross-validated.

    Parameters
    ----------
    frame : DataFrame, shape (rows, columns of the table)
        Training rows.
    matrix : ndarray of float64, shape (rows, features)
        The same rows, encoded by the contract.
    protected, features : sequence of str
        Columns of the frame; `features` in the order of the matrix.
    categorical_indices : sequence of int
        Matrix columns that hold category codes.
    seed : int
        Seeds the sample of rows and the folds.
    """
    if not protected:
        return ()
    if len(frame) > MAX_ROWS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(frame), MAX_ROWS, replace=False))
        frame, matrix = frame.iloc[chosen], matrix[chosen]
    found = []
    for column in protected:
        groups = cut_groups(frame[column], MOST_LEVELS)
        rows = np.bincount(groups.number, minlength=len(groups.names))
        judged = [n for n, size in enumerate(rows) if MIN_GROUP_ROWS <= size < len(frame)]
        if not judged:
            continue
        weight = rows[judged] / rows[judged].sum()
        alone = []
        for feature in features:
            areas = [
                single_feature_auc(frame[feature], (groups.number == n).astype(np.int8), seed)
                for n in judged
            ]
            alone.append((feature, float(weight @ np.array(areas))))
        together = _auc_together(matrix, groups, judged, categorical_indices, seed)
        alone.sort(key=lambda item: -item[1])
        found.append(Proxies(str(column), float(weight @ together), tuple(alone)))
    return tuple(found)


def _auc_together(
    matrix: FloatArray,
    groups: Groups,
    judged: Sequence[int],
    categorical_indices: Sequence[int],
    seed: int,
) -> FloatArray:
    """Return the cross-validated AUC of each judged group, shape (judged groups,)."""
    areas = np.zeros(len(judged))
    splitter = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    settings = {**fixed_params(seed), **LIGHTGBM, **THREADS}
    binned = lightgbm.Dataset(
        matrix, categorical_feature=list(categorical_indices), params=settings, free_raw_data=False
    ).construct()
    for place, number in enumerate(judged):
        y = (groups.number == number).astype(np.int8)
        for fit, held in splitter.split(matrix, y):
            rows = binned.subset(fit, params=settings).construct().set_label(y[fit])
            booster = lightgbm.train(settings, rows, TREES)
            ranked = rank_rows(y[held], np.asarray(booster.predict(matrix[held])))
            areas[place] += auc_and_ks(ranked, np.ones(len(held), dtype=np.int64))[0] / FOLDS
    return areas


def proxy_notes(proxies: Sequence[Proxies]) -> list[str]:
    """Return a line for each protected column that a single feature predicts too well."""
    return [
        f"fairness: features predict the protected column {p.column}: "
        + ", ".join(f"{name} alone with an AUC of {auc:.2f}" for name, auc in p.notable[:3])
        + f"; all together {p.together:.2f} (0.5 is chance)"
        for p in proxies
        if p.notable
    ]

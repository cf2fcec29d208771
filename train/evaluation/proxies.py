"""Which features stand in for a protected column: how well they predict it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import lightgbm
import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from scoring_model.types import FloatArray
from train.fitting import fixed_params
from train.statistics import Groups, auc_and_ks, cut_groups, rank_rows, single_feature_auc

# How well, not to the last digit: more rows would only take time.
MAX_ROWS = 10_000
# A group with fewer rows cannot be predicted, nor judged.
MIN_GROUP_ROWS = 100
MOST_LEVELS = 12
FOLDS = 3
TREES = 30
LIGHTGBM = {"num_leaves": 15, "learning_rate": 0.15, "min_data_in_leaf": 50, "max_bin": 31}
# Trees on so few rows take less time than handing them to a second thread.
THREADS = {"num_threads": 1}
# A feature that predicts a group at least so well is named.
NOTABLE_AUC = 0.6


@dataclass(frozen=True, slots=True)
class Proxies:
    """How well the features predict one protected column.

    Attributes
    ----------
    column : str
    together : float
        AUC of all features together, mean over the groups weighted by their rows: 0.5 is chance,
        1 gives the group away.
    by_feature : tuple of (str, float)
        The same of each feature by itself, highest first.
    """

    column: str
    together: float
    by_feature: tuple[tuple[str, float], ...]

    @property
    def notable(self) -> tuple[tuple[str, float], ...]:
        """The features that alone reach `NOTABLE_AUC`."""
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
        The same rows as the contract encodes them.
    protected, features : sequence of str
        Columns of the frame; features in the order of the matrix.
    categorical_indices : sequence of int
        Matrix columns that hold category codes.
    seed : int
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


def proxy_notes(proxies: Sequence[Proxies], label: Callable[[str], str]) -> list[str]:
    """Return a line for each protected column that single features give away."""
    return [
        f"fairness: {label(p.column)} can be told from the features (AUC {p.together:.2f}), "
        "most from " + ", ".join(f"{label(name)} ({auc:.2f})" for name, auc in p.notable[:3])
        for p in proxies
        if p.notable
    ]

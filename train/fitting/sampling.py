"""Imbalance treatments by name: imbalanced-learn's samplers and class weights."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from imblearn.over_sampling import SMOTENC, RandomOverSampler
from imblearn.under_sampling import RandomUnderSampler

from scoring_model.types import FloatArray, LabelArray

Treatment = Literal["none", "class_weight", "under", "over", "smotenc"]
TREATMENTS: tuple[Treatment, ...] = ("none", "class_weight", "under", "over", "smotenc")
# SMOTENC looks for neighbours of every defaulter among all of them: quadratic in their number.
SMOTENC_MAX_ROWS = 50_000
SMOTENC_NEIGHBOURS = 5
_SAMPLERS = {"under": RandomUnderSampler, "over": RandomOverSampler}


@dataclass(frozen=True, slots=True)
class ResampledRows:
    """Rows to fit on.

    Attributes
    ----------
    matrix : ndarray of float64, shape (rows, features)
    y : ndarray of int8, shape (rows,)
    weight : ndarray of float64, shape (rows,)
    """

    matrix: FloatArray
    y: LabelArray
    weight: FloatArray

    @property
    def default_odds(self) -> float:
        """Weighted defaulters for one good client, as the booster sees them."""
        return float(self.weight[self.y == 1].sum() / self.weight[self.y == 0].sum())


def available_treatments(
    matrix: FloatArray, y: LabelArray, categorical_indices: Sequence[int]
) -> tuple[tuple[Treatment, ...], dict[Treatment, str]]:
    """Return the treatments whose preconditions these rows meet, and why the others are left out.

    Parameters
    ----------
    matrix : ndarray of float64, shape (rows, features)
    y : ndarray of int8, shape (rows,)
    categorical_indices : sequence of int
        Columns that hold category codes.
    """
    why = _why_no_smotenc(matrix, y, categorical_indices)
    left_out: dict[Treatment, str] = {"smotenc": why} if why else {}
    return tuple(t for t in TREATMENTS if t not in left_out), left_out


def _why_no_smotenc(
    matrix: FloatArray, y: LabelArray, categorical_indices: Sequence[int]
) -> str | None:
    if np.isnan(matrix).any():
        return "it takes no missing values, and some features have them"
    if not categorical_indices:
        return "it needs a category among the features"
    if len(categorical_indices) == matrix.shape[1]:
        return "it needs a number among the features"
    if len(matrix) > SMOTENC_MAX_ROWS:
        return f"it takes too long on more than {SMOTENC_MAX_ROWS} rows"
    # folds hold fewer defaulters than the whole, so ask for twice what one call needs
    if int(y.sum()) < 2 * (SMOTENC_NEIGHBOURS + 1):
        return f"it needs {2 * (SMOTENC_NEIGHBOURS + 1)} defaulters at least"
    return None


def resample(
    matrix: FloatArray,
    y: LabelArray,
    treatment: Treatment,
    ratio: float,
    categorical_indices: Sequence[int],
    seed: int,
) -> ResampledRows:
    """Apply a treatment to the training part of a fold.

    Parameters
    ----------
    matrix : ndarray of float64, shape (rows, features)
    y : ndarray of int8, shape (rows,)
    treatment : {"none", "class_weight", "under", "over", "smotenc"}
    ratio : float
        Defaulters for one good client after the treatment, in (0, 1]; rows that have more
        already are left as they are.
    categorical_indices : sequence of int
    seed : int
    """
    weight = np.ones(len(y))
    odds = float(y.sum() / (len(y) - y.sum()))
    if treatment == "none" or odds >= ratio:
        return ResampledRows(matrix, y, weight)
    if treatment == "class_weight":
        weight[y == 1] = ratio / odds
        return ResampledRows(matrix, y, weight)
    if treatment == "smotenc":
        sampler = SMOTENC(
            list(categorical_indices),
            sampling_strategy=ratio,
            k_neighbors=SMOTENC_NEIGHBOURS,
            random_state=seed,
        )
        with warnings.catch_warnings():
            # two of its warnings are about internals of the libraries between which it stands
            warnings.simplefilter("ignore", FutureWarning)
            sampled, labels = sampler.fit_resample(matrix, y)
        return ResampledRows(np.asarray(sampled), np.asarray(labels, np.int8), np.ones(len(labels)))
    kind = _SAMPLERS[treatment]
    # the sampler sees row numbers only: it copies no matrix
    chosen, _ = kind(sampling_strategy=ratio, random_state=seed).fit_resample(
        np.arange(len(y)).reshape(-1, 1), y
    )
    # sorted, so that a tie in the booster falls as it would in the rows' own order
    rows = np.sort(chosen.ravel())
    return ResampledRows(matrix[rows], y[rows], np.ones(len(rows)))

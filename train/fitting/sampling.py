"""Treat the class imbalance: by class weights or with the samplers of imbalanced-learn."""

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
# SMOTENC compares every defaulter with every other, so its time is quadratic in their number.
SMOTENC_MAX_ROWS = 50_000
SMOTENC_NEIGHBOURS = 5
_SAMPLERS = {"under": RandomUnderSampler, "over": RandomOverSampler}


@dataclass(frozen=True, slots=True)
class ResampledRows:
    """Rows to fit on, after a treatment.

    Attributes
    ----------
    matrix : ndarray of float64, shape (rows, features)
    y : ndarray of int8, shape (rows,)
        1 = default.
    weight : ndarray of float64, shape (rows,)
        Weight of each row in the fit; positive.
    """

    matrix: FloatArray
    y: LabelArray
    weight: FloatArray

    @property
    def default_odds(self) -> float:
        """Weight of all defaulters divided by the weight of all good clients."""
        return float(self.weight[self.y == 1].sum() / self.weight[self.y == 0].sum())


def available_treatments(
    matrix: FloatArray, y: LabelArray, categorical_indices: Sequence[int]
) -> tuple[tuple[Treatment, ...], dict[Treatment, str]]:
    """Return the treatments that suit these rows, and the others with the reason against each.

    Parameters
    ----------
    matrix : ndarray of float64, shape (rows, features)
    y : ndarray of int8, shape (rows,)
        1 = default.
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
        return "it cannot handle missing values, and some features have them"
    if not categorical_indices:
        return "it needs at least one category among the features"
    if len(categorical_indices) == matrix.shape[1]:
        return "it needs at least one number among the features"
    if len(matrix) > SMOTENC_MAX_ROWS:
        return f"it takes too long on more than {SMOTENC_MAX_ROWS} rows"
    # a fold holds fewer defaulters than all rows, so require twice as many as one call needs
    if int(y.sum()) < 2 * (SMOTENC_NEIGHBOURS + 1):
        return f"it needs at least {2 * (SMOTENC_NEIGHBOURS + 1)} defaulters"
    return None


def resample(
    matrix: FloatArray,
    y: LabelArray,
    treatment: Treatment,
    ratio: float,
    categorical_indices: Sequence[int],
    seed: int,
) -> ResampledRows:
    """Apply a treatment to the rows of a fit.

    Parameters
    ----------
    matrix : ndarray of float64, shape (rows, features)
    y : ndarray of int8, shape (rows,)
        1 = default.
    treatment : {"none", "class_weight", "under", "over", "smotenc"}
        `under` removes good clients, `over` repeats defaulters, `smotenc` makes new defaulters.
    ratio : float
        Defaulters for each good client after the treatment, in (0, 1]. Rows that already have as
        many or more are not changed.
    categorical_indices : sequence of int
        Columns that hold category codes.
    seed : int
        Seed of the sampler.
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
            # these warnings are about calls inside imbalanced-learn, which this code cannot change
            warnings.simplefilter("ignore", FutureWarning)
            sampled, labels = sampler.fit_resample(matrix, y)
        return ResampledRows(np.asarray(sampled), np.asarray(labels, np.int8), np.ones(len(labels)))
    kind = _SAMPLERS[treatment]
    # the sampler gets row numbers instead of the matrix, so it does not copy the matrix
    chosen, _ = kind(sampling_strategy=ratio, random_state=seed).fit_resample(
        np.arange(len(y)).reshape(-1, 1), y
    )
    # keep the original order of the rows, so that the booster always breaks ties alike
    rows = np.sort(chosen.ravel())
    return ResampledRows(matrix[rows], y[rows], np.ones(len(rows)))

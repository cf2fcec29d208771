"""How well probabilities tell defaulters from good clients: AUC and KS of weighted rows, fast."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring_model.types import BoolArray, FloatArray, LabelArray, RowNumbers


@dataclass(frozen=True, slots=True)
class RankedRows:
    """Rows in order of probability, sorted once for many samples.

    Attributes
    ----------
    order : ndarray of int, shape (rows,)
    starts : ndarray of int, shape (distinct probabilities,)
        Where each distinct value begins in that order.
    bad : ndarray of bool, shape (rows,)
        Defaulters, in that order.
    """

    order: RowNumbers
    starts: RowNumbers
    bad: BoolArray


def rank_rows(y: LabelArray, probability: FloatArray) -> RankedRows:
    """Sort rows by probability; equal ones form one step."""
    order = np.argsort(probability, kind="stable")
    ranked = probability[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    return RankedRows(order, starts, y[order] == 1)


def auc_and_ks(rows: RankedRows, counts: NDArray[np.int64]) -> tuple[float, float]:
    """Return area under the ROC curve and Kolmogorov-Smirnov distance of weighted rows.

    AUC is the chance that a defaulter has the higher probability, ties counting half (J. Hanley
    and B. McNeil, Radiology 1982). KS is the largest distance between the two classes'
    distribution functions.

    Parameters
    ----------
    rows : RankedRows
    counts : ndarray of int64, shape (rows,)
        How often each row counts, in the rows' first order; each class once at least.
    """
    weight = counts[rows.order].astype(np.float64)
    bad = np.add.reduceat(np.where(rows.bad, weight, 0.0), rows.starts)
    good = np.add.reduceat(weight, rows.starts) - bad
    bad_below, good_below = np.cumsum(bad), np.cumsum(good)
    pairs = bad_below[-1] * good_below[-1]
    auc = float(np.sum(bad * (good_below - good / 2)) / pairs)
    distance = np.abs(bad_below / bad_below[-1] - good_below / good_below[-1])
    return auc, float(distance.max())

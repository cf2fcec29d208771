"""How well probabilities separate defaulters from good clients: AUC and KS of weighted rows."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring_model.types import BoolArray, FloatArray, LabelArray, RowNumbers


@dataclass(frozen=True, slots=True)
class RankedRows:
    """Rows in order of probability. They are sorted once and used for many bootstrap samples.

    Attributes
    ----------
    order : ndarray of int, shape (rows,)
        Row numbers, from the lowest probability to the highest.
    starts : ndarray of int, shape (distinct probabilities,)
        Positions in `order` where each distinct probability begins.
    bad : ndarray of bool, shape (rows,)
        Whether each row of `order` is a defaulter.
    """

    order: RowNumbers
    starts: RowNumbers
    bad: BoolArray


def rank_rows(y: LabelArray, probability: FloatArray) -> RankedRows:
    """Sort rows by probability; rows with equal probability form one step."""
    order = np.argsort(probability, kind="stable")
    ranked = probability[order]
    starts = np.flatnonzero(np.concatenate(([True], ranked[1:] != ranked[:-1])))
    return RankedRows(order, starts, y[order] == 1)


def auc_and_ks(rows: RankedRows, counts: NDArray[np.int64]) -> tuple[float, float]:
    """Return area under the ROC curve and Kolmogorov-Smirnov distance of weighted rows.

    AUC is the chance that a defaulter has a higher probability than a good client. A tie counts
    half (J. Hanley and B. McNeil, Radiology 1982). KS is the largest distance between the
    distribution functions of the two classes.

    Parameters
    ----------
    rows : RankedRows
    counts : ndarray of int64, shape (rows,)
        How often each row counts, in the order before sorting. Each class must count at least once.
    """
    weight = counts[rows.order].astype(np.float64)
    bad = np.add.reduceat(np.where(rows.bad, weight, 0.0), rows.starts)
    good = np.add.reduceat(weight, rows.starts) - bad
    bad_below, good_below = np.cumsum(bad), np.cumsum(good)
    pairs = bad_below[-1] * good_below[-1]
    auc = float(np.sum(bad * (good_below - good / 2)) / pairs)
    distance = np.abs(bad_below / bad_below[-1] - good_below / good_below[-1])
    return auc, float(distance.max())

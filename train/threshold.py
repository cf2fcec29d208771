"""Choose the threshold that costs least on calibrated out-of-fold probabilities."""

import numpy as np
from numpy.typing import NDArray

from train.costs import Costs

FloatArray = NDArray[np.float64]


def cost_curve(
    y: NDArray[np.int8], probability: FloatArray, costs: Costs
) -> tuple[FloatArray, FloatArray]:
    """Return every threshold that changes a decision, and what it costs.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
        1 = default.
    probability : ndarray of float64, shape (rows,)
        Probability of default; a margin does as well.
    costs : Costs

    Returns
    -------
    thresholds : ndarray of float64, shape (distinct probabilities + 1,)
        Rising: each value that occurs (it and all above are refused), then infinity (none is).
    cost_per_applicant : ndarray of float64, the same shape
    """
    values, group = np.unique(probability, return_inverse=True)
    bad = np.bincount(group, weights=y, minlength=len(values))
    good = np.bincount(group, minlength=len(values)) - bad
    accepted_bad = np.concatenate(([0.0], np.cumsum(bad)))
    refused_good = np.concatenate((np.cumsum(good[::-1])[::-1], [0.0]))
    total = costs.false_negative * accepted_bad + costs.false_positive * refused_good
    return np.append(values, np.inf), total / len(y)


def lowest_cost(y: NDArray[np.int8], probability: FloatArray, costs: Costs) -> float:
    """Return the cost per applicant at the best of all thresholds."""
    return float(cost_curve(y, probability, costs)[1].min())


def choose_threshold(y: NDArray[np.int8], probability: FloatArray, costs: Costs) -> float:
    """Return the threshold in [0, 1] that costs least on these rows.

    Exact: every value that occurs is tried. Of equally cheap ones the nearest to the theoretical
    `FP / (FP + FN)` is taken; accepting all is 1, as a calibrated probability stays below it.
    """
    thresholds, cost = cost_curve(y, probability, costs)
    best = np.minimum(thresholds[cost == cost.min()], 1.0)
    return float(best[np.abs(best - costs.bayes_threshold).argmin()])

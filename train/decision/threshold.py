"""Choose the threshold with the lowest cost on out-of-fold probabilities, with its uncertainty."""

from dataclasses import dataclass

import numpy as np

from scoring_model.policy import refuse, scaled_thresholds
from scoring_model.types import FloatArray, LabelArray, RowNumbers
from train.portfolio import Costs, LoanCosts

# Factors on the theoretical threshold that are tried, as logarithms: from 1/20 to 20.
LOG_FACTORS = np.linspace(-3.0, 3.0, 301)
# Bandwidth of the smoothing at a hundred defaulters. It falls with the number of defaulters to the
# power of -1/5, as is usual for kernels.
BANDWIDTH = 0.15
BOOTSTRAPS = 300
LEVEL = 0.95


def cost_curve(
    y: LabelArray, probability: FloatArray, costs: Costs | LoanCosts
) -> tuple[FloatArray, FloatArray]:
    """Return every threshold that changes a decision, and its cost per applicant.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
        1 = default.
    probability : ndarray of float64, shape (rows,)
        Probability of default, or any value that rises with it.
    costs : Costs or LoanCosts
        What wrong decisions on these rows cost.

    Returns
    -------
    thresholds : ndarray of float64, shape (distinct probabilities + 1,)
        Rising: each probability that occurs, then infinity. A probability from a threshold on is
        refused, so infinity refuses nobody.
    cost_per_applicant : ndarray of float64, shape (distinct probabilities + 1,)
        Cost per applicant at each threshold.
    """
    values, group = np.unique(probability, return_inverse=True)
    bad = np.bincount(group, weights=y * costs.false_negative, minlength=len(values))
    good = np.bincount(group, weights=(1 - y) * costs.false_positive, minlength=len(values))
    accepted_bad = np.concatenate(([0.0], np.cumsum(bad)))
    refused_good = np.concatenate((np.cumsum(good[::-1])[::-1], [0.0]))
    return np.append(values, np.inf), (accepted_bad + refused_good) / len(y)


def lowest_cost(y: LabelArray, probability: FloatArray, costs: Costs | LoanCosts) -> float:
    """Return the cost per applicant at the cheapest of all thresholds."""
    return float(cost_curve(y, probability, costs)[1].min())


def choose_factor(y: LabelArray, probability: FloatArray, costs: LoanCosts) -> float:
    """Return the factor on the theoretical threshold with the lowest smoothed cost.

    The empirical cost is a step function, and its lowest step is often due to chance. So the cost
    is averaged over nearby factors first. With more defaulters the average is narrower.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
        1 = default.
    probability : ndarray of float64, shape (rows,)
        Calibrated probability of default.
    costs : LoanCosts
        What wrong decisions on these rows cost.
    """
    bad, good = y * costs.false_negative, (1 - y) * costs.false_positive
    return _cheapest_factor(bad, good, _cells(probability, costs), _kernel(y))


def _cells(probability: FloatArray, costs: LoanCosts) -> RowNumbers:
    """Return, for each applicant, the index of the first factor that accepts the applicant."""
    relative = np.maximum(probability / costs.bayes_threshold, np.exp(2 * LOG_FACTORS[0]))
    return np.asarray(np.searchsorted(LOG_FACTORS, np.log(relative), side="right"))


def _kernel(y: LabelArray) -> FloatArray:
    bandwidth = BANDWIDTH * (max(int(y.sum()), 1) / 100) ** -0.2
    kernel = np.exp(-0.5 * ((LOG_FACTORS[:, None] - LOG_FACTORS) / bandwidth) ** 2)
    return np.asarray(kernel / kernel.sum(axis=1, keepdims=True))


def _cheapest_factor(
    bad: FloatArray, good: FloatArray, cell: RowNumbers, kernel: FloatArray
) -> float:
    size = len(LOG_FACTORS) + 1
    accepted_bad = np.cumsum(np.bincount(cell, weights=bad, minlength=size))[:-1]
    accepted_good = np.cumsum(np.bincount(cell, weights=good, minlength=size))[:-1]
    return float(np.exp(LOG_FACTORS[(kernel @ (accepted_bad - accepted_good)).argmin()]))


@dataclass(frozen=True, slots=True)
class ThresholdProof:
    """How sure the chosen threshold is, and how its cost compares with the theoretical threshold.

    Attributes
    ----------
    factor : float
        Chosen threshold divided by the theoretical one.
    factor_low, factor_high : float
        Interval of level `LEVEL` for the cheapest factor, from resampled rows.
    cost, bayes_cost : float
        Out-of-fold cost per applicant at the chosen and at the theoretical threshold.
    difference_low, difference_high : float
        Paired interval of level `LEVEL` for `cost - bayes_cost`.
    """

    factor: float
    factor_low: float
    factor_high: float
    cost: float
    bayes_cost: float
    difference_low: float
    difference_high: float


def prove_threshold(
    y: LabelArray, probability: FloatArray, costs: LoanCosts, factor: float, seed: int
) -> ThresholdProof:
    """Bootstrap the cheapest factor, and the difference in cost to the theoretical threshold.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
        1 = default.
    probability : ndarray of float64, shape (rows,)
        Calibrated out-of-fold probability of default.
    costs : LoanCosts
        What wrong decisions on these rows cost.
    factor : float
        The chosen factor.
    seed : int
        Seed of the bootstrap.

    Notes
    -----
    It is a Poisson bootstrap: each row counts Poisson(1) times in a sample. N. Chamandy et al.,
    Estimating uncertainty for massive data streams, 2012.
    """
    random = np.random.default_rng(seed)
    fn, fp = costs.false_negative, costs.false_positive
    chosen = costs.of_each(y, refuse(probability, scaled_thresholds(fn, fp, factor)))
    bayes = costs.of_each(y, refuse(probability, costs.bayes_threshold))
    bad, good, cell, kernel = y * fn, (1 - y) * fp, _cells(probability, costs), _kernel(y)
    factors, differences = np.empty(BOOTSTRAPS), np.empty(BOOTSTRAPS)
    for draw in range(BOOTSTRAPS):
        count = random.poisson(1.0, len(y))
        factors[draw] = _cheapest_factor(count * bad, count * good, cell, kernel)
        differences[draw] = count @ (chosen - bayes) / count.sum()
    edges = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = np.quantile(factors, edges)
    difference_low, difference_high = np.quantile(differences, edges)
    return ThresholdProof(
        factor=factor,
        factor_low=float(low),
        factor_high=float(high),
        cost=float(chosen.mean()),
        bayes_cost=float(bayes.mean()),
        difference_low=float(difference_low),
        difference_high=float(difference_high),
    )

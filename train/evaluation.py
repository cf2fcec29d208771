"""What a model and its threshold are worth on rows that neither has seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, brier_score_loss, log_loss, roc_auc_score

from scoring_model.policy import refuse
from train.costs import Costs

FloatArray = NDArray[np.float64]
LabelArray = NDArray[np.int8]

BOOTSTRAPS = 2000
LEVEL = 0.95
ECE_BINS = 10
# log loss of a certain and wrong probability is infinite: cut where scikit-learn cuts float64
PROBABILITY_FLOOR = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its bootstrap interval of level `LEVEL`."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A decision policy on test rows.

    Attributes
    ----------
    metrics : mapping of str to float
        As the main run logs them, each named `test_...`.
    cost : Interval
        Cost per applicant.
    against : mapping of str to Interval
        Cost per applicant less that of another policy on the same rows (`accept_all`,
        `refuse_all`, `at_half`), paired; under 0 where this one is cheaper.
    """

    metrics: Mapping[str, float]
    cost: Interval
    against: Mapping[str, Interval]


def evaluate(
    y: LabelArray, probability: FloatArray, threshold: float, costs: Costs, seed: int
) -> Evaluation:
    """Evaluate probabilities and a threshold.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
        1 = default; both classes.
    probability : ndarray of float64, shape (rows,)
        Calibrated probability of default.
    threshold : float
        In [0, 1].
    costs : Costs
    seed : int
        Of the bootstrap.
    """
    refused = refuse(probability, threshold)
    each = costs.of_each(y, refused)
    rivals = {
        "accept_all": np.zeros(len(y), dtype=bool),
        "refuse_all": np.ones(len(y), dtype=bool),
        "at_half": refuse(probability, 0.5),
    }
    cost = bootstrap_mean(each, seed)
    clipped = np.clip(probability, PROBABILITY_FLOOR, 1.0 - PROBABILITY_FLOOR)
    metrics = {
        "test_rows": float(len(y)),
        "test_default_rate": float(y.mean()),
        "test_mean_probability": float(probability.mean()),
        "test_cost_per_applicant": cost.value,
        "test_cost_ci_low": cost.low,
        "test_cost_ci_high": cost.high,
        "test_roc_auc": float(roc_auc_score(y, probability)),
        "test_average_precision": float(average_precision_score(y, probability)),
        "test_ks": kolmogorov_smirnov(y, probability),
        "test_brier": float(brier_score_loss(y, probability)),
        "test_log_loss": float(log_loss(y, clipped)),
        "test_ece": expected_calibration_error(y, probability),
        "test_acceptance_rate": float(1.0 - refused.mean()),
        "test_false_negatives": float((~refused & (y == 1)).sum()),
        "test_false_positives": float((refused & (y == 0)).sum()),
    }
    against = {}
    for name, other in rivals.items():
        other_each = costs.of_each(y, other)
        metrics[f"test_cost_{name}"] = float(other_each.mean())
        against[name] = bootstrap_mean(each - other_each, seed)
    return Evaluation(metrics, cost, against)


def bootstrap_mean(values: FloatArray, seed: int) -> Interval:
    """Return the mean of rows and its percentile bootstrap interval.

    A cost per row takes few values, so that drawing rows with replacement is one multinomial draw
    of how often each value occurs: exact, and as fast for a million rows as for a thousand.

    B. Efron, Bootstrap methods: another look at the jackknife, Annals of Statistics 1979.
    """
    distinct, counts = np.unique(values, return_counts=True)
    draws = np.random.default_rng(seed).multinomial(
        len(values), counts / len(values), size=BOOTSTRAPS
    )
    means = draws @ distinct / len(values)
    low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    return Interval(float(values.mean()), float(low), float(high))


def kolmogorov_smirnov(y: LabelArray, probability: FloatArray) -> float:
    """Return the largest distance between the two classes' distribution functions, in [0, 1]."""
    values = np.sort(np.unique(probability))
    bad = np.searchsorted(np.sort(probability[y == 1]), values, side="right") / (y == 1).sum()
    good = np.searchsorted(np.sort(probability[y == 0]), values, side="right") / (y == 0).sum()
    return float(np.abs(bad - good).max())


def expected_calibration_error(y: LabelArray, probability: FloatArray) -> float:
    """Return the mean distance of PD and default rate over ten bins of equally many rows.

    M. Naeini, G. Cooper and M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian
    binning, AAAI 2015; bins of equal size, as PDs crowd near 0.
    """
    bins = reliability_bins(y, probability)
    return float(np.sum(bins.share * np.abs(bins.mean_probability - bins.default_rate)))


@dataclass(frozen=True, slots=True)
class ReliabilityBins:
    """Rows in order of PD, cut into bins: arrays of shape (bins,)."""

    share: FloatArray
    mean_probability: FloatArray
    default_rate: FloatArray


def reliability_bins(
    y: LabelArray, probability: FloatArray, bins: int = ECE_BINS
) -> ReliabilityBins:
    """Cut rows into `bins` of equally many rows by PD; equal PDs stay together."""
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1])
    number = np.searchsorted(np.unique(edges), probability, side="right")
    rows = np.bincount(number)
    used = rows > 0
    return ReliabilityBins(
        share=rows[used] / len(y),
        mean_probability=np.bincount(number, weights=probability)[used] / rows[used],
        default_rate=np.bincount(number, weights=y)[used] / rows[used],
    )

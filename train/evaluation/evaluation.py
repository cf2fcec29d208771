"""What a model and its threshold are worth on rows that neither has seen."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, log_loss

from scoring_model.policy import refuse
from train.costs import AnyCosts
from train.discrimination import auc_and_ks, rank_rows
from train.intervals import Interval, bootstraps_for, percentile_intervals, resample_counts
from train.reliability import (
    CalibrationInTheLarge,
    calibration_in_the_large,
    expected_calibration_error,
)

FloatArray = NDArray[np.float64]
LabelArray = NDArray[np.int8]
BoolArray = NDArray[np.bool_]

# log loss of a certain and wrong probability is infinite: cut where scikit-learn cuts float64
PROBABILITY_FLOOR = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A decision policy on test rows.

    Attributes
    ----------
    metrics : mapping of str to float
        As the main run logs them, each named `test_...`; an interval is `..._ci_low` and
        `..._ci_high`.
    intervals : mapping of str to Interval
        `cost_per_applicant`, `acceptance_rate`, `roc_auc`, `ks`, `brier`: stratified bootstrap.
    against : mapping of str to Interval
        Cost per applicant less that of another policy on the same rows (`accept_all`,
        `refuse_all`, `at_half`, `at_bayes`: the theoretical threshold), paired; under 0 where
        this one is cheaper.
    calibration : CalibrationInTheLarge
    refused : ndarray of bool, shape (rows,)
    cost_of_each : ndarray of float64, shape (rows,)
    """

    metrics: Mapping[str, float]
    intervals: Mapping[str, Interval]
    against: Mapping[str, Interval]
    calibration: CalibrationInTheLarge
    refused: BoolArray
    cost_of_each: FloatArray

    @property
    def cost(self) -> Interval:
        """Cost per applicant."""
        return self.intervals["cost_per_applicant"]


def evaluate(
    y: LabelArray,
    probability: FloatArray,
    threshold: float | FloatArray,
    costs: AnyCosts,
    seed: int,
) -> Evaluation:
    """Evaluate probabilities and a threshold.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
        1 = default; both classes.
    probability : ndarray of float64, shape (rows,)
        Calibrated probability of default.
    threshold : float or ndarray of float64, shape (rows,)
        In [0, 1].
    costs : Costs or LoanCosts
    seed : int
        Of the bootstrap.
    """
    refused = refuse(probability, threshold)
    rivals = {
        "accept_all": np.zeros(len(y), dtype=bool),
        "refuse_all": np.ones(len(y), dtype=bool),
        "at_half": refuse(probability, 0.5),
        "at_bayes": refuse(probability, costs.bayes_threshold),
    }
    each = costs.of_each(y, refused)
    rival_costs = {name: costs.of_each(y, other) for name, other in rivals.items()}
    intervals, against = _intervals(y, probability, refused, each, rival_costs, seed)
    calibration = calibration_in_the_large(y, probability)
    clipped = np.clip(probability, PROBABILITY_FLOOR, 1.0 - PROBABILITY_FLOOR)
    metrics = {
        "test_rows": float(len(y)),
        "test_default_rate": calibration.default_rate.value,
        "test_mean_probability": calibration.mean_probability,
        "test_calibration_ratio": calibration.ratio,
        "test_average_precision": float(average_precision_score(y, probability)),
        "test_log_loss": float(log_loss(y, clipped)),
        "test_ece": expected_calibration_error(y, probability),
        "test_false_negatives": float((~refused & (y == 1)).sum()),
        "test_false_positives": float((refused & (y == 0)).sum()),
    }
    for name, interval in intervals.items():
        metrics[f"test_{name}"] = interval.value
        stem = "cost" if name == "cost_per_applicant" else name
        metrics |= _bounds(f"test_{stem}", interval)
    for name, difference in against.items():
        metrics[f"test_cost_{name}"] = float(rival_costs[name].mean())
        metrics[f"test_cost_minus_{name}"] = difference.value
        metrics |= _bounds(f"test_cost_minus_{name}", difference)
    return Evaluation(metrics, intervals, against, calibration, refused, each)


def _intervals(
    y: LabelArray,
    probability: FloatArray,
    refused: BoolArray,
    each: FloatArray,
    rival_costs: Mapping[str, FloatArray],
    seed: int,
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    """Return the intervals of the figures and of the differences, from one set of samples."""
    brier = (probability - y) ** 2
    differences = [each - other for other in rival_costs.values()]
    columns = np.column_stack([each, ~refused, brier, *differences]).astype(np.float64)
    ranked = rank_rows(y, probability)

    def figures(counts: NDArray[np.int64]) -> FloatArray:
        return np.concatenate([auc_and_ks(ranked, counts), counts @ columns / len(y)])

    values = figures(np.ones(len(y), dtype=np.int64))
    samples = [figures(counts) for counts in resample_counts(y, bootstraps_for(len(y)), seed)]
    found = percentile_intervals(values, np.array(samples))
    names = ("roc_auc", "ks", "cost_per_applicant", "acceptance_rate", "brier")
    return (
        dict(zip(names, found, strict=False)),
        dict(zip(rival_costs, found[len(names) :], strict=True)),
    )


def _bounds(name: str, interval: Interval) -> dict[str, float]:
    return {f"{name}_ci_low": interval.low, f"{name}_ci_high": interval.high}

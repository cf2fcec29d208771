"""Test figures of a model and its threshold: costs, errors, intervals, and simpler rules."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, log_loss

from scoring_model.policy import refuse
from scoring_model.types import BoolArray, FloatArray, LabelArray
from train.portfolio import AnyCosts
from train.statistics import (
    CalibrationInTheLarge,
    Interval,
    auc_and_ks,
    bootstraps_for,
    calibration_in_the_large,
    expected_calibration_error,
    percentile_intervals,
    rank_rows,
    resample_counts,
)

# A ranking over this is so rare in credit that a feature may know the outcome.
HIGH_AUC = 0.90
# The log loss of a wrong probability of 0 or 1 is infinite: clip as scikit-learn does for float64.
PROBABILITY_FLOOR = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, slots=True)
class Rival:
    """A simpler rule on the same rows.

    Attributes
    ----------
    cost_per_applicant : float
    difference : Interval
        Cost per applicant of the evaluated policy minus that of the rival, paired by row. It is
        below 0 if the evaluated policy is cheaper.
    """

    cost_per_applicant: float
    difference: Interval


@dataclass(frozen=True, slots=True, eq=False)
class Evaluation:
    """Figures of a decision policy on test rows.

    Attributes
    ----------
    intervals : mapping of str to Interval
        `cost_per_applicant`, `acceptance_rate`, `roc_auc`, `ks`, `brier`, from a stratified
        bootstrap.
    rivals : mapping of str to Rival
        `accept_all`, `refuse_all`, `at_half`, `at_bayes` (the theoretical threshold).
    calibration : CalibrationInTheLarge
        Mean PD compared with the default rate.
    average_precision, log_loss, ece : float
        Quality of the probabilities; `ece` is the expected calibration error.
    false_negatives, false_positives : int
        Numbers of accepted defaulters and of refused good clients.
    refused : ndarray of bool, shape (rows,)
        Decision on each row.
    cost_of_each : ndarray of float64, shape (rows,)
        Cost of each decision.
    """

    intervals: Mapping[str, Interval]
    rivals: Mapping[str, Rival]
    calibration: CalibrationInTheLarge
    average_precision: float
    log_loss: float
    ece: float
    false_negatives: int
    false_positives: int
    refused: BoolArray
    cost_of_each: FloatArray

    @property
    def cost(self) -> Interval:
        """Cost per applicant."""
        return self.intervals["cost_per_applicant"]

    @property
    def metrics(self) -> dict[str, float]:
        """The figures as metrics of the run; MLflow's pages show each `group/` as a group."""
        metrics = {
            "test_rows": float(len(self.refused)),
            "calibration/default_rate": self.calibration.default_rate.value,
            "calibration/mean_probability": self.calibration.mean_probability,
            "calibration/ratio": self.calibration.ratio,
            "test_average_precision": self.average_precision,
            "test_log_loss": self.log_loss,
            "test_ece": self.ece,
            "test_false_negatives": float(self.false_negatives),
            "test_false_positives": float(self.false_positives),
        }
        for name, interval in self.intervals.items():
            metrics[f"test_{name}"] = interval.value
            is_cost = name == "cost_per_applicant"
            metrics |= _bounds("test_cost" if is_cost else f"intervals/{name}", interval)
        for name, rival in self.rivals.items():
            stem = "simple_rules/cost" if name == "at_bayes" else "test_cost"
            metrics[f"{stem}_{name}"] = rival.cost_per_applicant
            metrics[f"simple_rules/cost_minus_{name}"] = rival.difference.value
            metrics |= _bounds(f"simple_rules/cost_minus_{name}", rival.difference)
        return metrics


def evaluate_policy(
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
        1 = default; both classes must be present.
    probability : ndarray of float64, shape (rows,)
        Calibrated probability of default.
    threshold : float or ndarray of float64, shape (rows,)
        One for all rows or one for each, in [0, 1].
    costs : Costs or LoanCosts
        Costs of wrong decisions.
    seed : int
        Seeds the bootstrap.
    """
    refused = refuse(probability, threshold)
    policies = {
        "accept_all": np.zeros(len(y), dtype=bool),
        "refuse_all": np.ones(len(y), dtype=bool),
        "at_half": refuse(probability, 0.5),
        "at_bayes": refuse(probability, costs.bayes_threshold),
    }
    each = costs.of_each(y, refused)
    rival_costs = {name: costs.of_each(y, other) for name, other in policies.items()}
    intervals, differences = _intervals(y, probability, refused, each, rival_costs, seed)
    clipped = np.clip(probability, PROBABILITY_FLOOR, 1.0 - PROBABILITY_FLOOR)
    return Evaluation(
        intervals=intervals,
        rivals={
            name: Rival(float(cost.mean()), differences[name]) for name, cost in rival_costs.items()
        },
        calibration=calibration_in_the_large(y, probability),
        average_precision=float(average_precision_score(y, probability)),
        log_loss=float(log_loss(y, clipped)),
        ece=expected_calibration_error(y, probability),
        false_negatives=int((~refused & (y == 1)).sum()),
        false_positives=int((refused & (y == 0)).sum()),
        refused=refused,
        cost_of_each=each,
    )


def _intervals(
    y: LabelArray,
    probability: FloatArray,
    refused: BoolArray,
    each: FloatArray,
    rival_costs: Mapping[str, FloatArray],
    seed: int,
) -> tuple[dict[str, Interval], dict[str, Interval]]:
    """Return intervals of the figures and of the differences, all from the same resamples."""
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

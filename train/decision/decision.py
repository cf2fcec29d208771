"""Choose calibration map and threshold rule together, by cross-validation."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from scoring_model.policy import (
    CalibrationMap,
    CalibrationMethod,
    refuse,
    scaled_thresholds,
)
from scoring_model.types import FloatArray, LabelArray, RowNumbers
from train.decision.calibration import METHODS, fit_map
from train.decision.threshold import choose_factor
from train.portfolio import LoanCosts

ThresholdRule = Literal["theoretical", "tuned"]

FOLDS = 5
# A pair of map and rule replaces the default pair only if it is cheaper by this many standard
# errors of the paired difference.
CLEARLY = 2.0


@dataclass(frozen=True, slots=True)
class Candidate:
    """One pair of calibration map and threshold rule, with its cross-validated figures.

    Attributes
    ----------
    method : {"sigmoid", "smooth", "isotonic"}
        Kind of calibration map.
    rule : {"theoretical", "tuned"}
        `theoretical` takes `FP / (FP + FN)` as threshold. `tuned` multiplies it by a factor.
    log_loss : float
        Log loss of the map.
    cost_per_applicant : float
        Cost of the decisions of map and rule.
    """

    method: CalibrationMethod
    rule: ThresholdRule
    log_loss: float
    cost_per_applicant: float


@dataclass(frozen=True, slots=True)
class DecisionRule:
    """The chosen map and threshold rule.

    Attributes
    ----------
    calibration : CalibrationMap
        The map, fitted on all rows.
    factor : float
        Each applicant's `FP / (FP + FN)` is multiplied by it; 1 is the theoretical rule.
    candidates : tuple of Candidate
        All pairs that were compared. The first is the chosen one.
    """

    calibration: CalibrationMap
    factor: float
    candidates: tuple[Candidate, ...]

    def thresholds(self, costs: LoanCosts) -> FloatArray:
        """Return the probability from which each applicant is refused, shape (rows,)."""
        return scaled_thresholds(costs.false_negative, costs.false_positive, self.factor)


def choose_rule(margin: FloatArray, y: LabelArray, costs: LoanCosts, seed: int) -> DecisionRule:
    """Choose a pair of calibration map and threshold rule.

    The default pair is the map with the lowest log loss and the theoretical threshold. Another pair
    is chosen only if it is clearly cheaper. Log loss and cost are cross-validated.

    Parameters
    ----------
    margin : ndarray of float64, shape (repeats, rows)
        Out-of-fold raw log-odds, one row for each shuffle of the folds.
    y : ndarray of int8, shape (rows,)
        1 = default. Each class must occur at least twice.
    costs : LoanCosts
        What wrong decisions on these rows cost.
    seed : int
        Seed of the cross-validation.

    Notes
    -----
    On calibrated probabilities the theoretical threshold is the cheapest, and it has no variance.
    The lowest point of an empirical cost curve has a large variance. So a tuned threshold is
    chosen only if it is clearly better.
    """
    losses: dict[CalibrationMethod, float] = {}
    each: dict[tuple[CalibrationMethod, ThresholdRule], FloatArray] = {}
    splits = _splits(y, seed)
    for method in METHODS:
        probability, factor = _cross_validate(method, margin, y, costs, splits)
        losses[method] = float(np.mean([log_loss(y, row) for row in probability]))
        each[method, "theoretical"] = _cost_of_rows(y, probability, costs, np.ones(len(y)))
        each[method, "tuned"] = _cost_of_rows(y, probability, costs, factor)
    best = _cheapest(each, min(losses, key=losses.__getitem__))
    method, rule = best
    calibration = fit_map(method, margin.ravel(), np.tile(y, len(margin)))
    factor_of_all = 1.0
    if rule == "tuned":
        factor_of_all = _factor(calibration.apply(margin), y, costs)
    candidates = [
        Candidate(*pair, losses[pair[0]], float(cost.mean())) for pair, cost in each.items()
    ]
    candidates.sort(key=lambda c: ((c.method, c.rule) != best, c.cost_per_applicant))
    return DecisionRule(calibration, factor_of_all, tuple(candidates))


def _splits(y: LabelArray, seed: int) -> list[tuple[RowNumbers, RowNumbers]]:
    folds = min(FOLDS, int(np.bincount(y, minlength=2).min()))
    return list(StratifiedKFold(folds, shuffle=True, random_state=seed).split(y, y))


def _cross_validate(
    method: CalibrationMethod,
    margin: FloatArray,
    y: LabelArray,
    costs: LoanCosts,
    splits: list[tuple[RowNumbers, RowNumbers]],
) -> tuple[FloatArray, FloatArray]:
    """Return held-out probabilities, shape (repeats, rows), and tuned factors, shape (rows,)."""
    probability = np.empty_like(margin)
    factor = np.empty(len(y))
    for fit_rows, held_rows in splits:
        fit_margin, fit_y = margin[:, fit_rows], y[fit_rows]
        fitted = fit_map(method, fit_margin.ravel(), np.tile(fit_y, len(margin)))
        probability[:, held_rows] = fitted.apply(margin[:, held_rows])
        factor[held_rows] = _factor(fitted.apply(fit_margin), fit_y, costs.take(fit_rows))
    return probability, factor


def _factor(probability: FloatArray, y: LabelArray, costs: LoanCosts) -> float:
    """Return the factor that is tuned on the mean probability over the repeats."""
    return choose_factor(y, probability.mean(axis=0), costs)


def _cost_of_rows(
    y: LabelArray, probability: FloatArray, costs: LoanCosts, factor: FloatArray
) -> FloatArray:
    """Return the cost of each row, as the mean over the repeats."""
    threshold = scaled_thresholds(costs.false_negative, costs.false_positive, factor)
    each = [costs.of_each(y, refuse(row, threshold)) for row in probability]
    return np.asarray(np.mean(each, axis=0))


def _cheapest(
    each: dict[tuple[CalibrationMethod, ThresholdRule], FloatArray], safest: CalibrationMethod
) -> tuple[CalibrationMethod, ThresholdRule]:
    """Return the cheapest pair that is clearly cheaper than the default pair, else the default."""
    reference: tuple[CalibrationMethod, ThresholdRule] = (safest, "theoretical")
    best, gain = reference, 0.0
    for pair, cost in each.items():
        saved = each[reference] - cost
        noise = float(saved.std()) / np.sqrt(len(saved))
        if saved.mean() > max(gain, CLEARLY * noise):
            best, gain = pair, float(saved.mean())
    return best

"""What could be done about a version, and what each would save."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np

from monitoring.facts import FitCells, RecalibratedSums
from monitoring.figures import LogOddsFit, fit_log_odds
from scoring_model.profile import ExpectedDecisions
from scoring_model.types import FloatArray
from train.statistics import NORMAL_QUANTILE, Interval

Recalibrate = Callable[[str, float, float, Collection[int]], RecalibratedSums]
"""Sums the costs under another calibration: of a manifest, slope, intercept, and months."""

LEAST_OF_CLASS = 20
"""A fit and a ranking need as many defaults, and as many other decisions."""


@dataclass(frozen=True, slots=True)
class Savings:
    """What a new calibration shows about a version, per applicant.

    Attributes
    ----------
    cost : float
        Cost of the decisions as they were.
    recalibrate : Interval
        Saved by the calibration that fits the outcomes.
    stop : Interval
        Saved by accepting all, or by refusing all, whichever is cheaper.
    beyond_stop : Interval
        Saved by the new calibration beyond that.
    retrain : Interval or None
        Saved if a new version decided as well as this one did in training; None if the profile has
        no expected cost.
    beyond_recalibrate : Interval or None
        The part of it that the new calibration does not save.
    flat_rule : str
        `accept all` or `refuse all`.
    """

    cost: float
    recalibrate: Interval
    stop: Interval
    beyond_stop: Interval
    retrain: Interval | None
    beyond_recalibrate: Interval | None
    flat_rule: str


def fit_cells(cells: FitCells | None) -> LogOddsFit | str:
    """Return the calibration that fits the outcomes, or why there is none."""
    if cells is None:
        return "no outcome can be compared with its probability"
    defaults = float(cells.defaults.sum())
    others = float(cells.decisions.sum()) - defaults
    if min(defaults, others) < LEAST_OF_CLASS:
        return (
            f"a fit needs {LEAST_OF_CLASS} defaults and {LEAST_OF_CLASS} other decisions, and "
            f"there are {defaults:.0f} and {others:.0f}"
        )
    try:
        return fit_log_odds(cells.log_odds, cells.share, cells.decisions, cells.defaults)
    except ValueError as error:
        return str(error)


def find_savings(
    fit: LogOddsFit,
    manifest: str,
    months: Collection[int],
    recalibrate: Recalibrate,
    training: ExpectedDecisions | None,
) -> Savings | None:
    """Return what each option saves on the decisions of these months, if it is known.

    The intervals hold the uncertainty of the fit, by the delta method: with derivatives for
    `recalibrate`, and with differences over one standard error for the others.

    Parameters
    ----------
    fit : LogOddsFit
        The calibration that fits the outcomes.
    manifest : str
        The version.
    months : collection of int
        At least one.
    recalibrate : callable
        See `Recalibrate`.
    training : ExpectedDecisions or None
        From the profile of the version.
    """
    sums = recalibrate(manifest, fit.slope, fit.intercept, months)
    if not sums.decisions:
        return None
    at = _costs(sums)
    steps = _standard_errors(fit)

    def ask(step: FloatArray) -> FloatArray:
        slope, intercept = (fit.slope + step[0], fit.intercept + step[1])
        return _costs(recalibrate(manifest, slope, intercept, months))

    rises = np.array([(ask(step) - ask(-step)) / 2.0 for step in steps])
    rule = int(at[2] < at[1])
    old, flat, new = np.eye(len(at))[[0, 1 + rule, 3]]

    def weigh(weights: FloatArray) -> Interval:
        return _interval(float(at @ weights), rises @ weights)

    retrain = beyond_recalibrate = None
    if training is not None:
        cheapest = min(training.accept_all_cost, training.refuse_all_cost)
        if cheapest > 0.0:
            as_trained = flat * (training.cost / cheapest)
            retrain, beyond_recalibrate = weigh(old - as_trained), weigh(new - as_trained)
    by_fit = np.array([sums.by_slope, sums.by_intercept]) / sums.decisions
    return Savings(
        cost=float(at[0]),
        recalibrate=_interval(float(at @ (old - new)), steps @ by_fit),
        stop=weigh(old - flat),
        beyond_stop=weigh(flat - new),
        retrain=retrain,
        beyond_recalibrate=beyond_recalibrate,
        flat_rule=("accept all", "refuse all")[rule],
    )


def _interval(value: float, along: FloatArray) -> Interval:
    """Return a figure with its interval, from its change by one standard error on each axis."""
    half = NORMAL_QUANTILE * float(np.linalg.norm(along))
    return Interval(value, value - half, value + half)


def _standard_errors(fit: LogOddsFit) -> FloatArray:
    """Return one standard error along each axis of the uncertainty, shape (axes, 2)."""
    spreads, axes = np.linalg.eigh(fit.covariance)
    return np.asarray((axes * np.sqrt(np.maximum(spreads, 0.0))).T)


def _costs(sums: RecalibratedSums) -> FloatArray:
    """Return the cost per applicant of the old decisions, accept all, refuse all, the new ones."""
    costs = (sums.cost, sums.accept_all_cost, sums.refuse_all_cost, sums.cost - sums.saving)
    return np.array(costs) / sums.decisions

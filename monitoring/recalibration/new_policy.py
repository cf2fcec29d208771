"""`fit_policy`: a new map and threshold for the same trees, from matured outcomes."""

import math
from dataclasses import dataclass, replace

import numpy as np

from monitoring.figures import LogOddsFit, fit_log_odds
from monitoring.recalibration.rows import LoggedMargins, MaturedRows, decide_anew
from scoring_model.policy import CalibrationMap, DecisionPolicy
from scoring_model.profile import Profile
from scoring_model.types import BoolArray
from train.data import profile_decisions, profile_number
from train.errors import InputError
from train.portfolio import Costs
from train.statistics import NORMAL_QUANTILE, Interval

LEAST_FITTED, LEAST_JUDGED = 20, 10
"""Least number of defaults, and of other loans, in the fit and in the judged third.

The bound of the gate is the wider, the fewer defaults are judged."""


@dataclass(frozen=True, slots=True, eq=False)
class FittedPolicy:
    """A policy with a new map and threshold.

    Attributes
    ----------
    policy : DecisionPolicy
    slope, intercept : Interval
        They define the map; each has its 95 % interval.
    """

    policy: DecisionPolicy
    slope: Interval
    intercept: Interval


def mark_judged(rows: MaturedRows) -> BoolArray:
    """Return which rows are judged: the latest third, shape (rows,). No day is split."""
    day = rows.logged.day
    return np.asarray(day >= np.sort(day)[2 * len(day) // 3])


def check_outcomes(rows: MaturedRows, part: str, least: int) -> None:
    """Raise `InputError` unless there are enough defaults and enough other loans.

    Parameters
    ----------
    rows : MaturedRows
    part : str
        What the rows are, in words.
    least : int
        Number of defaults, and of other loans, that there must be.
    """
    defaults = int(rows.y.sum())
    others = len(rows.y) - defaults
    if min(defaults, others) < least:
        raise InputError(
            f"outcomes: {part} must have at least {least} defaults and {least} "
            f"other loans, got {defaults} and {others}: wait for more outcomes"
        )


def fit_policy(old: DecisionPolicy, fitted: MaturedRows, logged: LoggedMargins) -> FittedPolicy:
    """Fit a new map to outcomes, and take the theoretical threshold.

    The probabilities stay those of a default over the whole life of a loan, although a part of the
    defaults is not known yet: see `fit_log_odds`.

    Parameters
    ----------
    old : DecisionPolicy
        The champion's policy.
    fitted : MaturedRows
        The rows to fit.
    logged : LoggedMargins
        All decisions up to the last day of the fit, refused ones included.

    Raises
    ------
    InputError
        The probability does not rise with the log-odds, or nothing can be fitted.
    """
    try:
        margin = fitted.logged.margin
        fit = fit_log_odds(margin, fitted.share, np.ones(len(margin)), fitted.y.astype(np.float64))
    except ValueError as error:
        raise InputError(f"outcomes: no new map can be fitted: {error}") from error
    if not fit.slope > 0:
        raise InputError(
            f"outcomes: the slope of the new map must be more than 0, got {fit.slope:.4f}: the "
            "model no longer finds the defaults, so train a new one"
        )
    calibration = CalibrationMap("sigmoid", fit.slope, fit.intercept)
    return FittedPolicy(
        _with_map(old, calibration, logged), _interval(fit, "slope"), _interval(fit, "intercept")
    )


def _with_map(
    old: DecisionPolicy, calibration: CalibrationMap, logged: LoggedMargins
) -> DecisionPolicy:
    if old.loan_costs is None:
        threshold = Costs(old.false_negative_cost, old.false_positive_cost).bayes_threshold
        return replace(old, calibration=calibration, threshold=threshold)
    # each loan has its own threshold; this one is for people
    return replace(
        old,
        calibration=calibration,
        threshold=float(np.median(logged.costs.bayes_threshold)),
        loan_costs=replace(old.loan_costs, factor=1.0),
    )


def _interval(fit: LogOddsFit, name: str) -> Interval:
    value = float(getattr(fit, name))
    index = ("slope", "intercept").index(name)
    half = NORMAL_QUANTILE * math.sqrt(fit.covariance[index, index])
    return Interval(value, value - half, value + half)


def recalibrate_profile(
    old: Profile | None, policy: DecisionPolicy, logged: LoggedMargins
) -> Profile | None:
    """Return the champion's profile with the probabilities and decisions of a new policy.

    Parameters
    ----------
    old : Profile or None
        None for a version without a profile: the new one has none either.
    policy : DecisionPolicy
    logged : LoggedMargins
        All decisions up to the last day of the fit.
    """
    if old is None:
        return None
    probability, refused = decide_anew(policy, logged)
    return replace(
        old,
        probability=profile_number("probability", probability),
        expected=profile_decisions(probability, refused, logged.costs),
    )

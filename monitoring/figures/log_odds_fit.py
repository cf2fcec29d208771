"""`fit_log_odds`: fit a straight line of the log-odds to outcomes, some of which come later."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring_model.types import FloatArray

TOO_EARLY = (
    "more defaults are known at this age than the version expects even if all default: they come "
    "earlier than in training"
)
_STEPS = 100
_CONVERGED = 1e-10
_EDGE = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class LogOddsFit:
    """The probability `1 / (1 + exp(-(slope x + intercept)))`, fitted to outcomes.

    Attributes
    ----------
    slope, intercept : float
    covariance : ndarray of float64, shape (2, 2)
        Covariance of slope and intercept.
    """

    slope: float
    intercept: float
    covariance: NDArray[np.float64]

    def probability(self, x: FloatArray) -> FloatArray:
        """Return the probability of default at each `x`."""
        return np.asarray(1.0 / (1.0 + np.exp(-(self.slope * x + self.intercept))))


def fit_log_odds(
    x: FloatArray, share: FloatArray, decisions: FloatArray, defaults: FloatArray
) -> LogOddsFit:
    """Fit slope and intercept by maximum likelihood.

    A decision is known as a default with the probability `share * p`: the other defaults come
    later. Fisher's scoring, with half a step where a whole one makes it worse.

    Parameters
    ----------
    x : ndarray of float64, shape (cells,)
        Log-odds, or the margin of a booster.
    share : ndarray of float64, shape (cells,)
        Share of the defaults that is known, in [0, 1].
    decisions, defaults : ndarray of float64, shape (cells,)
        Decisions in each cell, and the known defaults among them.

    Raises
    ------
    ValueError
        There is no default, or nothing but defaults; all `x` are equal; or more defaults are known
        than `share` allows even if every decision was a default.
    """
    if not 0.0 < defaults.sum() < decisions.sum() or np.ptp(x[decisions > 0]) == 0.0:
        raise ValueError("there must be defaults, other decisions, and different log-odds")
    centre, spread = float(np.average(x, weights=decisions)), float(x.std())
    design = np.column_stack(((x - centre) / spread, np.ones_like(x)))
    rate = defaults.sum() / (decisions * share).sum()
    if not rate < 1.0:
        raise ValueError(TOO_EARLY)
    at = np.array([0.0, np.log(rate / (1.0 - rate))])
    best = _likelihood(at, design, share, decisions, defaults)
    for _ in range(_STEPS):
        score, information = _derivatives(at, design, share, decisions, defaults)
        try:
            step = np.linalg.solve(information, score)
        except np.linalg.LinAlgError as error:
            # the probabilities have gone to 1
            raise ValueError(TOO_EARLY) from error
        while (found := _likelihood(at + step, design, share, decisions, defaults)) < best:
            step /= 2.0
            if np.abs(step).max() < _CONVERGED:
                break
        at, best = at + step, found
        if np.abs(step).max() < _CONVERGED:
            break
    _, information = _derivatives(at, design, share, decisions, defaults)
    # back from the standardised x
    back = np.array([[1.0 / spread, 0.0], [-centre / spread, 1.0]])
    slope, intercept = back @ at
    return LogOddsFit(float(slope), float(intercept), back @ np.linalg.inv(information) @ back.T)


def _expect(at: FloatArray, design: FloatArray, share: FloatArray) -> tuple[FloatArray, FloatArray]:
    probability = 1.0 / (1.0 + np.exp(-np.clip(design @ at, -500.0, 500.0)))
    return probability, np.clip(share * probability, _EDGE, 1.0 - _EDGE)


def _likelihood(
    at: FloatArray,
    design: FloatArray,
    share: FloatArray,
    decisions: FloatArray,
    defaults: FloatArray,
) -> float:
    _, known = _expect(at, design, share)
    return float(np.sum(defaults * np.log(known) + (decisions - defaults) * np.log1p(-known)))


def _derivatives(
    at: FloatArray,
    design: FloatArray,
    share: FloatArray,
    decisions: FloatArray,
    defaults: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the derivative of the likelihood, and the expected information."""
    probability, known = _expect(at, design, share)
    rise = share * probability * (1.0 - probability)
    spread = known * (1.0 - known)
    score = design.T @ ((defaults - decisions * known) * rise / spread)
    information = design.T @ (design * (decisions * rise**2 / spread)[:, None])
    return np.asarray(score), np.asarray(information)

"""Tests that defaults, and what they cost, are not more than expected."""

import math

from scipy.stats import beta, gamma


def jeffreys_p_value(defaults: int, decisions: int, expected_rate: float) -> float:
    """Return the p-value of Jeffreys' test that defaults are not more than expected.

    It is `Beta(D + 1/2, N - D + 1/2).cdf(PD)`: European Central Bank, Instructions for reporting
    the validation results of internal models, 2019, section 2.5.3.

    Parameters
    ----------
    defaults, decisions : int
        `D` and `N`.
    expected_rate : float
        Share of defaults that is expected at the age of the decisions, in [0, 1].
    """
    return float(beta.cdf(expected_rate, defaults + 0.5, decisions - defaults + 0.5))


def cost_p_value(cost: float, expected: float, variance: float) -> float:
    """Return the p-value of a test that a cost is not more than expected.

    The cost is taken to follow the gamma distribution with the expected mean and variance. It is
    about normal if many defaults are expected. If few are, it is skewed as the cost itself is, and
    a normal distribution would find too much.

    Parameters
    ----------
    cost : float
        Sum over the defaults.
    expected, variance : float
        Mean and variance of this sum if the probabilities are right. If nothing is expected, the
        p-value is 1: such decisions show nothing.
    """
    if expected <= 0.0 or variance <= 0.0:
        return 1.0
    shape = expected**2 / variance
    return float(gamma.sf(cost / math.sqrt(variance), shape, scale=1.0 / math.sqrt(shape)))

"""The fit of log-odds: it finds a planted line, also where most defaults come later."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from monitoring.figures import TOO_EARLY, fit_log_odds

SLOPE, INTERCEPT, ROWS = 0.8, 0.5, 100_000


@pytest.mark.parametrize("least", [0.05, 0.4, 1.0])
@pytest.mark.parametrize("seed", range(3))
def test_a_planted_line_is_found(least: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    x, share = rng.normal(-3.0, 1.0, ROWS), rng.uniform(least, 1.0, ROWS)
    probability = 1.0 / (1.0 + np.exp(-(SLOPE * x + INTERCEPT)))
    defaults = (rng.random(ROWS) < probability * share).astype(float)
    fit = fit_log_odds(x, share, np.ones(ROWS), defaults)
    errors = np.sqrt(np.diag(fit.covariance))
    assert abs(fit.slope - SLOPE) < 4.0 * errors[0]
    assert abs(fit.intercept - INTERCEPT) < 4.0 * errors[1]
    assert np.abs(fit.probability(x) - probability).mean() < 0.01


def test_with_all_defaults_known_it_is_a_logistic_regression() -> None:
    rng = np.random.default_rng(3)
    x = rng.normal(-2.0, 1.0, 5_000)
    y = rng.random(len(x)) < 1.0 / (1.0 + np.exp(-x))
    fit = fit_log_odds(x, np.ones(len(x)), np.ones(len(x)), y.astype(float))
    other = LogisticRegression(C=np.inf, tol=1e-10).fit(x.reshape(-1, 1), y)
    np.testing.assert_allclose(fit.slope, other.coef_[0, 0], rtol=1e-5)
    np.testing.assert_allclose(fit.intercept, other.intercept_[0], rtol=1e-4)


def test_cells_say_the_same_as_their_decisions() -> None:
    x, decisions = np.array([-3.0, -2.0, -1.0]), np.array([500.0, 400.0, 300.0])
    defaults, share = np.array([20.0, 40.0, 60.0]), np.full(3, 0.7)
    fit = fit_log_odds(x, share, decisions, defaults)
    each_x, each_share = (np.repeat(cells, decisions.astype(int)) for cells in (x, share))
    y = np.concatenate([np.arange(n) < d for n, d in zip(decisions, defaults, strict=True)])
    single = fit_log_odds(each_x, each_share, np.ones(len(y)), y.astype(float))
    np.testing.assert_allclose([fit.slope, fit.intercept], [single.slope, single.intercept])
    np.testing.assert_allclose(fit.covariance, single.covariance)


@pytest.mark.parametrize(
    ("share", "defaults", "problem"),
    [
        (0.05, (60.0, 70.0, 80.0, 90.0), TOO_EARLY),
        (1.0, (0.0, 0.0, 0.0, 0.0), "there must be defaults"),
        (1.0, (1000.0, 1000.0, 1000.0, 1000.0), "there must be defaults, other decisions"),
    ],
)
def test_what_cannot_be_fitted_is_said(
    share: float, defaults: tuple[float, ...], problem: str
) -> None:
    x, decisions = np.array([-3.0, -2.0, -1.0, 0.0]), np.full(4, 1000.0)
    with pytest.raises(ValueError, match=problem):
        fit_log_odds(x, np.full(4, share), decisions, np.array(defaults))


def test_equal_log_odds_cannot_be_fitted() -> None:
    two = np.ones(2)
    with pytest.raises(ValueError, match="different log-odds"):
        fit_log_odds(two, two, 10 * two, 3 * two)

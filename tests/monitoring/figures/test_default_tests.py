"""Tests of defaults and of their cost: exact figures, size and power."""

import numpy as np
import pytest

from monitoring.figures import cost_p_value, jeffreys_p_value
from scoring_model.types import FloatArray

LEVEL = 0.01
RUNS = 4000


def test_jeffreys_figure() -> None:
    assert jeffreys_p_value(30, 1000, 0.02) == pytest.approx(0.0162384711, abs=5e-11)


@pytest.mark.parametrize("expected", [1.0, 5.0, 50.0])
def test_jeffreys_test_finds_about_as_often_as_its_level_says(expected: float) -> None:
    """With few expected defaults, which are whole numbers, it finds up to twice its level."""
    defaults = np.random.default_rng(0).binomial(2000, expected / 2000, RUNS)
    found = [jeffreys_p_value(int(d), 2000, expected / 2000) <= LEVEL for d in defaults]
    assert np.mean(found) <= 2 * LEVEL + 3 * np.sqrt(LEVEL / RUNS)


def test_jeffreys_test_finds_an_excess() -> None:
    defaults = np.random.default_rng(0).binomial(2000, 0.05, 1000)
    found = np.mean([jeffreys_p_value(int(d), 2000, 0.03) <= LEVEL for d in defaults])
    assert found > 0.98


def draw_costs(excess: float) -> tuple[FloatArray, float, float]:
    """Return costs of sets of loans of very different size, and the expected mean and variance."""
    random = np.random.default_rng(1)
    cost = np.exp(random.standard_normal(400))
    probability = random.beta(1, 30, 400)
    drawn = random.random((RUNS, 400)) < probability * excess
    variance = (cost**2 * probability * (1 - probability)).sum()
    return (
        np.asarray(drawn @ cost, dtype=np.float64),
        float((cost * probability).sum()),
        float(variance),
    )


def test_the_test_of_cost_holds_its_level_for_skewed_costs() -> None:
    costs, expected, variance = draw_costs(1.0)
    found = np.mean([cost_p_value(cost, expected, variance) <= LEVEL for cost in costs])
    assert 0.2 * LEVEL < found <= LEVEL + 3 * np.sqrt(LEVEL / RUNS)
    # a normal distribution finds more than twice as much
    assert np.mean((costs - expected) / np.sqrt(variance) > 2.3263) > 2 * LEVEL


def test_the_test_of_cost_finds_an_excess() -> None:
    costs, expected, variance = draw_costs(3.0)
    assert np.mean([cost_p_value(cost, expected, variance) <= LEVEL for cost in costs]) > 0.9


def test_nothing_expected_shows_nothing() -> None:
    assert cost_p_value(5.0, 0.0, 0.0) == 1.0


def test_many_defaults_make_the_distribution_normal() -> None:
    assert cost_p_value(10_232.63, 10_000.0, 100.0**2) == pytest.approx(0.01, abs=5e-4)

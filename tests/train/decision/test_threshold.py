"""The threshold: its cost curve is exact, its choice is stable, its intervals cover the truth."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring_model.policy import refuse, scaled_thresholds
from tests.train.planted import as_probability, make_population
from train.decision.threshold import choose_factor, cost_curve, lowest_cost, prove_threshold
from train.portfolio import Costs, LoanCosts


@settings(max_examples=50, deadline=None)
@given(
    seed=st.integers(0, 1000),
    rows=st.integers(2, 60),
    false_negative=st.floats(0.1, 50),
    each=st.booleans(),
)
def test_the_cost_curve_gives_the_cost_of_each_threshold(
    seed: int, rows: int, false_negative: float, each: bool
) -> None:
    random = np.random.default_rng(seed)
    y = random.integers(0, 2, rows).astype(np.int8)
    probability = random.random(rows).round(1)
    costs = Costs(false_negative).of_rows(rows)
    if each:
        costs = LoanCosts(costs.false_negative * random.random(rows), random.random(rows))
    thresholds, cost = cost_curve(y, probability, costs)
    for threshold, expected in zip(thresholds, cost, strict=True):
        assert np.isclose(costs.per_applicant(y, refuse(probability, threshold)), expected)
    assert lowest_cost(y, probability, costs) == cost.min()


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 100), lower=st.floats(0.5, 20), times=st.floats(1, 10))
def test_a_higher_cost_of_defaults_never_raises_the_threshold(
    seed: int, lower: float, times: float
) -> None:
    log_odds, y = make_population().draw(1_000, seed)
    probability = as_probability(log_odds)
    thresholds = []
    for false_negative in (lower, lower * times):
        costs = Costs(false_negative).of_rows(len(y))
        factor = choose_factor(y, probability, costs)
        thresholds.append(scaled_thresholds(*arrays(costs), factor)[0])
    # the factors are on a grid with steps of 2 %
    assert thresholds[1] <= thresholds[0] * 1.021


def arrays(costs: LoanCosts) -> tuple[np.ndarray, np.ndarray]:
    return costs.false_negative, costs.false_positive


@pytest.mark.parametrize("bias", [0.25, 1.0, 4.0])
def test_the_factor_finds_the_bias_of_the_probabilities(bias: float) -> None:
    log_odds, y = make_population().draw(100_000, 0)
    factor = choose_factor(y, as_probability(log_odds) * bias, Costs().of_rows(len(y)))
    assert factor == pytest.approx(bias, rel=0.15)


def test_the_intervals_cover_the_truth_and_both_costs_are_given() -> None:
    log_odds, y = make_population().draw(20_000, 0)
    probability, costs = as_probability(log_odds), Costs().of_rows(len(y))
    proof = prove_threshold(y, probability, costs, factor=2.0, seed=0)
    assert proof.factor_low < 1.0 < proof.factor_high
    assert proof.factor_high - proof.factor_low < 0.6
    assert proof.bayes_cost == costs.per_applicant(y, refuse(probability, 1 / 11))
    assert proof.cost == costs.per_applicant(y, refuse(probability, 2 / 11))
    assert 0 < proof.difference_low < proof.cost - proof.bayes_cost < proof.difference_high
    assert proof == prove_threshold(y, probability, costs, factor=2.0, seed=0)


def test_fewer_rows_give_a_wider_interval() -> None:
    widths = []
    for rows in (1_000, 30_000):
        log_odds, y = make_population().draw(rows, 0)
        costs = Costs().of_rows(rows)
        proof = prove_threshold(y, as_probability(log_odds), costs, factor=1.0, seed=0)
        widths.append(proof.factor_high - proof.factor_low)
    assert widths[0] > 2 * widths[1]

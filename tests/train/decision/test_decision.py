"""Map and rule together cost little more than an oracle on made loans with known probabilities."""

import numpy as np
import pytest

from scoring_model.policy import refuse
from tests.train.planted import (
    DISTORTIONS,
    as_probability,
    expected_cost,
    make_population,
)
from train.decision import choose_rule
from train.portfolio import Costs, LoanCosts

SEEDS = 50
# by rows: most percent over the oracle's cost, for a sigmoid distortion and for any monotone one
LIMITS = {
    1_000: (1.0, 2.5),
    10_000: (0.15, 0.4),
    100_000: (0.05, 0.12),
}


@pytest.mark.parametrize(
    ("rows", "distortion"),
    [
        (1_000, "sigmoid"),
        (1_000, "saturated"),
        *(
            pytest.param(rows, name, marks=pytest.mark.slow)
            for rows, names in {
                1_000: ("probability", "odds", "cube", "bent"),
                10_000: ("sigmoid", "odds", "probability", "saturated"),
                100_000: ("sigmoid", "odds"),
            }.items()
            for name in names
        ),
    ],
)
def test_planted_decisions_cost_little_more_than_the_oracles(rows: int, distortion: str) -> None:
    population, distort = make_population(), DISTORTIONS[distortion]
    probability = as_probability(population.log_odds)
    margin = distort(population.log_odds)
    oracle = expected_cost(probability, probability >= Costs().bayes_threshold)
    excess = []
    for seed in range(SEEDS):
        log_odds, y = population.draw(rows, seed)
        rule = choose_rule(distort(log_odds)[None, :], y, Costs().of_rows(rows), seed)
        threshold = float(rule.thresholds(Costs().of_rows(1))[0])
        refused = refuse(rule.calibration.apply(margin), threshold)
        excess.append(100 * (expected_cost(probability, refused) / oracle - 1))
    assert np.mean(excess) <= LIMITS[rows][0 if distortion == "sigmoid" else 1]


def test_equal_shuffles_of_the_folds_count_as_one() -> None:
    log_odds, y = make_population().draw(2_000, 0)
    costs = Costs().of_rows(len(y))
    once = choose_rule(log_odds[None, :], y, costs, seed=0)
    thrice = choose_rule(np.stack([log_odds] * 3), y, costs, seed=0)
    assert thrice.candidates[0].method == once.candidates[0].method
    np.testing.assert_allclose(
        thrice.calibration.apply(log_odds), once.calibration.apply(log_odds), atol=2e-3
    )


def test_the_chosen_pair_comes_first_and_all_are_listed() -> None:
    log_odds, y = make_population().draw(2_000, 0)
    rule = choose_rule(2 * log_odds[None, :], y, Costs().of_rows(len(y)), seed=0)
    assert rule.candidates[0].method == rule.calibration.method
    pairs = {(c.method, c.rule) for c in rule.candidates}
    assert pairs == {
        (m, r) for m in ("sigmoid", "smooth", "isotonic") for r in ("theoretical", "tuned")
    }


def test_equal_costs_of_all_loans_give_the_rule_of_the_plain_costs() -> None:
    log_odds, y = make_population().draw(3_000, 1)
    plain = choose_rule(log_odds[None, :], y, Costs().of_rows(len(y)), seed=0)
    column = LoanCosts(np.full(len(y), 10.0), np.ones(len(y)))
    loan = choose_rule(log_odds[None, :], y, column, seed=0)
    assert loan == plain
    np.testing.assert_array_equal(
        loan.thresholds(column), plain.thresholds(Costs().of_rows(len(y)))
    )


@pytest.mark.parametrize(("good", "bad"), [(300, 8), (8, 300), (4, 4)])
def test_a_few_rows_of_a_class_are_enough(good: int, bad: int) -> None:
    y = np.repeat([0, 1], [good, bad]).astype(np.int8)
    margin = np.random.default_rng(0).standard_normal((2, len(y))) + y
    rule = choose_rule(margin, y, Costs().of_rows(len(y)), seed=0)
    probability = rule.calibration.apply(margin)
    assert ((probability > 0) & (probability < 1)).all()


def test_a_constant_margin_gives_the_default_rate() -> None:
    y = (np.arange(400) % 10 == 0).astype(np.int8)
    rule = choose_rule(np.full((1, 400), -1.0), y, Costs().of_rows(400), seed=0)
    np.testing.assert_allclose(rule.calibration.apply(np.array([-1.0])), 0.1, atol=0.005)

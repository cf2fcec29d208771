"""A model is of use if its decisions cost less than accepting all and than refusing all."""

from dataclasses import replace

import numpy as np
import pytest

from train.portfolio import Costs, LoanCosts
from train.portfolio.sections import GateLimits
from train.promotion.gate import GateResult
from train.promotion.usefulness import judge_usefulness

ROWS = 4000
COSTS = Costs()


def decide(rows: int, distance: float, rate: float, seed: int) -> GateResult:
    """Judge the best decisions of a model whose margins are this far apart by outcome."""
    rng = np.random.default_rng(seed)
    y = (rng.random(rows) < rate).astype(np.int8)
    margin = rng.normal(distance * y, 1.0)
    log_odds = distance * (margin - distance / 2) + np.log(rate / (1 - rate))
    refused = np.asarray(log_odds >= np.log(0.1))
    return judge_usefulness(y, COSTS.of_each(y, refused), COSTS, GateLimits())


def failed(result: GateResult) -> list[str]:
    return [rule.name.split()[6] for rule in result.rules if not rule.passed]


@pytest.mark.parametrize(
    ("rows", "distance", "rate", "expected"),
    [
        (ROWS, 1.5, 0.10, []),
        # a model that knows nothing: it accepts everybody, or refuses everybody
        (ROWS, 0.0, 0.05, ["accepting"]),
        (ROWS, 0.0, 0.20, ["refusing"]),
        # a model that knows something, and too few rows to show it
        (15, 1.5, 0.10, ["accepting", "refusing"]),
    ],
)
def test_what_is_of_use(rows: int, distance: float, rate: float, expected: list[str]) -> None:
    result = decide(rows, distance, rate, seed=1)
    assert failed(result) == expected
    assert result.earned == (not expected)
    assert all(f"minus that of {name} all, 95% interval: " in result.reason for name in expected)
    assert len(result.reason) < 500


def test_decisions_at_random_are_hardly_ever_of_use() -> None:
    earned = 0
    for seed in range(200):
        rng = np.random.default_rng(seed)
        y = (rng.random(ROWS) < 1 / 11).astype(np.int8)
        cost = COSTS.of_each(y, rng.random(ROWS) < 0.5)
        earned += judge_usefulness(y, cost, COSTS, GateLimits()).earned
    assert earned <= 5


def test_costs_of_each_loan_count() -> None:
    """To refuse the defaulters with large losses is of use; to refuse the others is not."""
    rng = np.random.default_rng(0)
    y = (rng.random(ROWS) < 0.1).astype(np.int8)
    large = rng.random(ROWS) < 0.5
    costs = LoanCosts(np.where(large, 100.0, 0.01), np.full(ROWS, 1.0))
    refused = (y == 1) & large
    assert judge_usefulness(y, costs.of_each(y, refused), costs, GateLimits()).earned
    other = replace(costs, false_negative=np.where(large, 0.01, 100.0))
    assert not judge_usefulness(y, other.of_each(y, refused), other, GateLimits()).earned

"""Feature importance in money, on data where the importance is known."""

import numpy as np
import pytest

from train.evaluation.importance import MAX_FEATURES, importance_in_money

ROWS = 20_000


def test_the_rise_is_the_cost_of_losing_the_feature() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.random((ROWS, 3))
    # the first column is the probability of default and alone decides
    y = rng.random(ROWS) < matrix[:, 0]

    def cost_of(shuffled: np.ndarray, rows: np.ndarray) -> np.ndarray:
        refused = shuffled[:, 0] >= 0.5
        cost: np.ndarray = np.where(refused, 1.0 * ~y[rows], 1.0 * y[rows])
        return cost

    found = importance_in_money(
        matrix, cost_of, ["telling", "noise", "unused"], np.array([9.0, 1.0, 0.0]), 10, seed=0
    )
    assert [item.feature for item in found] == ["telling", "noise"]
    # a quarter of the true decisions is wrong, and half of the shuffled decisions
    assert found[0].rise.low < 0.25 < found[0].rise.high
    assert found[0].rise.high - found[0].rise.low < 0.05
    assert found[1].rise.value == found[1].rise.low == found[1].rise.high == 0.0


def test_with_many_trees_and_features_fewer_rows_and_features_are_used() -> None:
    seen: list[int] = []

    def cost_of(_: np.ndarray, rows: np.ndarray) -> np.ndarray:
        seen.append(len(rows))
        return np.ones(len(rows))

    width = MAX_FEATURES + 10
    matrix = np.zeros((ROWS, width))
    gain = np.arange(width, dtype=np.float64)
    found = importance_in_money(matrix, cost_of, [str(n) for n in range(width)], gain, 500, seed=0)
    assert {item.feature for item in found} == {str(n) for n in range(10, width)}
    assert set(seen) == {3750}


def test_the_same_seed_gives_the_same_figures() -> None:
    rng = np.random.default_rng(0)
    matrix, y = rng.random((3000, 2)), rng.random(3000) < 0.3

    def cost_of(shuffled: np.ndarray, rows: np.ndarray) -> np.ndarray:
        refused = shuffled.sum(axis=1) > 1
        cost: np.ndarray = np.where(refused, 1.0 * ~y[rows], 10.0 * y[rows])
        return cost

    def run(seed: int) -> list[float]:
        found = importance_in_money(matrix, cost_of, ["a", "b"], np.ones(2), 10, seed)
        return [item.rise.value for item in found]

    assert run(1) == run(1)
    assert run(1) != pytest.approx(run(2))

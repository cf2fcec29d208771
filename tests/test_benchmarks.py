"""The data sets of `benchmarks.decisions` can be read, and their ratio is computed as it says."""

import numpy as np
import pytest

from benchmarks.bodies import open_body
from benchmarks.decisions import Result, compare

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("name", "rows", "rate"),
    [("polish", 4_918, 0.039), ("planted-bureau", 10_000, 0.52), ("planted-coded", 1_000, 0.30)],
)
def test_a_body_is_drawn_anew_with_each_seed(name: str, rows: int, rate: float) -> None:
    for seed in (0, 1):
        with open_body(name, rows, seed) as (_, data):
            assert len(data.train.y) == rows
            assert data.test.y.mean() == pytest.approx(rate, abs=0.02)
        if seed == 0:
            first = data.train.matrix
    assert not np.array_equal(first, data.train.matrix)


def test_a_ratio_is_the_mean_over_the_seeds() -> None:
    ours, other = ([Result(cost, 0.7, 0.1, 1.0) for cost in costs] for costs in ((2, 3), (4, 4)))
    ratio = compare(ours, other)
    assert (ratio.mean, ratio.error) == pytest.approx((0.625, 0.125))
    # Student's t with one degree of freedom
    assert ratio.high - ratio.mean == pytest.approx(12.706 * 0.125, rel=1e-3)

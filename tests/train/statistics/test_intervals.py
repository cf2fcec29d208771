"""Intervals equal those of textbooks, are stratified and repeatable, and cover the truth."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from train.statistics import (
    Interval,
    bootstrap_means,
    bootstraps_for,
    normal_mean,
    ratio_of_shares,
    resample_counts,
    resample_means,
    wilson,
)


@pytest.mark.parametrize(("successes", "rows"), [(0, 20), (3, 20), (10, 20), (20, 20), (700, 9000)])
def test_wilson_agrees_with_scipy(successes: int, rows: int) -> None:
    theirs = binomtest(successes, rows).proportion_ci(method="wilson")
    ours = wilson(successes, rows)
    assert ours.value == successes / rows
    np.testing.assert_allclose([ours.low, ours.high], [theirs.low, theirs.high], atol=1e-12)


def test_a_share_of_no_rows_is_nan() -> None:
    assert math.isnan(wilson(0, 0).value)
    assert math.isnan(ratio_of_shares(5, 10, 0, 10).value)


def test_the_ratio_of_shares_follows_its_formula() -> None:
    ratio = ratio_of_shares(30, 100, 45, 90)
    spread = 1.959963984540054 * math.sqrt(1 / 30 - 1 / 100 + 1 / 45 - 1 / 90)
    assert ratio.value == 0.6
    np.testing.assert_allclose([ratio.low, ratio.high], 0.6 * np.exp([-spread, spread]))


def test_a_ratio_of_zero_has_an_upper_bound() -> None:
    ratio = ratio_of_shares(0, 50, 20, 50)
    assert ratio.value == 0.0
    assert ratio.low == 0.0
    assert 0.0 < ratio.high < 1.0


def test_the_interval_of_a_ratio_covers_the_truth() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.binomial(200, 0.2, 2000), rng.binomial(300, 0.4, 2000)
    found = [ratio_of_shares(x, 200, y, 300) for x, y in zip(a, b, strict=True)]
    assert 0.93 < np.mean([r.low <= 0.5 <= r.high for r in found]) < 0.97


def test_every_sample_keeps_the_default_rate() -> None:
    y = (np.random.default_rng(0).random(500) < 0.1).astype(np.int8)
    for counts in resample_counts(y, 20, seed=3):
        assert counts.sum() == len(y)
        assert counts[y == 1].sum() == y.sum()


def test_the_bootstrap_is_paired_and_repeatable() -> None:
    rng = np.random.default_rng(1)
    y = (rng.random(2000) < 0.2).astype(np.int8)
    cost = rng.exponential(1.0, 2000)
    columns = np.column_stack([cost, cost - 0.1, 0.1 + 0.0 * cost])
    first, second, difference = bootstrap_means(columns, y, seed=0)
    assert bootstrap_means(columns, y, seed=0)[0] == first
    assert first.low < first.value < first.high
    np.testing.assert_allclose(first.low - second.low, 0.1)
    # a figure that never varies has an interval of width 0
    np.testing.assert_allclose([difference.low, difference.high], 0.1)


def test_the_bootstrap_interval_covers_the_truth() -> None:
    rng = np.random.default_rng(2)
    held = 0
    for seed in range(80):
        y = np.repeat(np.array([0, 1], dtype=np.int8), [160, 40])
        values = np.where(y == 1, rng.normal(5.0, 2.0, 200), rng.normal(1.0, 1.0, 200))
        found = bootstrap_means(values.reshape(-1, 1), y, seed)[0]
        held += found.low <= 0.8 * 1.0 + 0.2 * 5.0 <= found.high
    assert 70 <= held <= 79


def test_a_large_table_gets_fewer_bootstrap_samples() -> None:
    assert bootstraps_for(1000) == 1000
    assert bootstraps_for(500_000) == 300
    assert bootstraps_for(10**9) == 200


def test_the_normal_interval_shrinks_with_the_root_of_the_rows() -> None:
    def width(interval: Interval) -> float:
        return interval.high - interval.low

    values = np.tile([0.0, 1.0], 50)
    assert width(normal_mean(np.tile(values, 4))) == pytest.approx(width(normal_mean(values)) / 2)


@given(st.integers(0, 2**32 - 1), st.sampled_from([2, 5, 3000]))
@settings(max_examples=20, deadline=None)
def test_resample_means_scatter_as_theory_says(seed: int, distinct: int) -> None:
    """Few and many distinct values use different methods, with the same distribution."""
    rng = np.random.default_rng(seed)
    values = rng.choice(rng.normal(size=distinct), 4000)
    means = resample_means(values, seed)
    error = values.std() / np.sqrt(len(values))
    assert means.mean() == pytest.approx(values.mean(), abs=0.15 * error)
    assert means.std() == pytest.approx(error, rel=0.1)
    assert np.array_equal(means, resample_means(values, seed))

"""Digits by class: multiples of one class only are found, among values of similar size."""

import numpy as np

from train.statistics import widest_gap

ROWS = 20_000


def test_multiples_of_one_class_are_found() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(ROWS) < 0.2).astype(np.int8)
    months = (12 * rng.integers(2, 25, ROWS)).astype(np.float64)
    months[y == 1] += rng.integers(-11, 12, int(y.sum()))
    gap = widest_gap(months, y)
    assert gap is not None
    assert gap.modulus == 12
    assert gap.differs
    assert gap.repaid == 1.0
    assert gap.defaulted < 0.15
    assert (
        str(gap) == f"multiples of 12 for 100% of the repaid, {gap.defaulted:.0%} of the defaulted"
    )


def test_cents_of_one_class_are_found() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(ROWS) < 0.2).astype(np.int8)
    values = rng.uniform(1, 50, ROWS)
    gap = widest_gap(np.where(y == 0, values.round(), values), y)
    assert gap is not None
    assert gap.modulus == 1
    assert gap.differs


def test_larger_loans_that_are_rounder_and_better_do_not_count() -> None:
    rng = np.random.default_rng(0)
    amount = rng.lognormal(9, 1, ROWS)
    amount = np.where(amount > 10_000, amount.round(-3), amount.round(-1))
    y = (rng.random(ROWS) < np.where(amount > 10_000, 0.05, 0.6)).astype(np.int8)
    shares = [float((amount[y == label] % 1000 == 0).mean()) for label in (0, 1)]
    assert shares[0] - shares[1] > 0.4
    gap = widest_gap(amount, y)
    assert gap is not None
    assert not gap.differs


def test_counts_zeros_and_missing_values_are_left_out() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(ROWS) < 0.2).astype(np.int8)
    # like a number of late payments: only defaulters have any
    counts = np.where(y == 1, rng.integers(1, 12, ROWS), 0).astype(float)
    assert widest_gap(counts, y) is None
    assert widest_gap(np.full(ROWS, np.nan), y) is None

"""Quarters of the test period, and the warning if the probability does not match the outcomes."""

import numpy as np
import pytest

from train.evaluation.stability import Quarter, by_quarter, calibration_notes
from train.statistics import calibration_in_the_large, reliability_bins

ROWS = 8000


def planted(
    seed: int = 0, ratio: tuple[float, ...] = (1.0, 1.0, 1.0, 1.0)
) -> tuple[tuple[Quarter, ...], np.ndarray, np.ndarray]:
    """Return a year of loans; the default rate of a quarter is the PD times its ratio."""
    rng = np.random.default_rng(seed)
    dates = np.datetime64("2020-01-01") + rng.integers(0, 366, ROWS).astype("timedelta64[D]")
    month = dates.astype("datetime64[M]").astype(int) % 12
    probability = rng.beta(2, 8, ROWS)
    y = (rng.random(ROWS) < probability * np.array(ratio)[month // 3]).astype(np.int8)
    refused = probability >= 1 / 11
    cost = np.where(refused, 1.0 * (y == 0), 10.0 * (y == 1))
    return by_quarter(dates, y, probability, refused, cost, seed=0), y, probability


def test_quarters_are_in_order_and_contain_every_row() -> None:
    quarters, y, _ = planted()
    assert [q.name for q in quarters] == ["2020 Q1", "2020 Q2", "2020 Q3", "2020 Q4"]
    assert sum(q.rows for q in quarters) == ROWS
    bad = sum(q.rows * q.calibration.default_rate.value for q in quarters)
    assert bad == pytest.approx(y.sum())
    for quarter in quarters:
        assert quarter.roc_auc is not None
        for interval in (quarter.roc_auc, quarter.cost, quarter.acceptance_rate):
            assert interval.low < interval.value < interval.high


def test_a_correct_probability_gives_no_warning() -> None:
    for seed in range(5):
        quarters, y, probability = planted(seed)
        assert calibration_notes(calibration_in_the_large(y, probability), quarters) == []


def test_a_quarter_with_a_wrong_probability_is_named() -> None:
    quarters, y, probability = planted(ratio=(1.0, 1.0, 1.0, 1.8))
    notes = calibration_notes(calibration_in_the_large(y, probability), quarters)
    assert len(notes) == 1
    assert "1 of 4 quarters; the worst is 2020 Q4" in notes[0]


@pytest.mark.parametrize("ratio", [0.7, 1.5])
def test_a_wrong_probability_over_all_rows_is_a_warning_in_both_directions(ratio: float) -> None:
    quarters, y, probability = planted(ratio=(ratio,) * 4)
    whole = calibration_in_the_large(y, probability)
    assert whole.ratio == pytest.approx(1 / ratio, rel=0.08)
    note = calibration_notes(whole, quarters)[0]
    assert note.startswith(
        "calibration: the predicted default rate does not fit: the model expected"
    )


def test_a_small_or_random_difference_is_no_warning() -> None:
    fits = calibration_in_the_large(
        np.repeat(np.array([0, 1], np.int8), [800, 200]), np.full(1000, 0.16)
    )
    assert fits.ratio == pytest.approx(0.8)
    assert not fits.is_off
    few = calibration_in_the_large(np.repeat(np.array([0, 1], np.int8), [16, 4]), np.full(20, 0.14))
    assert few.ratio == pytest.approx(0.7)
    assert not few.is_off


def test_with_too_few_rows_of_a_class_there_is_no_auc() -> None:
    y = np.zeros(100, np.int8)
    y[:5] = 1
    quarter = by_quarter(
        np.full(100, np.datetime64("2020-02-01")),
        y,
        np.linspace(0, 1, 100),
        np.zeros(100, dtype=bool),
        (10 * y).astype(np.float64),
        seed=0,
    )[0]
    assert quarter.roc_auc is None


def test_intervals_of_the_bins_contain_a_true_probability() -> None:
    rng = np.random.default_rng(0)
    probability = rng.beta(2, 8, 50_000)
    bins = reliability_bins((rng.random(50_000) < probability).astype(np.int8), probability)
    assert len(bins.share) == 10
    assert bins.share.sum() == pytest.approx(1.0)
    inside = (bins.default_rate_low <= bins.mean_probability) & (
        bins.mean_probability <= bins.default_rate_high
    )
    assert inside.sum() >= 8

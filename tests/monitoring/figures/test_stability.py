"""PSI, its distribution by chance, and how often unchanged months ring."""

import numpy as np
import pytest
from scipy.stats import chi2

from benchmarks.drift import share_that_rings, simulate
from monitoring.figures import (
    find_changes,
    measure_shift,
    read_training_rows,
    real_change,
    stability_by_chance,
)
from train.statistics import population_stability_index

# training rows, decisions, and months beside the same training rows: many rows hardly vary
SIZES = [(2000, 100, 20), (2000, 300, 20), (2000, 1000, 20), (30_000, 100, 100)]
TENTHS = np.full(10, 0.1)


def test_the_index_of_two_distributions() -> None:
    found = population_stability_index(np.array([0.5, 0.5]), np.array([0.6, 0.4]))
    assert found == pytest.approx(0.0405465, abs=5e-8)


def test_what_chance_explains() -> None:
    assert stability_by_chance(10, 1000, 1000, 0.05) == pytest.approx(0.0338380, abs=5e-8)
    assert stability_by_chance(1, 1000, 1000, 0.05) == 0.0


def test_a_fixed_limit_rings_nearly_always_in_small_months() -> None:
    random = np.random.default_rng(0)
    before, after = random.multinomial(100, TENTHS, (2, 20_000))
    psi = population_stability_index(np.maximum(before, 0.5), np.maximum(after, 0.5))
    assert (psi > 0.1).mean() == pytest.approx(0.83, abs=0.03)
    # what theory says
    assert chi2.sf(0.1 / 0.02, 9) == pytest.approx(0.834, abs=0.001)


def test_a_month_like_the_training_rows_has_no_shift() -> None:
    training = read_training_rows(TENTHS, 0.0, 5000)
    shift = measure_shift(training, np.array([100] * 10 + [0]))
    assert float(shift.psi) < 1e-6
    assert float(shift.p_value) > 0.999
    assert shift.freedom == 10


def test_the_psi_of_a_month_is_that_of_its_shares() -> None:
    training = read_training_rows(np.array([0.5, 0.5]), 0.2, 10_000)
    shift = measure_shift(training, np.array([480, 320, 200]))
    expected = population_stability_index(np.array([0.4, 0.4, 0.2]), np.array([0.48, 0.32, 0.2]))
    assert float(shift.psi) == pytest.approx(float(expected), rel=2e-3)
    assert shift.scale == pytest.approx(1 / 1000 + 1 / 10_000)


def test_an_empty_bin_counts_as_half_a_decision() -> None:
    training = read_training_rows(np.array([0.5, 0.5]), 0.0, 1_000_000)
    shift = measure_shift(training, np.array([1000, 0, 0]))
    expected = population_stability_index(np.array([0.5, 0.5]), np.array([1000, 0.5]))
    assert float(shift.psi) == pytest.approx(float(expected), rel=2e-3)


@pytest.mark.parametrize(("missing", "changes"), [(9, False), (60, True)])
def test_missing_values_that_the_profile_may_hide_are_no_change(
    missing: int, changes: bool
) -> None:
    """Up to 19 of 2,000 training rows may have no value, so 9 of 1,000 decisions are no change."""
    training = read_training_rows(TENTHS, 0.0, 2000)
    counts = np.array([(1000 - missing) // 10] * 9 + [0, missing])
    counts[9] = 1000 - counts.sum()
    shift = measure_shift(training, counts)
    assert (float(shift.p_value) < 0.001) is changes
    if not changes:
        assert float(shift.psi) < 1e-3


def test_a_rare_level_that_becomes_frequent_is_a_change() -> None:
    """Three of 100 are expected, too few for a bin: the level stays apart all the same."""
    training = read_training_rows(np.array([0.97, 0.03]), 0.0, 5000)
    assert float(measure_shift(training, np.array([96, 4, 0])).p_value) > 0.3
    assert float(measure_shift(training, np.array([80, 20, 0])).p_value) < 1e-6


def test_a_constant_feature_that_goes_missing_is_a_change() -> None:
    training = read_training_rows(np.array([1.0, 0.0]), 0.0, 2000)
    assert float(measure_shift(training, np.array([100, 0, 0])).p_value) > 0.99
    assert float(measure_shift(training, np.array([80, 0, 20])).p_value) < 1e-6


def test_a_feature_without_values_in_training() -> None:
    training = read_training_rows(np.array([1.0]), 1.0, 1000)
    assert float(measure_shift(training, np.array([1, 199])).p_value) > 0.99
    assert float(measure_shift(training, np.array([100, 100])).p_value) < 1e-6


def test_many_small_levels_are_joined_without_selection() -> None:
    """The levels are listed from the most frequent on, which must not look like a change."""
    random = np.random.default_rng(1)
    p_values = []
    for _ in range(300):
        trained = np.sort(random.multinomial(30_000, np.full(500, 0.002)))[::-1] / 30_000
        training = read_training_rows(np.append(trained, 0.0), 0.0, 30_000)
        # each level is as likely as each other one, in whatever order they are listed
        counts = random.multinomial(3000, np.append(np.full(500, 0.002), 0.0))
        shift = measure_shift(training, np.append(counts, 0))
        assert shift.freedom <= 25
        p_values.append(float(shift.p_value))
    assert np.mean(np.array(p_values) < 0.05) < 0.1


@pytest.mark.slow
def test_the_real_change_is_found_again() -> None:
    """The interval holds the PSI of the two distributions in about 95 of 100 months."""
    random = np.random.default_rng(2)
    after = np.linspace(0.07, 0.13, 10)
    real = float(population_stability_index(TENTHS, after))
    held = 0
    for _ in range(300):
        trained = random.multinomial(10_000, TENTHS) / 10_000
        training = read_training_rows(trained, 0.0, 10_000)
        shift = measure_shift(training, np.append(random.multinomial(2000, after), 0))
        change = real_change(float(shift.psi), shift.freedom, shift.scale)
        held += change.low <= real <= change.high
        assert change.low <= change.value <= change.high
    assert held / 300 == pytest.approx(0.95, abs=0.035)


def test_no_change_begins_at_0() -> None:
    change = real_change(0.001, 9, 0.002)
    assert (change.value, change.low, change.high) == (0.0, 0.0, 0.0)
    huge = real_change(0.5, 9, 2e-6)
    assert huge.low < 0.5 < huge.high
    assert huge.high - huge.low < 0.01


def test_false_discoveries_are_controlled() -> None:
    """Benjamini and Hochberg: the third of ten is found with 3/10 of the level, not the fourth."""
    p_values = np.array([0.001, 0.009, 0.014, 0.03, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0])
    assert find_changes(p_values, 0.05).tolist() == [True] * 3 + [False] * 7


@pytest.mark.slow
@pytest.mark.parametrize(("rows", "decisions", "per_training"), SIZES)
def test_unchanged_months_ring_no_more_often_than_promised(
    rows: int, decisions: int, per_training: int
) -> None:
    """2,000 months of few decisions: the null distribution holds least for them.

    `benchmarks.drift` has larger months too.
    """
    plain, floored = share_that_rings(rows, decisions, 2000, seed=3, per_training=per_training)
    assert floored <= plain <= 0.05


@pytest.mark.slow
def test_the_p_values_of_unchanged_months_are_not_too_small() -> None:
    """They are a little too large: a bin that the profile hides counts, and rarely shows."""
    p_value = np.concatenate([p for _, p in simulate(2000, 1000, months=200, seed=4)])
    assert 0.02 < (p_value < 0.05).mean() < 0.055

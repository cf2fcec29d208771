"""Each treatment of the class imbalance does what its name says, on rows that suit it."""

import numpy as np
import pytest

from train.fitting.sampling import Treatment, available_treatments, resample

rng = np.random.default_rng(0)
ROWS = 1000
MATRIX = np.column_stack([rng.normal(size=ROWS), rng.integers(0, 3, ROWS).astype(float)])
Y = (rng.random(ROWS) < 0.1).astype(np.int8)


@pytest.mark.parametrize("treatment", ["class_weight", "under", "over", "smotenc"])
def test_a_treatment_brings_the_odds_to_the_ratio(treatment: Treatment) -> None:
    rows = resample(MATRIX, Y, treatment, 0.5, [1], seed=0)
    assert rows.default_odds == pytest.approx(0.5, abs=0.01)
    assert len(rows.matrix) == len(rows.y) == len(rows.weight)
    # a synthetic row has a category that occurs, not a value between two categories
    assert set(rows.matrix[:, 1]) == {0.0, 1.0, 2.0}


def test_the_treatment_none_changes_nothing() -> None:
    rows = resample(MATRIX, Y, "none", 0.5, [1], seed=0)
    assert rows.matrix is MATRIX
    assert (rows.weight == 1).all()


def test_rows_with_enough_defaulters_are_not_changed() -> None:
    assert resample(MATRIX, 1 - Y, "under", 0.5, [1], seed=0).matrix is MATRIX


def test_the_same_seed_draws_the_same_rows() -> None:
    first, again = (resample(MATRIX, Y, "under", 0.5, [1], seed=3) for _ in range(2))
    np.testing.assert_array_equal(first.matrix, again.matrix)


def test_smotenc_is_left_out_with_its_reason() -> None:
    gaps = MATRIX.copy()
    gaps[0, 0] = np.nan
    for matrix, categories, why in (
        (gaps, [1], "missing values"),
        (MATRIX, [], "needs at least one category"),
        (MATRIX, [0, 1], "needs at least one number"),
    ):
        treatments, left_out = available_treatments(matrix, Y, categories)
        assert "smotenc" not in treatments
        assert why in left_out["smotenc"]
    few = np.zeros_like(Y)
    few[:3] = 1
    assert "defaulters" in available_treatments(MATRIX, few, [1])[1]["smotenc"]
    assert available_treatments(MATRIX, Y, [1]) == (
        ("none", "class_weight", "under", "over", "smotenc"),
        {},
    )

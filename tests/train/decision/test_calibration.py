"""Calibration maps are monotone and unbiased, and they repair a resampled model."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring_model.policy import CalibrationMethod
from scoring_model.types import FloatArray
from tests.train.planted import as_probability, make_applicants, make_population
from train.decision import choose_rule, fit_map
from train.fitting import BoostingParams, FitPlan, Member, Treatment, fit_final, split_folds
from train.portfolio import Costs

FITTED: tuple[CalibrationMethod, ...] = ("sigmoid", "smooth", "isotonic")
ROWS = 100_000


@pytest.mark.parametrize("method", FITTED)
@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 1000),
    rows=st.integers(20, 300),
    digits=st.integers(0, 6),
    shift=st.floats(-3, 3),
)
def test_a_map_rises_and_stays_between_0_and_1(
    method: CalibrationMethod, seed: int, rows: int, digits: int, shift: float
) -> None:
    random = np.random.default_rng(seed)
    margin = random.standard_normal(rows).round(digits) + shift
    y = (random.random(rows) < as_probability(margin)).astype(np.int8)
    y[0], y[1] = 0, 1
    probability = fit_map(method, margin, y).apply(np.linspace(-8, 8, 500))
    assert ((probability >= 0) & (probability <= 1)).all()
    assert (np.diff(probability) >= 0).all()


@pytest.mark.parametrize("method", ["smooth", "isotonic"])
def test_a_map_does_not_fall_by_one_bit_before_a_knot(method: CalibrationMethod) -> None:
    for seed in range(20):
        random = np.random.default_rng(seed)
        margin = random.standard_normal(2_000)
        y = (random.random(2_000) < as_probability(margin)).astype(np.int8)
        fitted = fit_map(method, margin, y)
        knots = np.array(fitted.margins)
        before = fitted.apply(np.nextafter(knots, -np.inf))
        assert (before <= fitted.apply(knots)).all()


def test_a_sigmoid_does_not_fall_if_defaults_fall_with_the_margin() -> None:
    y = np.repeat([1, 0], [30, 70]).astype(np.int8)
    fitted = fit_map("sigmoid", np.where(y == 1, -1.0, 1.0), y)
    assert fitted.apply(np.array([-5.0, 5.0])) == pytest.approx([0.3, 0.3])


@pytest.mark.parametrize("method", FITTED)
def test_a_map_has_no_bias_on_its_own_rows(method: CalibrationMethod) -> None:
    log_odds, y = make_population().draw(5_000, 0)
    fitted = fit_map(method, 0.5 * log_odds + 3, y)
    assert abs(fitted.apply(0.5 * log_odds + 3).mean() - y.mean()) < 5e-4


def test_a_monotone_distortion_does_not_change_the_smooth_map() -> None:
    log_odds, y = make_population().draw(5_000, 0)
    plain = fit_map("smooth", log_odds, y).apply(log_odds)
    bent = fit_map("smooth", np.exp(log_odds), y).apply(np.exp(log_odds))
    np.testing.assert_allclose(plain, bent, atol=5e-3)


def test_separable_classes_give_a_finite_slope() -> None:
    y = np.repeat([0, 1], 50).astype(np.int8)
    fitted = fit_map("sigmoid", np.where(y == 1, 1.0, -1.0), y)
    assert 1 < fitted.slope < 100


@pytest.mark.parametrize(
    "treatment",
    [
        "under",
        "class_weight",
        pytest.param("none", marks=pytest.mark.slow),
        pytest.param("over", marks=pytest.mark.slow),
        pytest.param("smotenc", marks=pytest.mark.slow),
    ],
)
def test_each_treatment_leaves_no_bias(treatment: Treatment) -> None:
    matrix, y, _ = make_applicants(ROWS, seed=0)
    fresh, _, truth = make_applicants(ROWS, seed=1)
    params = BoostingParams(
        treatment, 0.4, {"learning_rate": 0.1, "num_leaves": 12, "min_data_in_leaf": 100}, 60
    )
    splits = [split_folds(y, "stratified", 3, seed=0)]
    final = fit_final(FitPlan(matrix, y, splits, [Member(params, 1.0)], (4,), seed=0))
    rule = choose_rule(final.margin, y[final.rows], Costs().of_rows(len(final.rows)), seed=0)
    margin = np.asarray(final.booster.predict(fresh, raw_score=True))
    probability = rule.calibration.apply(margin)
    assert abs(probability.mean() - truth.mean()) <= 0.005
    assert distance_to(truth, probability) <= 0.02
    if treatment != "none":
        # without calibration the booster's output is not a probability of default
        raw = as_probability(margin)
        assert abs(raw.mean() - truth.mean()) > 0.005
        assert distance_to(truth, raw) > 0.02


def distance_to(truth: FloatArray, probability: FloatArray) -> float:
    """Return the expected calibration error against the true probabilities."""
    rank = np.argsort(probability, kind="stable")
    gaps = (truth - probability)[rank]
    return float(np.mean([abs(part.mean()) for part in np.array_split(gaps, 10)]))

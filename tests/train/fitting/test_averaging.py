"""The average of boosters is one plain booster; it predicts the weighted mean of their margins."""

import lightgbm
import numpy as np
import pytest

from scoring_model.trees import TreeModel
from tests.train.planted import make_applicants
from train.fitting.averaging import average_boosters
from train.fitting.boosting import BoostingParams, fit_all

CATEGORY = (4,)
WEIGHTS = (1.0, 0.25, 0.5, 0.125)


@pytest.fixture(scope="module")
def boosters() -> list[lightgbm.Booster]:
    matrix, y, _ = make_applicants(2_000, seed=0)
    points = (
        BoostingParams("none", 1.0, {"num_leaves": 2, "extra_trees": True}, 7),
        BoostingParams("over", 0.8, {"num_leaves": 6, "learning_rate": 0.05}, 30),
        BoostingParams("class_weight", 1.0, {"num_leaves": 12}, 3),
        # cannot split: a single tree with one leaf
        BoostingParams("none", 1.0, {"min_data_in_leaf": 1_900}, 5),
    )
    return [fit_all(matrix, y, params, CATEGORY, seed) for seed, params in enumerate(points)]


def test_its_margin_is_the_mean(boosters: list[lightgbm.Booster]) -> None:
    fresh, _, _ = make_applicants(1_000, seed=1)
    fresh[::7, 0] = np.nan
    fresh[::11, 4] = 99.0
    mean = average_boosters(boosters, WEIGHTS)
    for wanted in ({"raw_score": True}, {"pred_contrib": True}):
        each = [np.asarray(booster.predict(fresh, **wanted)) for booster in boosters]
        assert np.ptp(each, axis=0).max() > 0.1
        np.testing.assert_allclose(
            mean.predict(fresh, **wanted),
            np.average(each, axis=0, weights=WEIGHTS),
            rtol=0,
            atol=1e-12,
        )


def test_it_is_a_plain_booster_in_text(boosters: list[lightgbm.Booster]) -> None:
    fresh, _, _ = make_applicants(1_000, seed=1)
    mean = average_boosters(boosters, WEIGHTS)
    text = mean.model_to_string()
    assert mean.num_trees() == sum(booster.num_trees() for booster in boosters)
    assert lightgbm.Booster(model_str=text).model_to_string() == text
    np.testing.assert_array_equal(
        TreeModel(text).predict(fresh), mean.predict(fresh, raw_score=True)
    )


def test_a_single_booster_is_returned_unchanged(boosters: list[lightgbm.Booster]) -> None:
    assert average_boosters(boosters[:1], WEIGHTS[:1]) is boosters[0]

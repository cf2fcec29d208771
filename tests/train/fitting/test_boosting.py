"""A fit goes on as long as log loss or AUC of its held-out fold improves."""

import lightgbm
import numpy as np
import pytest

from tests.train.planted import make_applicants
from train.fitting import MAX_TREES, BoostingParams, Fold, fit_fold, fixed_params, make_fold
from train.fitting.early_stop import PATIENCE, SMALLEST_GAIN
from train.fitting.folds import split_folds

# large trees with large steps: their probabilities soon become too extreme
GREEDY = {"num_leaves": 31, "min_data_in_leaf": 20, "learning_rate": 0.1}


@pytest.fixture(scope="module")
def fold() -> Fold:
    matrix, y, _ = make_applicants(4_000, seed=0)
    return make_fold(matrix, y, *split_folds(y, "stratified", 4, seed=0)[0], (4,))


def test_it_stops_when_neither_clearly_improves(fold: Fold) -> None:
    booster = fit_fold(fold, BoostingParams("none", 1.0, GREEDY), seed=0)
    best = booster.best_iteration
    # the trees after the best number are kept: other folds may need them
    assert best + PATIENCE == booster.num_trees() < MAX_TREES

    seen: dict[str, dict[str, list[float]]] = {}
    lightgbm.train(
        {**fixed_params(0), **GREEDY},
        fold.binned,
        num_boost_round=booster.num_trees(),
        valid_sets=[lightgbm.Dataset(fold.held_matrix, fold.held_y, reference=fold.binned)],
        callbacks=[lightgbm.record_evaluation(seen)],
    )
    (figures,) = seen.values()
    errors = {
        "binary_logloss": np.array(figures["binary_logloss"]),
        "auc": 1.0 - np.array(figures["auc"]),
    }
    for metric, error in errors.items():
        assert error[best:].min() >= (1 - SMALLEST_GAIN[metric]) * error[:best].min()
    # AUC still improves when log loss no longer does
    assert np.argmin(errors["binary_logloss"]) + 1 < best

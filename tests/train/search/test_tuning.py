"""The search is deterministic, can be resumed to the last bit, and stops hopeless trials."""

from dataclasses import replace

import numpy as np
import pytest

from tests.train.planted import make_applicants
from train.fitting import Fold, make_fold, repeat_folds
from train.portfolio import Costs, LoanCosts
from train.search import SearchPlan, Trial
from train.search.suggest import RANDOM_TRIALS
from train.search.tuning import Search, tune

# more than are drawn at random, so that TPE suggests some
TRIALS = RANDOM_TRIALS + 4
ROWS = 8_000
PLAN = SearchPlan(("none", "class_weight", "under", "over"), TRIALS, seed=0)


@pytest.fixture(scope="module")
def folds() -> list[Fold]:
    matrix, y, _ = make_applicants(ROWS, seed=0)
    (splits,) = repeat_folds(y, "stratified", 4, seed=0)
    return [make_fold(matrix, y, *split, (4,)) for split in splits]


@pytest.fixture(scope="module")
def costs() -> LoanCosts:
    return Costs().of_rows(ROWS)


@pytest.fixture(scope="module")
def whole(folds: list[Fold], costs: LoanCosts) -> Search:
    return tune(folds, costs, PLAN, lambda _: None)


def test_hopeless_trials_are_stopped_and_never_the_best(whole: Search) -> None:
    assert 0 < whole.stopped < TRIALS
    assert not whole.trials[0].stopped
    assert not whole.best.stopped
    for trial in whole.trials:
        assert trial.folds_run == (2 if trial.stopped else 4)
        assert trial.loss >= whole.best.loss
        assert 1 <= (trial.params.trees or 0) <= 2000


@pytest.mark.parametrize("done", [9, 18])
def test_a_resumed_search_gives_the_same_result(
    whole: Search, folds: list[Fold], costs: LoanCosts, done: int
) -> None:
    seen: list[Trial] = []
    resumed = tune(folds, costs, PLAN, seen.append, whole.trials[:done])
    assert resumed == whole
    assert seen == list(whole.trials[done:])


def test_parallel_trials_are_suggested_in_batches(folds: list[Fold], costs: LoanCosts) -> None:
    plan = replace(PLAN, parallelism=3, max_evals=8)
    first = tune(folds, costs, plan, lambda _: None)
    assert len(first.trials) == 8
    # two trials of the second batch had finished: the whole batch is run again
    assert tune(folds, costs, plan, lambda _: None, first.trials[:5]) == first


def test_another_seed_gives_other_points(
    whole: Search, folds: list[Fold], costs: LoanCosts
) -> None:
    other = tune(folds, costs, replace(PLAN, seed=1, max_evals=7), lambda _: None)
    points, others = ([t.point for t in search.trials[:7]] for search in (whole, other))
    assert points[:5] == others[:5]
    assert points[5:] != others[5:]


def test_a_timeout_ends_the_search_after_at_least_one_trial(
    folds: list[Fold], costs: LoanCosts
) -> None:
    search = tune(folds, costs, replace(PLAN, timeout_minutes=0.0), lambda _: None)
    assert len(search.trials) == 1


def test_the_best_trial_has_the_lowest_loss_of_all_complete_trials(whole: Search) -> None:
    costs = np.array([trial.loss for trial in whole.trials])
    assert whole.best.loss == costs[[not t.stopped for t in whole.trials]].min()


def test_another_measure_stops_hopeless_trials_too(
    whole: Search, folds: list[Fold], costs: LoanCosts
) -> None:
    search = tune(folds, costs, replace(PLAN, measure="auc", max_evals=5), lambda _: None)
    assert 0 < search.stopped < 5
    assert search.trials[0].loss != whole.trials[0].loss
    # the same point has the same decisions
    assert search.trials[0].cost_per_applicant == whole.trials[0].cost_per_applicant


def test_few_rows_are_shuffled_several_times() -> None:
    y = (np.arange(1_000) % 10 == 0).astype(np.int8)
    repeats = repeat_folds(y, "stratified", 4, seed=0)
    assert len(repeats) == 3
    for splits in repeats:
        assert sorted(np.concatenate([held for _, held in splits])) == list(range(1_000))
    assert not np.array_equal(repeats[0][0][1], repeats[1][0][1])
    assert len(repeat_folds(np.tile(y, 10), "stratified", 4, seed=0)) == 1

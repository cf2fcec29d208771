"""The search is deterministic, can be resumed to the last bit, and stops hopeless trials."""

from dataclasses import replace

import numpy as np
import pytest

from tests.train.planted import make_applicants
from train.fitting import Fold, make_fold, repeat_folds
from train.portfolio import Costs, LoanCosts
from train.search.tuning import Search, SearchPlan, Trial, tune

TRIALS = 12
PLAN = SearchPlan(("none", "class_weight", "under", "over"), TRIALS, seed=0)


@pytest.fixture(scope="module")
def folds() -> list[Fold]:
    matrix, y, _ = make_applicants(8_000, seed=0)
    (splits,) = repeat_folds(y, "stratified", 4, seed=0)
    return [make_fold(matrix, y, *split, (4,)) for split in splits]


@pytest.fixture(scope="module")
def costs() -> LoanCosts:
    return Costs().of_rows(8_000)


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


@pytest.mark.parametrize("done", [1, 5, 10])
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
    other = tune(folds, costs, replace(PLAN, seed=1, max_evals=4), lambda _: None)
    assert [t.point for t in other.trials] != [t.point for t in whole.trials[:4]]


def test_a_timeout_ends_the_search_after_at_least_one_trial(
    folds: list[Fold], costs: LoanCosts
) -> None:
    search = tune(folds, costs, replace(PLAN, timeout_minutes=0.0), lambda _: None)
    assert len(search.trials) == 1


def test_the_best_trial_has_the_lowest_loss_of_all_complete_trials(whole: Search) -> None:
    costs = np.array([trial.loss for trial in whole.trials])
    assert whole.best.loss == costs[[not t.stopped for t in whole.trials]].min()


def test_few_rows_are_shuffled_several_times() -> None:
    y = (np.arange(1_000) % 10 == 0).astype(np.int8)
    repeats = repeat_folds(y, "stratified", 4, seed=0)
    assert len(repeats) == 3
    for splits in repeats:
        assert sorted(np.concatenate([held for _, held in splits])) == list(range(1_000))
    assert not np.array_equal(repeats[0][0][1], repeats[1][0][1])
    assert len(repeat_folds(np.tile(y, 10), "stratified", 4, seed=0)) == 1

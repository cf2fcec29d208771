"""Test figures: equal to those of other libraries, with intervals that contain the truth."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from scoring_model.policy import refuse
from train.evaluation.evaluation import Evaluation, evaluate_policy
from train.portfolio import Costs

COSTS = Costs(10.0, 1.0)


def planted(rows: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    probability = 1 / (1 + np.exp(-rng.normal(-2.2, 1.2, rows)))
    return (rng.random(rows) < probability).astype(np.int8), probability


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    return evaluate_policy(*planted(4000), 0.1, COSTS, seed=0)


def test_figures_are_those_of_the_libraries(evaluation: Evaluation) -> None:
    y, probability = planted(4000)
    metrics = evaluation.metrics
    assert metrics["test_roc_auc"] == pytest.approx(roc_auc_score(y, probability))
    assert metrics["test_brier"] == pytest.approx(brier_score_loss(y, probability))
    assert metrics["test_acceptance_rate"] == pytest.approx((probability < 0.1).mean())
    wrong = 10 * ((probability < 0.1) & (y == 1)).sum() + ((probability >= 0.1) & (y == 0)).sum()
    assert metrics["test_cost_per_applicant"] == pytest.approx(wrong / 4000)
    assert metrics["test_cost_accept_all"] == pytest.approx(10 * y.mean())
    assert metrics["test_cost_refuse_all"] == pytest.approx(1 - y.mean())
    assert metrics["test_false_negatives"] == ((probability < 0.1) & (y == 1)).sum()


def test_every_figure_lies_in_its_interval(evaluation: Evaluation) -> None:
    assert set(evaluation.intervals) == {
        *("cost_per_applicant", "acceptance_rate", "roc_auc", "ks", "brier"),
    }
    for interval in evaluation.intervals.values():
        assert interval.low < interval.value < interval.high
    metrics = evaluation.metrics
    for name in ("roc_auc", "ks", "brier", "acceptance_rate"):
        low, high = (metrics[f"intervals/{name}_ci_{end}"] for end in ("low", "high"))
        assert low < metrics[f"test_{name}"] < high
    rule = "simple_rules/cost_minus_refuse_all"
    assert metrics[f"{rule}_ci_low"] < metrics[rule] < metrics[f"{rule}_ci_high"]
    assert metrics["test_cost_ci_low"] < metrics["test_cost_per_applicant"]


def test_differences_are_paired(evaluation: Evaluation) -> None:
    assert set(evaluation.rivals) == {"accept_all", "refuse_all", "at_half", "at_bayes"}
    cost = evaluation.cost
    for rival in evaluation.rivals.values():
        expected = cost.value - rival.cost_per_applicant
        assert rival.difference.value == pytest.approx(expected)
    # thresholds 0.1 and 1/11 decide nearly the same: common costs cancel in the difference
    bayes = evaluation.rivals["at_bayes"].difference
    assert bayes.high - bayes.low < 0.5 * (cost.high - cost.low)


def test_a_policy_equal_to_its_rival_has_no_difference() -> None:
    against = evaluate_policy(*planted(2000), 1 / 11, COSTS, seed=0).rivals["at_bayes"].difference
    assert against.value == against.low == against.high == 0.0


def test_the_same_seed_gives_the_same_interval(evaluation: Evaluation) -> None:
    assert evaluate_policy(*planted(4000), 0.1, COSTS, seed=0).intervals == evaluation.intervals
    assert evaluate_policy(*planted(4000), 0.1, COSTS, seed=1).intervals != evaluation.intervals


def test_intervals_contain_the_truth() -> None:
    y, probability = planted(400_000, seed=1)
    auc = roc_auc_score(y, probability)
    cost = COSTS.per_applicant(y, refuse(probability, 0.1))
    # stratified intervals hold for samples with the default rate of the population
    bad, good = np.flatnonzero(y == 1), np.flatnonzero(y == 0)
    size = round(400 * y.mean())
    rng = np.random.default_rng(2)
    held = np.zeros(2)
    for seed in range(40):
        rows = np.concatenate([rng.choice(bad, size), rng.choice(good, 400 - size)])
        found = evaluate_policy(y[rows], probability[rows], 0.1, COSTS, seed).intervals
        held += [
            found["roc_auc"].low <= auc <= found["roc_auc"].high,
            found["cost_per_applicant"].low <= cost <= found["cost_per_applicant"].high,
        ]
    assert held.min() >= 34


def test_each_applicant_may_have_a_threshold() -> None:
    y, probability = planted(2000)
    one = evaluate_policy(y, probability, 0.1, COSTS, seed=0)
    each = evaluate_policy(y, probability, np.full(2000, 0.1), COSTS, seed=0)
    assert one.metrics == each.metrics
    mixed = evaluate_policy(
        y, probability, np.where(np.arange(2000) < 1000, 0.0, 1.0), COSTS, seed=0
    )
    assert mixed.metrics["test_acceptance_rate"] == 0.5

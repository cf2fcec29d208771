"""The loss of a trial is its mean cost over ratios of the two costs, around the given ratio."""

from typing import get_args

import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from scoring_model.policy import refuse
from train.decision import fit_map
from train.portfolio import Costs, LoanCosts
from train.portfolio.sections import MeasureName
from train.search.objective import WIDEST, held_out_cost, ratio_losses

ROWS = 500
RANDOM = np.random.default_rng(0)
Y = (RANDOM.random(ROWS) < 0.3).astype(np.int8)
LOG_ODDS = RANDOM.normal(-1.5, 3.0, ROWS)
EACH_ITS_OWN = LoanCosts(RANDOM.uniform(2, 40, ROWS), RANDOM.uniform(0.5, 3, ROWS))


@pytest.mark.parametrize("costs", [Costs().of_rows(ROWS), EACH_ITS_OWN])
def test_it_is_the_mean_cost_over_the_ratios(costs: LoanCosts) -> None:
    probability = 1 / (1 + np.exp(-LOG_ODDS))
    total = costs.false_negative + costs.false_positive
    given = np.log(costs.false_positive / costs.false_negative)
    # the middles of small steps
    shifts = (np.arange(4_000) + 0.5) / 4_000 * 2 * WIDEST - WIDEST
    each = []
    for shift in shifts:
        share = 1 / (1 + np.exp(-(given + shift)))
        shifted = LoanCosts(total * (1 - share), total * share)
        each.append(shifted.of_each(Y, refuse(probability, shifted.bayes_threshold)))
    np.testing.assert_allclose(
        ratio_losses(LOG_ODDS, Y, costs), np.mean(each, axis=0), rtol=0, atol=0.01
    )


def test_a_bias_of_the_margins_does_not_change_it() -> None:
    costs = Costs().of_rows(ROWS)
    plain, biased = (held_out_cost(margin, Y, costs) for margin in (LOG_ODDS, 2 * LOG_ODDS + 5))
    assert biased.loss == pytest.approx(plain.loss, rel=1e-4)
    assert biased.standard_error == pytest.approx(plain.standard_error, rel=1e-4)


def test_better_margins_have_a_lower_loss() -> None:
    costs = Costs().of_rows(ROWS)
    better, worse = LOG_ODDS + 4 * Y, LOG_ODDS + Y
    assert held_out_cost(better, Y, costs).loss < held_out_cost(worse, Y, costs).loss


def test_the_other_measures_are_log_loss_and_auc() -> None:
    costs = Costs().of_rows(ROWS)
    # tied margins count half
    margin = np.round(LOG_ODDS + 2 * Y, 1)
    by_auc = held_out_cost(margin, Y, costs, "auc")
    assert by_auc.loss == pytest.approx(1 - roc_auc_score(Y, margin))
    by_log_loss = held_out_cost(margin, Y, costs, "log_loss")
    map_ = fit_map("sigmoid", margin, Y)
    assert by_log_loss.loss == pytest.approx(log_loss(Y, map_.apply(margin)))
    plain = held_out_cost(margin, Y, costs)
    assert len({plain.loss, by_auc.loss, by_log_loss.loss}) == 3
    assert plain.cost_per_applicant == by_auc.cost_per_applicant == by_log_loss.cost_per_applicant


@pytest.mark.parametrize("measure", get_args(MeasureName))
def test_the_standard_error_is_the_spread_over_other_samples(measure: MeasureName) -> None:
    costs, random = Costs().of_rows(ROWS), np.random.default_rng(0)
    margin = LOG_ODDS + 2 * Y
    losses = []
    for _ in range(80):
        rows = random.integers(0, ROWS, ROWS)
        losses.append(held_out_cost(margin[rows], Y[rows], costs, measure).loss)
    found = held_out_cost(margin, Y, costs, measure).standard_error
    assert found == pytest.approx(np.std(losses), rel=0.25)

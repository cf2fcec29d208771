"""Champion and challenger are compared on the same rows and costs, or the gate fails."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scoring_model.policy import LoanCostRule
from scoring_model.version import Scorer
from tests.train.versions import make_scorer, with_threshold, write_gated_portfolio
from train.data import LabelledRows, load_data
from train.portfolio import GateLimits, load_portfolio
from train.promotion.comparison import compare

LIMITS = GateLimits(max_acceptance_change=0.99, max_ece=0.5, min_roc_auc=0.5)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[LabelledRows, Scorer]:
    portfolio = write_gated_portfolio(Path(tmp_path_factory.mktemp("comparison")))
    data = load_data(load_portfolio(portfolio))
    return data.test, make_scorer(data, trees=30)


def with_loan_costs(scorer: Scorer, factor: float) -> Scorer:
    rule = LoanCostRule("amount * 0.65", "amount * 0.05", factor)
    return replace(scorer, policy=replace(scorer.policy, loan_costs=rule))


def test_costs_of_each_loan_come_from_the_version(
    planted: tuple[LabelledRows, Scorer],
) -> None:
    rows, scorer = planted
    accepts_all, challenger = with_loan_costs(scorer, 99.0), with_loan_costs(scorer, 1.0)
    result = compare(rows, challenger, accepts_all, LIMITS)
    assert result.saving is not None
    amount = rows.frame["amount"].to_numpy()
    refused = challenger.score_frame(rows.frame).score == 0
    lost = np.where(refused, amount * 0.05 * (rows.y == 0), amount * 0.65 * (rows.y == 1))
    assert result.saving.challenger_cost == pytest.approx(lost.mean())
    assert len(result.rules) == 4


def test_a_champion_with_other_costs_fails_a_rule(
    planted: tuple[LabelledRows, Scorer],
) -> None:
    rows, scorer = planted
    result = compare(rows, with_loan_costs(scorer, 1.0), scorer, LIMITS)
    failed = {rule.name: rule for rule in result.rules if not rule.passed}
    costs = failed["costs of a wrong decision"]
    assert (costs.limit, costs.value) == ("10 : 1", "amount * 0.65 : amount * 0.05")


def test_a_champion_that_cannot_be_loaded_fails_a_rule(
    planted: tuple[LabelledRows, Scorer],
) -> None:
    rows, scorer = planted
    result = compare(rows, scorer, "booster.txt is missing", LIMITS)
    assert not result.earned
    assert "booster.txt is missing" in result.reason
    assert result.saving is None


def test_before_the_first_champion_auc_calibration_and_use_count(
    planted: tuple[LabelledRows, Scorer],
) -> None:
    rows, scorer = planted
    assert compare(rows, scorer, None, LIMITS).earned
    assert not compare(rows, scorer, None, replace(LIMITS, min_roc_auc=0.99)).earned


@pytest.mark.parametrize(("threshold", "other"), [(1.0, "accepting"), (0.0, "refusing")])
@pytest.mark.parametrize("champion", [None, "booster.txt is missing"])
def test_without_a_champion_to_compare_a_useless_version_is_not_promoted(
    planted: tuple[LabelledRows, Scorer], threshold: float, other: str, champion: str | None
) -> None:
    rows, scorer = planted
    result = compare(rows, with_threshold(scorer, threshold), champion, LIMITS)
    assert f"cost per applicant minus that of {other} all, 95% interval" in result.reason

"""Champion and challenger are compared on the same rows and costs, or the gate fails."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scoring_model.policy import LoanCostRule, scaled_thresholds
from scoring_model.version import Scorer
from tests.train.versions import make_scorer, with_threshold, write_gated_portfolio
from train.data import LabelledRows, PortfolioData, load_data
from train.portfolio import load_portfolio
from train.portfolio.sections import GateLimits
from train.promotion.comparison import compare, compare_costs
from train.promotion.gate import CostChange

LIMITS = GateLimits(max_acceptance_change=0.99, max_ece=0.5, min_roc_auc=0.5)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> PortfolioData:
    portfolio = write_gated_portfolio(Path(tmp_path_factory.mktemp("comparison")))
    return load_data(load_portfolio(portfolio))


@pytest.fixture(scope="module")
def planted(data: PortfolioData) -> tuple[LabelledRows, Scorer]:
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


def with_costs(scorer: Scorer, false_negative: float, false_positive: float) -> Scorer:
    """Return the scorer with other costs and their theoretical threshold."""
    policy = replace(
        scorer.policy,
        threshold=false_positive / (false_positive + false_negative),
        false_negative_cost=false_negative,
        false_positive_cost=false_positive,
    )
    return replace(scorer, policy=policy)


COST_CHANGES = [
    ((10.0, 1.0), (20.0, 1.0)),
    ((20.0, 1.0), (10.0, 1.0)),
    ((8500.0, 600.0), (10.0, 1.0)),
    ((10.0, 1.0), "each loan"),
    ("each loan", (10.0, 1.0)),
]


@pytest.mark.parametrize(("old", "new"), COST_CHANGES)
def test_both_are_judged_under_the_costs_of_the_challenger(
    planted: tuple[LabelledRows, Scorer],
    old: tuple[float, float] | str,
    new: tuple[float, float] | str,
) -> None:
    """The booster stays, only the threshold changes: the champion anew is the challenger."""
    rows, scorer = planted
    champion, challenger = (
        with_loan_costs(scorer, 1.0) if isinstance(costs, str) else with_costs(scorer, *costs)
        for costs in (old, new)
    )
    amount = rows.frame["amount"].to_numpy(np.float64)

    def pair(costs: tuple[float, float] | str) -> tuple[np.ndarray, np.ndarray]:
        if isinstance(costs, str):
            return amount * 0.65, amount * 0.05
        return np.full(len(amount), costs[0]), np.full(len(amount), costs[1])

    probability = challenger.score_frame(rows.frame).probability
    missed, lost = pair(new)
    by_hand = []
    for costs in (old, new):
        refused = probability >= scaled_thresholds(*pair(costs), 1.0)
        cost = np.where(refused, lost * (rows.y == 0), missed * (rows.y == 1))
        by_hand.append((cost.mean(), 1 - refused.mean()))
    assert by_hand[0] != by_hand[1]

    result = compare(rows, challenger, champion, replace(LIMITS, max_acceptance_change=0.0))
    assert result.saving is not None
    assert result.cost_change is not None
    measured = [(o.cost, o.acceptance_rate) for o in result.cost_change.outcomes]
    np.testing.assert_allclose(measured, [by_hand[0], by_hand[1], by_hand[1]], rtol=1e-12)
    assert result.saving.difference == pytest.approx(by_hand[1][0] - by_hand[0][0])
    # its acceptance rate is that of the champion under the same costs, so this rule passes
    rule = result.rules[-1]
    assert (rule.name, rule.value) == (
        "change in acceptance rate, threshold chosen anew",
        "+0.0000",
    )
    assert rule.passed


def test_what_other_costs_do_not_explain_counts_as_a_change_in_acceptance(
    planted: tuple[LabelledRows, Scorer],
) -> None:
    rows, scorer = planted
    stricter = with_threshold(with_costs(scorer, 20.0, 1.0), 1 / 41)
    result = compare(rows, stricter, scorer, replace(LIMITS, max_acceptance_change=0.02))
    assert "change in acceptance rate, threshold chosen anew" in result.reason


def test_costs_that_stay_are_no_change(planted: tuple[LabelledRows, Scorer]) -> None:
    rows, scorer = planted
    result = compare(rows, with_threshold(scorer, 0.2), scorer, LIMITS)
    assert result.cost_change is None
    assert result.rules[-1].name == "change in acceptance rate"


def test_long_and_nearly_equal_costs(planted: tuple[LabelledRows, Scorer]) -> None:
    _, scorer = planted
    close = compare_costs(with_costs(scorer, 1234567.0, 1.0), with_costs(scorer, 1234568.0, 1.0))
    assert close == CostChange("1234567 : 1", "1234568 : 1")
    long = LoanCostRule("amount" + " + amount" * 40, "amount", 1.0)
    change = compare_costs(scorer, replace(scorer, policy=replace(scorer.policy, loan_costs=long)))
    assert change is not None
    assert change.after.endswith("... : amount")
    assert len(change.after) < 100


@pytest.mark.parametrize(
    ("champion_costs", "absent", "line"),
    [
        ("amount - 25000", [], "row 0: amount must give positive costs of accepting and of refus"),
        ("amount", ["amount"], "missing columns: amount"),
        (
            "amount",
            ["amount", "income", "debt_ratio", "region", "has_home"],
            "missing columns: income, debt_ratio, amount and 2 more",
        ),
    ],
)
def test_a_champion_that_cannot_decide_on_these_rows_fails_a_rule(
    data: PortfolioData,
    planted: tuple[LabelledRows, Scorer],
    champion_costs: str,
    absent: list[str],
    line: str,
) -> None:
    rows, scorer = planted
    frame = rows.frame.assign(amount=1000.0).drop(columns=absent)
    rule = LoanCostRule(champion_costs, "amount", 1.0)
    champion = replace(scorer, policy=replace(scorer.policy, loan_costs=rule))
    challenger = make_scorer(data, trees=5, without=absent)
    result = compare(replace(rows, frame=frame), challenger, champion, LIMITS)
    failed = result.rules[0]
    assert (failed.name, failed.passed) == ("scores of the champion", False)
    assert failed.value.startswith(line)
    assert "\n" not in result.reason
    assert result.cost_change == CostChange(f"{champion_costs} : amount", "10 : 1")


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

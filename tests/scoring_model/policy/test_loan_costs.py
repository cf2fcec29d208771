"""Costs per loan: each applicant has its own threshold."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_model.errors import ArtifactError, InvalidRequest
from scoring_model.policy import CalibrationMap, DecisionPolicy, LoanCostRule

NAMES = ("income", "amount")
RULE = LoanCostRule("amount * 0.65 + 100", "0.04 * amount", 1.1)


@given(amounts=st.lists(st.floats(0.01, 1e12), min_size=1, max_size=20))
def test_one_and_many_have_the_same_threshold_to_the_last_bit(amounts: list[float]) -> None:
    policy = DecisionPolicy(CalibrationMap("sigmoid"), 0.1, 10.0, 1.0, RULE)
    matrix = np.column_stack((np.zeros(len(amounts)), amounts))
    many = policy.thresholds(matrix, NAMES)
    assert [policy.threshold_of_one(list(row), NAMES) for row in matrix] == many.tolist()
    assert ((many > 0) & (many <= 1)).all()


@pytest.mark.parametrize(
    ("rule", "amount"),
    [
        (RULE, 0.0),
        (RULE, -5.0),
        (LoanCostRule("amount", "1 / (amount - 2)", 1.0), 2.0),
        (LoanCostRule("amount * amount", "1", 1.0), 1e200),
    ],
)
def test_costs_that_are_not_positive_are_refused(rule: LoanCostRule, amount: float) -> None:
    policy = DecisionPolicy(CalibrationMap("sigmoid"), 0.1, 10.0, 1.0, rule)
    with pytest.raises(InvalidRequest, match="row 0: amount must give positive costs"):
        policy.threshold_of_one([1.0, amount], NAMES)
    with pytest.raises(InvalidRequest, match="row 1: amount must give positive costs"):
        policy.thresholds(np.array([[1.0, 3.0], [1.0, amount]]), NAMES)


def test_the_policy_is_read_back_and_older_code_refuses_it() -> None:
    policy = DecisionPolicy(CalibrationMap("sigmoid"), 0.1, 10.0, 1.0, RULE)
    assert DecisionPolicy.from_json(policy.to_json()) == policy
    assert '"format_version": 2' in policy.to_json()
    plain = DecisionPolicy(CalibrationMap("sigmoid"), 0.1, 10.0, 1.0)
    assert DecisionPolicy.from_json(plain.to_json()) == plain
    assert '"format_version": 1' in plain.to_json()
    with pytest.raises(ArtifactError, match="format_version 3"):
        DecisionPolicy.from_json(policy.to_json().replace('version": 2', 'version": 3'))

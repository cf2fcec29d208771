"""Breaking changes of the contract are listed, and other changes are not."""

import math
from dataclasses import replace

import pytest

from scoring_model.contract import AnswerFields, Feature, FeatureContract
from train.promotion.compatibility import breaking_changes

INCOME = Feature("income", "number", nullable=True)
REGION = Feature("region", "category", nullable=False, levels=("north",))
OLD = FeatureContract((INCOME, REGION))


@pytest.mark.parametrize(
    ("features", "lines"),
    [
        ((INCOME, REGION), ()),
        ((REGION, INCOME), ()),
        ((INCOME, Feature("region", "category", nullable=True, levels=("south",))), ()),
        ((INCOME, REGION, Feature("age", "number", nullable=True)), ()),
        ((INCOME, REGION, Feature("age", "number", nullable=False)), ("age is new and required",)),
        ((REGION,), ("income is removed",)),
        (
            (Feature("income", "number", nullable=False), REGION),
            ("income was optional and is required",),
        ),
        (
            (Feature("income", "category", nullable=True), REGION),
            ("income was a number and is a category",),
        ),
    ],
)
def test_breaking_changes(features: tuple[Feature, ...], lines: tuple[str, ...]) -> None:
    assert breaking_changes(OLD, FeatureContract(features)) == lines


def test_fields_of_formulas_and_dates_count_and_formulas_do_not() -> None:
    share = Feature("share", "number", nullable=True, formula="income / debt")
    debt = Feature("debt", "number", nullable=False)
    new = FeatureContract((INCOME, REGION, share), (debt,), "decided_on")
    assert breaking_changes(OLD, new) == ("debt is new and required",)
    assert breaking_changes(new, OLD) == ("debt is removed", "decided_on is removed")


def test_fields_that_are_taken_and_not_scored_count() -> None:
    told = replace(OLD, unread=("sex",), answer=AnswerFields(("decision",), "number"))
    assert breaking_changes(told, OLD) == (
        "sex is removed",
        "number is removed",
        "decision is no longer answered",
    )
    assert breaking_changes(OLD, told) == breaking_changes(told, told) == ()
    # a protected column that becomes a feature is still taken
    sex = Feature("sex", "category", nullable=True, levels=("female", "male"))
    assert breaking_changes(told, replace(told, features=(INCOME, REGION, sex), unread=())) == ()


@pytest.mark.parametrize(
    ("before", "after", "lines"),
    [
        ((-math.inf, math.inf), (1.0, math.inf), ("income must now be at least 1",)),
        ((1.0, 500.0), (1.0, 400.5), ("income must now be at most 400.5",)),
        ((1.0, 500.0), (0.0, 600.0), ()),
        ((1.0, 500.0), (-math.inf, math.inf), ()),
    ],
)
def test_a_narrower_limit_breaks_callers(
    before: tuple[float, float], after: tuple[float, float], lines: tuple[str, ...]
) -> None:
    old, new = (
        FeatureContract((replace(INCOME, minimum=low, maximum=high),))
        for low, high in (before, after)
    )
    assert breaking_changes(old, new) == lines

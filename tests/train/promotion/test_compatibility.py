"""Breaking changes of the contract are listed, and other changes are not."""

import pytest

from scoring_model.contract import Feature, FeatureContract
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

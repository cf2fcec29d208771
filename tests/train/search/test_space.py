"""The space of a search: what is fixed is not searched, and a range replaces the usual one."""

import hashlib
import json
from dataclasses import replace

import pytest

from train.search import SearchPlan, Suggester, first_points, search_space
from train.search.space import describe_space, search_bounds, to_params

ROWS = 24_000
PLAN = SearchPlan(("none", "class_weight", "under", "over"), max_evals=25, seed=0)


def test_searches_of_earlier_releases_can_continue() -> None:
    """The text of the space is compared: this is the digest of 0.2.0's."""
    texts = [json.dumps(describe_space(PLAN, rows)).encode() for rows in (500, ROWS)]
    assert [hashlib.sha256(text).hexdigest()[:16] for text in texts] == [
        "6b7b435fac34d680",
        "7ac4e3b077acbd06",
    ]


@pytest.mark.parametrize(
    "change",
    [
        {"fixed": {"max_depth": 4}},
        {"fixed": {"lambda_l2": 1}},
        {"ranges": {"num_leaves": (2.0, 12.0)}},
        {"treatments": ("none",)},
        {"measure": "auc"},
    ],
)
def test_every_setting_makes_another_search(change: dict[str, object]) -> None:
    other = replace(PLAN, **change)  # type: ignore[arg-type]  # each value is of its field's kind
    assert describe_space(other, ROWS) != describe_space(PLAN, ROWS)


def test_what_is_fixed_is_in_every_trial_and_not_in_the_space() -> None:
    plan = replace(PLAN, fixed={"num_leaves": 5, "extra_trees": True, "max_depth": 3})
    space, points = search_space(plan, ROWS), first_points(plan, ROWS)
    assert not set(plan.fixed) & set(space)
    for point in points:
        assert set(point) == set(space)
        assert to_params(point, plan).lightgbm.items() >= plan.fixed.items()


def test_points_lie_in_the_ranges() -> None:
    ranges = {"num_leaves": (3.0, 6.0), "feature_fraction": (0.7, 0.8), "lambda_l2": (2.0, 3.0)}
    plan = replace(PLAN, ranges=ranges)
    suggester = Suggester(search_space(plan, ROWS), first_points(plan, ROWS), seed=0)
    usual = search_bounds(ROWS)
    for number in range(30):
        point = suggester.ask()
        suggester.tell(number, point, float(number))
        for name, (low, high) in {**usual, **ranges}.items():
            assert low <= point[name] <= high, name
    assert to_params(point, plan).lightgbm["num_leaves"] in (3, 4, 5, 6)


def test_without_the_treatment_none_the_first_points_take_each_in_turn() -> None:
    plan = replace(PLAN, treatments=("under", "over"))
    points = first_points(plan, ROWS)
    assert [to_params(p, plan).treatment for p in points] == ["under", "over"] * 2 + ["under"]
    only = replace(PLAN, treatments=("none",))
    assert not {"treatment", "ratio"} & set(search_space(only, ROWS))
    assert to_params(first_points(only, ROWS)[0], only).treatment == "none"

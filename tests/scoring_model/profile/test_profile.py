"""The profile is read back as it was written, and anything odd in its file is refused."""

import json
from typing import Any

import pytest

from scoring_model.errors import ArtifactError
from scoring_model.profile import CategoryProfile, NumberProfile, Profile, check_profile

INCOME = NumberProfile("income", (10.0, 20.0), (0.25, 0.5, 0.25), 0.1, 5.0, 30.0)
EMPTY = NumberProfile("debt", (), (), 1.0, None, None)
REGION = CategoryProfile("région", {"north": 0.7}, 0.3, 0.0)
PROFILE = Profile(400, (INCOME, EMPTY), (REGION,))


def test_a_profile_is_read_back() -> None:
    assert Profile.from_json(PROFILE.to_json()) == PROFILE


def test_a_part_of_a_later_release_is_ignored_and_an_absent_one_is_named() -> None:
    document = json.loads(PROFILE.to_json()) | {"comparison_group": {"rows": 100}}
    assert Profile.from_json(json.dumps(document)) == PROFILE
    del document["categories"]
    read = Profile.from_json(json.dumps(document))
    assert (read.numbers, read.categories, read.absent) == (PROFILE.numbers, (), ("categories",))


@pytest.mark.hostile("a version whose files break a rule of their format")
@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("edges", [20.0, 10.0], "must be finite and ascend"),
        ("edges", [10.0, 10.0], "must be finite and ascend"),
        ("edges", [10.0], "one share more than edges"),
        ("shares", [0.9, 0.9, 0.9], "add up to 1"),
        ("shares", [-0.5, 0.5, 0.5], "must be from 0 to 1"),
        ("shares", [], "one share more than edges"),
        ("shares", ["a"], "must be a list of numbers"),
        ("missing", 1.5, "missing must be from 0.0 to 1.0"),
        ("high", 1.0, "high must be from 5.0 to inf"),
        ("high", None, "high must be a number"),
        ("low", "5", "low must be a number"),
        ("name", "", "name must be text"),
        ("name", "debt", "each feature must be named once"),
    ],
)
def test_an_odd_number_is_refused(field: str, value: Any, problem: str) -> None:
    document = json.loads(PROFILE.to_json())
    document["numbers"][0][field] = value
    with pytest.raises(ArtifactError, match=problem):
        Profile.from_json(json.dumps(document))


@pytest.mark.hostile("a version whose files break a rule of their format")
@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format_version": 9, "rows": 1}', '{"format_version": 1, "rows": 0}'],
)
def test_an_odd_file_is_refused(text: str) -> None:
    with pytest.raises(ArtifactError, match=r"profile\.json"):
        Profile.from_json(text)


def test_a_feature_that_the_model_lacks_is_refused() -> None:
    check_profile(PROFILE, ["debt", "income", "région"])
    with pytest.raises(ArtifactError, match="a feature that contract"):
        check_profile(PROFILE, ["income", "debt"])


def test_only_a_range_with_a_width_counts() -> None:
    flat = NumberProfile("flag", (), (1.0,), 0.0, 1.0, 1.0)
    profile = Profile(400, (INCOME, EMPTY, flat))
    assert profile.ranges(["income", "debt", "flag"]) == {"income": (5.0, 30.0)}
    assert profile.ranges(["flag"]) == {}

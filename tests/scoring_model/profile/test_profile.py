"""The profile is read back as it was written, and anything odd in its file is refused."""

import json
from typing import Any

import numpy as np
import pytest

from scoring_model.errors import ArtifactError
from scoring_model.profile import (
    CategoryProfile,
    ExpectedDecisions,
    KnownDefaults,
    NumberProfile,
    Profile,
    check_profile,
)

INCOME = NumberProfile("income", (10.0, 20.0), (0.25, 0.5, 0.25), 0.1, 5.0, 30.0)
EMPTY = NumberProfile("debt", (), (), 1.0, None, None)
REGION = CategoryProfile("région", {"north": 0.7}, 0.3, 0.0)
PROFILE = Profile(400, (INCOME, EMPTY), (REGION,))
WHOLE = Profile(
    400,
    (INCOME, EMPTY),
    (REGION,),
    probability=NumberProfile("probability", (0.1,), (0.5, 0.5), 0.0, 0.01, 0.9),
    expected=ExpectedDecisions(400, 0.6, 0.5, 1.2, 0.8),
    known_defaults=KnownDefaults((100.0, 400.0), (0.25, 1.0)),
)


@pytest.mark.parametrize("profile", [PROFILE, WHOLE])
def test_a_profile_is_read_back(profile: Profile) -> None:
    assert Profile.from_json(profile.to_json()) == profile


def test_the_share_of_known_defaults_rises_along_straight_lines() -> None:
    known = KnownDefaults((100.0, 400.0), (0.25, 1.0))
    shares = known.share_at(np.array([-5.0, 0.0, 50.0, 100.0, 250.0, 400.0, 9000.0]))
    assert shares.tolist() == [0.0, 0.0, 0.125, 0.25, 0.625, 1.0, 1.0]


@pytest.mark.hostile("a version whose files break a rule of their format")
@pytest.mark.parametrize(
    ("part", "values", "problem"),
    [
        ("known_defaults", {"ages_days": [], "shares": []}, "one share for each age"),
        ("known_defaults", {"ages_days": [5], "shares": [0.5]}, "the last of them 1"),
        ("known_defaults", {"ages_days": [5, 9], "shares": [1]}, "one share for each age"),
        ("known_defaults", {"ages_days": [9, 5], "shares": [0.5, 1]}, "more than 0 and ascend"),
        ("known_defaults", {"ages_days": [0, 5], "shares": [0.5, 1]}, "more than 0 and ascend"),
        ("known_defaults", {"ages_days": [4, 5], "shares": [0, 1]}, "more than 0 and ascend"),
        ("known_defaults", [], "must be an object"),
        ("expected", {"rows": 1}, "acceptance_rate is missing"),
        ("expected", {"rows": 0}, "rows must be from 1"),
        ("expected", {"rows": 1, "acceptance_rate": 2}, "must be from 0.0 to 1.0"),
        ("probability", {"name": "probability"}, "edges is missing"),
    ],
)
def test_an_odd_optional_part_is_refused(part: str, values: Any, problem: str) -> None:
    document = json.loads(WHOLE.to_json()) | {part: values}
    with pytest.raises(ArtifactError, match=problem):
        Profile.from_json(json.dumps(document))


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

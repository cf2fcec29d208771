"""Each value falls into one bin of the profile, or is missing."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from monitoring.facts.extraction import PROBABILITY, VersionBins, label_bins
from scoring_model.contract import Feature, FeatureContract
from scoring_model.profile import CategoryProfile, NumberProfile, Profile
from scoring_model.version import Scorer
from tests import one_value

PURPOSE = Feature("purpose", "category", True, ("car", "home", "tent"), ("boat",))
OWNER = Feature("owner", "category", True, ("false", "true"))
AGE = Feature("age", "number", True)
OPENED = Feature("opened", "date", True)
RATIO = Feature("ratio", "number", True, formula="debt / income")
FIELDS = (Feature("debt", "number", True), Feature("income", "number", True))
CONTRACT = FeatureContract((PURPOSE, OWNER, AGE, OPENED, RATIO), FIELDS, "decided_on")


@pytest.fixture(scope="module")
def scorer() -> Scorer:
    """Return a version whose profile lacks the category `tent`, which has a code."""
    profile = Profile(
        rows=1000,
        numbers=(
            NumberProfile("age", (12.0, 20.0), (0.2, 0.3, 0.5), 0.1, None, None),
            NumberProfile("opened", (30.0,), (0.4, 0.6), 0.0, None, None),
            NumberProfile("ratio", (0.5,), (0.7, 0.3), 0.0, None, None),
        ),
        categories=(
            CategoryProfile("purpose", {"home": 0.5, "car": 0.3, "boat": 0.12}, 0.08, 0.05),
            CategoryProfile("owner", {"true": 0.6, "false": 0.4}, 0.0, 0.0),
        ),
        probability=NumberProfile("probability", (0.1,), (0.9, 0.1), 0.0, None, None),
    )
    return dataclasses.replace(one_value.make_scorer(), contract=CONTRACT, profile=profile)


def test_bins_follow_the_contract_and_end_with_the_probability(scorer: Scorer) -> None:
    bins = VersionBins(scorer).bins
    assert [each.name for each in bins] == [*CONTRACT.names, PROBABILITY]
    purpose, owner, age = bins[:3]
    assert purpose.labels == ("home", "car", "all others")
    # boat is rare: it has no code of its own
    np.testing.assert_allclose(purpose.shares, [0.5, 0.3, 0.2])
    assert (purpose.missing, purpose.rows) == (0.05, 1000)
    assert (owner.labels, owner.shares.tolist()) == (("true", "false", "all others"), [0.6, 0.4, 0])
    assert age.labels == ("under 12", "12 to 20", "20 and over")
    assert age.shares.tolist() == [0.2, 0.3, 0.5]


APPLICANTS: list[dict[str, Any]] = [
    {"purpose": "home", "owner": True, "age": 11, "opened": "2006-12-03", "debt": 1, "income": 4},
    {"purpose": "car", "owner": False, "age": 12, "opened": "2006-12-02", "debt": 2, "income": 4},
    {"purpose": "tent", "owner": "TRUE", "age": 19.99, "opened": None, "debt": 1, "income": 0},
    {"purpose": "boat", "owner": None, "age": 20, "opened": "2006-01-01", "debt": 3, "income": 4},
    {"purpose": "never seen", "owner": None, "age": None, "opened": "2006-01-01"},
    {"purpose": None, "owner": None, "age": 1e300, "opened": "2006-01-01"},
]
# bins in order, then missing, then unseen
EXPECTED = {
    "purpose": [1, 1, 3, 1, 1],
    "owner": [2, 1, 0, 3, 0],
    "age": [1, 2, 2, 1, 0],
    # 29 and 31 days before 2007-01-01
    "opened": [1, 4, 1, 0],
    "ratio": [1, 2, 3, 0],
    PROBABILITY: [3, 3, 0, 0],
}


def test_every_kind_of_value_is_counted_once(scorer: Scorer) -> None:
    records = [applicant | {"decided_on": "2007-01-01"} for applicant in APPLICANTS]
    encoded = CONTRACT.encode_records(records)
    probability = np.array([0.05, 0.0999, 0.1, 0.3, 0.02, 1.0])
    bins = VersionBins(scorer)
    counts = bins.count(encoded, probability, np.array([0, 1, 0, 1, 0, 1]), 2)
    assert counts.shape == (2, bins.places)
    assert counts.sum(axis=0).tolist() == [n for row in EXPECTED.values() for n in row]
    # the groups are apart
    assert counts[0, :5].tolist() == [1, 0, 2, 0, 1]


@pytest.mark.parametrize(
    ("edges", "labels"),
    [
        ((), ("any value",)),
        ((0.0,), ("under 0", "0 and over")),
        (
            (-1234567.5, 1 / 3, 250_000_000.0),
            (
                "under -1234567.5",
                "-1234567.5 to 0.333333",
                "0.333333 to 250000000",
                "250000000 and over",
            ),
        ),
        ((1.5e-7,), ("under 0.00000015", "0.00000015 and over")),
        (
            (1 + 1e-7, 1 + 2e-7),
            ("under 1.0000001", "1.0000001 to 1.0000002", "1.0000002 and over"),
        ),
    ],
)
def test_labels_are_plain_numbers(edges: tuple[float, ...], labels: tuple[str, ...]) -> None:
    assert label_bins(edges) == labels


def test_a_feature_that_training_hardly_saw_has_one_bin(scorer: Scorer) -> None:
    profile = Profile(
        1000,
        (NumberProfile("age", (), (), 1.0, None, None),),
        (CategoryProfile("purpose", {}, 0.0, 1.0),),
    )
    bins = VersionBins(dataclasses.replace(scorer, profile=profile)).bins
    assert [(each.labels, each.shares.tolist()) for each in bins] == [
        (("all others",), [1.0]),
        (("any value",), [1.0]),
    ]


def test_a_version_without_a_profile_has_no_bins(scorer: Scorer) -> None:
    bins = VersionBins(dataclasses.replace(scorer, profile=None))
    encoded = CONTRACT.encode_records([{"decided_on": "2007-01-01"}] * 2)
    assert bins.bins == ()
    assert bins.count(encoded, np.zeros(2), np.zeros(2, dtype=np.int64), 1).shape == (1, 0)

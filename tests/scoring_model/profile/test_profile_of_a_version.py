"""A version carries its profile: it warns of unusual numbers, and says when it has none."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from scoring_model.contract import UNUSUAL, Feature, FeatureContract
from scoring_model.errors import ArtifactError
from scoring_model.features import APPLICATION, FeatureSql, History
from scoring_model.profile import NumberProfile, Profile
from scoring_model.version import Scorer, load_scorer, make_scorer, read_artifacts, save_scorer
from scoring_model.version.artifacts import given_features
from tests.scoring_model.planted import EXAMPLE

PROFILE = Profile(3000, (NumberProfile("amount_03", (0.0,), (0.5, 0.5), 0.0, -2.0, 3.0),))


def fields_of(scorer: Scorer, record: Mapping[str, Any]) -> list[str]:
    notices = scorer.score_record(record).notices
    return [notice.field for notice in notices if notice.problem == UNUSUAL]


def test_a_number_beyond_the_range_by_more_than_its_width_is_told(
    trained: Scorer, tmp_path: Path
) -> None:
    save_scorer(replace(trained, profile=PROFILE), tmp_path, EXAMPLE)
    scorer = load_scorer(tmp_path)
    assert (scorer.profile, scorer.lacks) == (PROFILE, "")
    for value, fields in ((8.0, []), (8.01, ["amount_03"]), (-7.0, []), (-7.5, ["amount_03"])):
        assert fields_of(scorer, {**EXAMPLE, "amount_03": value}) == fields
    assert fields_of(scorer, {**EXAMPLE, "amount_04": 1e12}) == []
    # a warning changes no answer
    odd = {**EXAMPLE, "amount_03": 1e12}
    assert scorer.score_record(odd).probability == trained.score_record(odd).probability


def test_a_version_without_a_profile_loads_and_says_so(scorer: Scorer) -> None:
    assert scorer.profile is None
    assert fields_of(scorer, {**EXAMPLE, "amount_03": 1e12}) == []
    assert "has no profile" in scorer.lacks


def test_a_version_names_the_part_that_its_profile_lacks(trained: Scorer) -> None:
    partly = replace(trained, profile=Profile(3000, absent=("categories",)))
    assert partly.lacks == ", whose profile has no categories"


@pytest.mark.hostile("a version whose files break a rule of their format")
def test_a_profile_of_another_model_is_refused(trained: Scorer, tmp_path: Path) -> None:
    other = NumberProfile("speed", (), (1.0,), 0.0, 0.0, 1.0)
    save_scorer(replace(trained, profile=Profile(100, (other,))), tmp_path, EXAMPLE)
    with pytest.raises(ArtifactError, match=r"profile\.json names a feature"):
        make_scorer(read_artifacts(tmp_path))


def test_what_is_computed_has_no_range() -> None:
    names = ("income", "debt_sum")
    features = tuple(Feature(name, "number", nullable=True) for name in names)
    share = Feature("share", "number", nullable=True, formula="income * 2")
    contract = FeatureContract((*features, share))
    query = "SELECT id, sum(debt) AS debt_sum -- Debt\nFROM loans"
    tables = (History(APPLICATION, "", {}), History("loans", query, {"id": "BIGINT"}))
    assert given_features(contract, None) == {"income", "debt_sum"}
    assert given_features(contract, FeatureSql("id", tables)) == {"income"}

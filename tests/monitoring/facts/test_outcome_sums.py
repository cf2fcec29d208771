"""Sums over outcomes, beside plain recounts."""

import datetime
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from monitoring.facts import OutcomeFacts, OutcomeSums
from tests.monitoring.facts.outcome_logs import (
    AS_OF,
    KNOWN,
    decide,
    gather,
    make_rows,
    observe,
    recount,
)

DECISIONS, OUTCOMES = make_rows(4000)


@pytest.fixture(scope="module")
def facts() -> OutcomeFacts:
    """Return what is counted of a few thousand random rows."""
    return gather(DECISIONS, OUTCOMES)


@pytest.fixture(scope="module")
def members() -> pd.DataFrame:
    """Return the comparable decisions of the same rows."""
    return recount(DECISIONS, OUTCOMES)


@pytest.mark.parametrize("manifest", ["known", "plain"])
def test_a_decision_is_mature_from_its_day_on(manifest: str) -> None:
    decisions = [decide("1", "2006-01-01", manifest=manifest)]
    outcomes = [observe("1", "2006-12-31")]
    [on_the_day] = gather(decisions, outcomes).sums
    assert (on_the_day.decisions, on_the_day.mature) == (1, 1)
    before = gather(decisions, outcomes, AS_OF - datetime.timedelta(1)).sums
    assert sum(each.mature for each in before) == 0
    assert len(before) == (manifest == "known")


def test_a_default_counts_from_the_day_on_which_it_was_seen() -> None:
    decisions, outcomes = [decide("1", "2005-01-01")], [observe("1", "2007-01-01", 1)]
    assert [each.defaults for each in gather(decisions, outcomes).sums] == [1]
    before = gather(decisions, outcomes, AS_OF - datetime.timedelta(1))
    assert [(each.decisions, each.defaults) for each in before.sums] == [(1, 0)]


def test_ages_count_up_to_the_newest_day_that_the_table_knows() -> None:
    decisions, repaid = [decide("1", "2005-01-10")], [observe("1", "2005-01-30")]
    today = datetime.date(2026, 1, 1)
    facts = gather(decisions, repaid, today, stale=True)
    assert facts.known_until == datetime.date(2005, 1, 30)
    [found] = facts.sums
    assert (found.decisions, found.mature) == (1, 0)
    assert found.expected == pytest.approx(0.1 * KNOWN.share_at(np.array([20.0]))[0], rel=1e-12)
    assert not facts.vintages
    assert not facts.rankings
    # a row about anybody says that the table knows the day
    for day, mature in (("2006-01-09", 0), ("2006-01-10", 1)):
        rows = [*repaid, observe("nobody", day)]
        facts = gather(decisions, rows, today, stale=True)
        assert [each.mature for each in facts.sums] == [mature]
    assert gather(decisions, repaid).known_until == AS_OF


def test_what_is_expected_of_a_decision_at_its_age() -> None:
    # 350 days: half way from 25 % to 75 % of the defaults
    decisions = [decide("1", "2006-01-16"), decide("2", "2006-01-16", false_negative_cost=None)]
    outcomes = [observe("1", "2006-06-01", 1, amount_lost=7.5), observe("2", "2006-06-01", 1)]
    [found] = gather(decisions, outcomes).sums
    expected = OutcomeSums(
        month=200601,
        manifest="known",
        decisions=2,
        defaults=2,
        mature=0,
        mature_defaults=0,
        expected=0.1,
        expected_variance=2 * 0.05 * 0.95,
        expected_cost=0.2,
        expected_cost_variance=16 * 0.05 * 0.95,
        realised_cost=4.0,
        realised_cost_squares=16.0,
        amounts=1,
        amount_lost=7.5,
        uncosted=1,
    )
    for name in OutcomeSums.__dataclass_fields__:
        assert getattr(found, name) == pytest.approx(getattr(expected, name), abs=1e-12), name


def test_decisions_without_a_known_share_are_compared_only_if_mature() -> None:
    decisions = [
        decide(str(number), day, manifest=manifest)
        for number, (day, manifest) in enumerate(
            [("2006-06-01", "plain"), ("2005-06-01", "plain"), ("2005-06-01", "lost")]
        )
    ]
    facts = gather(decisions, [observe(each["id"], "2006-12-01") for each in decisions])
    [found] = facts.sums
    assert (found.month, found.manifest, found.decisions) == (200506, "plain", 1)
    assert found.expected == pytest.approx(0.1)
    assert facts.vintages
    assert all(point.expected is None for point in facts.vintages)


def _sum(part: pd.DataFrame) -> dict[str, float]:
    mature, fn, e = part[part["is_mature"]], part["false_negative_cost"], part["expected"]
    return {
        "decisions": len(part),
        "defaults": part["defaulted"].sum(),
        "mature": len(mature),
        "mature_defaults": mature["defaulted"].sum(),
        "expected": e.sum(),
        "expected_variance": (e * (1 - e)).sum(),
        "expected_cost": (fn * e).sum(),
        "expected_cost_variance": (fn**2 * e * (1 - e)).sum(),
        "realised_cost": (fn * part["defaulted"]).sum(),
        "realised_cost_squares": (fn**2 * part["defaulted"]).sum(),
        "amounts": part["amount_lost"].notna().sum(),
        "amount_lost": part["amount_lost"].sum(),
        "uncosted": fn.isna().sum(),
    }


def test_sums_are_those_of_a_plain_recount(facts: OutcomeFacts, members: pd.DataFrame) -> None:
    recounted = dict(iter(members.groupby(["month", "manifest"])))
    assert [(each.month, each.manifest) for each in facts.sums] == list(recounted)
    for each in facts.sums:
        for name, value in _sum(recounted[each.month, each.manifest]).items():
            assert getattr(each, name) == pytest.approx(value, rel=1e-11), name


def test_sums_of_months_are_those_of_all(facts: OutcomeFacts, members: pd.DataFrame) -> None:
    for name, value in _sum(members).items():
        assert sum(getattr(each, name) for each in facts.sums) == pytest.approx(value), name
    mature = sum(each.mature for each in facts.sums)
    for month in (True, False):
        rankings = [each for each in facts.rankings if (each.month is None) == month]
        assert sum(each.defaults + each.repaid for each in rankings) == mature
    assert sum(each.decisions for each in facts.bands) == mature
    assert sum(cell.decisions.sum() for cell in facts.cells.values()) == len(members)
    assert sum(cell.defaults.sum() for cell in facts.cells.values()) == members["defaulted"].sum()


def _places(part: pd.DataFrame) -> np.ndarray[Any, Any]:
    """Return what each pair of a default (row) and a repaid one (column) counts."""
    of_defaults = part.loc[part["defaulted"] == 1, "probability"].to_numpy()[:, None]
    of_repaid = part.loc[part["defaulted"] == 0, "probability"].to_numpy()[None, :]
    pairs: np.ndarray[Any, Any] = (of_defaults > of_repaid) + 0.5 * (of_defaults == of_repaid)
    return pairs


def test_rankings_are_those_of_scikit_learn_and_of_all_pairs(
    facts: OutcomeFacts, members: pd.DataFrame
) -> None:
    mature = members[members["is_mature"]]
    assert {each.manifest for each in facts.rankings if each.manifest} == {"known", "plain"}
    for each in facts.rankings:
        name = "manifest" if each.month is None else "month"
        part = mature[mature[name] == (each.manifest or each.month)]
        pairs = _places(part)
        assert (each.defaults, each.repaid) == pairs.shape
        if min(pairs.shape) < 2:
            continue
        area = roc_auc_score(part["defaulted"], part["probability"])
        assert each.auc == pytest.approx(area, rel=1e-12)
        variance = sum(pairs.mean(axis=axis).var(ddof=1) / pairs.shape[1 - axis] for axis in (0, 1))
        assert each.auc_variance == pytest.approx(variance, rel=1e-9)
        p, e = part["probability"].to_numpy(), part["expected"].to_numpy()
        weights = np.outer(e, 1 - e)
        np.fill_diagonal(weights, 0.0)
        wins = (p[:, None] > p) + 0.5 * (p[:, None] == p)
        assert each.expected_auc == pytest.approx((weights * wins).sum() / weights.sum(), rel=1e-9)


def test_the_expected_area_is_the_mean_of_simulated_ones() -> None:
    days = ["2004-01-01"] * 60
    probabilities = np.linspace(0.02, 0.6, 60)
    decisions = [
        decide(f"{number:02d}", day, probability=float(p))
        for number, (day, p) in enumerate(zip(days, probabilities, strict=True))
    ]
    outcomes = [
        observe(each["id"], "2005-01-01", number % 2) for number, each in enumerate(decisions)
    ]
    [found, _] = gather(decisions, outcomes).rankings
    defaulted = np.random.default_rng(0).random((100_000, 60)) < probabilities
    defaults = defaulted.sum(axis=1)
    # the probabilities ascend: a place is a rank
    pairs = defaulted @ np.arange(1, 61) - defaults * (defaults + 1) / 2
    areas = pairs / (defaults * (60 - defaults))
    error = np.std(areas) / math.sqrt(len(areas))
    # the mean of the ratio differs from the ratio of the means by about 1 / 60 of the spread
    assert found.expected_auc == pytest.approx(np.mean(areas), abs=4 * error + 1e-3)


@pytest.mark.parametrize(
    ("defaulted", "area", "has_variance"), [([0], math.nan, False), ([1, 0], 0.5, False)]
)
def test_few_decisions_have_no_area_or_no_variance(
    defaulted: list[int], area: float, *, has_variance: bool
) -> None:
    decisions = [decide(str(number), "2005-01-01") for number in range(len(defaulted))]
    outcomes = [observe(str(number), "2005-06-01", value) for number, value in enumerate(defaulted)]
    for found in gather(decisions, outcomes).rankings:
        assert found.auc == pytest.approx(area, nan_ok=True)
        assert math.isnan(found.auc_variance) != has_variance
        assert math.isnan(found.expected_auc) == (len(defaulted) == 1)


def test_bands_are_tenths_in_the_order_of_the_probabilities(
    facts: OutcomeFacts, members: pd.DataFrame
) -> None:
    for manifest, part in members[members["is_mature"]].groupby("manifest"):
        ordered = part.sort_values(["probability", "id"])
        # the first bands take what is left over
        tenths = np.array_split(np.arange(len(ordered)), 10)
        bands = [band for band in facts.bands if band.manifest == manifest]
        assert [band.number for band in bands] == list(range(1, 11))
        for band, places in zip(bands, tenths, strict=True):
            tenth = ordered.iloc[places]
            e = tenth["expected"]
            assert (band.decisions, band.defaults) == (len(tenth), tenth["defaulted"].sum())
            assert band.expected == pytest.approx(e.sum())
            assert band.expected_variance == pytest.approx((e * (1 - e)).sum())


def test_cells_keep_the_means_of_log_odds_and_share(
    facts: OutcomeFacts, members: pd.DataFrame
) -> None:
    for manifest, part in members.groupby("manifest"):
        cells, p = facts.cells[str(manifest)], part["probability"].clip(1e-12, 1 - 1e-12)
        assert len(cells.decisions) < len(part)
        assert (cells.decisions @ cells.log_odds) == pytest.approx(np.log(p / (1 - p)).sum())
        assert (cells.decisions @ cells.share) == pytest.approx(part["share"].sum())
        cell = pd.DataFrame(
            {"x": np.floor(50 * np.log(p / (1 - p)) + 0.5), "age": part["age"] // 30}
        )
        sizes = part.groupby([cell["x"], cell["age"]])["defaulted"].agg(["size", "sum"])
        assert cells.decisions.tolist() == sizes["size"].tolist()
        assert cells.defaults.tolist() == sizes["sum"].tolist()


def test_vintages_by_hand() -> None:
    # the youngest is 92 days old
    decisions = [
        decide("1", "2006-10-01", probability=0.2),
        decide("2", "2006-10-01", probability=0.4),
        decide("3", "2006-10-01", probability=0.1),
        decide("4", "2006-09-20", probability=0.1),
        decide("5", "2006-12-20"),
    ]
    outcomes = [
        observe("1", "2006-10-01", 1),
        observe("2", "2006-10-31", 1),
        observe("3", "2006-11-01", 1),
        observe("4", "2006-12-31"),
        observe("5", "2006-12-31", 1),
    ]
    found = gather(decisions, outcomes).vintages
    counted = [(p.month, p.age_days, p.decisions, p.defaults) for p in found]
    assert counted == [
        *((200609, age, 1, 0) for age in (30, 60, 90)),
        *((200610, age, 3, defaults) for age, defaults in ((30, 2), (60, 3), (90, 3))),
    ]
    share = KNOWN.share_at(np.array([30.0, 60.0, 90.0]))
    expected = [*(0.1 * share), *(0.7 * share)]
    assert [p.expected for p in found] == pytest.approx(expected)


def test_a_vintage_without_a_known_share_expects_nothing() -> None:
    decisions = [decide("1", "2006-10-01"), decide("2", "2006-10-01", manifest="plain")]
    found = gather(decisions, [observe(key, "2006-12-01") for key in "12"]).vintages
    assert [(p.age_days, p.decisions, p.expected) for p in found] == [
        (30, 2, None),
        (60, 2, None),
        (90, 2, None),
    ]


def test_no_decision_and_no_matured_decision_give_empty_parts() -> None:
    facts = gather([], [observe("1", "2006-01-01")])
    assert [each.kind for each in facts.problems] == ["unknown"]
    facts = gather([decide("1", "2006-12-31", manifest="plain")], [observe("1", "2007-01-01")])
    assert not any((facts.sums, facts.rankings, facts.bands, facts.problems))
    assert facts.cells == {}

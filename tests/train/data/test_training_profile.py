"""The profile of the training rows: true shares, and nothing about fewer than 20 applicants."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring_model.contract import UNUSUAL
from tests.conftest import ROOT
from tests.made import make_loans, write_portfolio
from train.data import load_data, make_profile
from train.data.training_profile import profile_category, profile_number
from train.portfolio import load_portfolio


@pytest.mark.parametrize("seed", range(30))
def test_every_bin_of_a_number_holds_at_least_20_rows(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows = int(rng.integers(1, 3000))
    column = rng.lognormal(0, 3, rows).round(int(rng.integers(0, 4)))
    column[rng.random(rows) < rng.choice([0.0, 0.01, 0.5, 0.99])] = np.nan
    profile = profile_number("x", column)
    present = column[~np.isnan(column)]
    if len(present) < 20:
        assert (profile.shares, profile.low, profile.high) == ((), None, None)
        return
    bins = np.digitize(present, profile.edges)
    counts = np.bincount(bins, minlength=len(profile.shares))
    assert counts.min() >= 20
    assert len(counts) == len(profile.shares) <= 11
    np.testing.assert_allclose(profile.shares, counts / len(present), atol=5e-5)
    if profile.low is not None and profile.high is not None:
        assert (present <= profile.low).sum() >= 20
        assert (present >= profile.high).sum() >= 20


def test_a_flag_and_a_number_of_many_zeros_keep_two_bins() -> None:
    flag = np.repeat([0.0, 1.0], [950, 50])
    assert profile_number("flag", flag).edges == (1.0,)
    assert profile_number("flag", flag).shares == (0.95, 0.05)
    # a bin of 19 rows would be about too few
    assert profile_number("flag", np.repeat([0.0, 1.0], [981, 19])).shares == (1.0,)


@pytest.mark.parametrize(
    ("missing", "rows", "share"), [(0, 100, 0.0), (19, 100, 0.0), (20, 100, 0.2), (81, 100, 1.0)]
)
def test_few_missing_values_are_not_told(missing: int, rows: int, share: float) -> None:
    column = np.where(np.arange(rows) < missing, np.nan, 1.0)
    assert profile_number("x", column).missing == share
    text = pd.Series(["yes"] * rows, dtype=object).mask(np.arange(rows) < missing)
    assert profile_category("x", text).missing == share


def test_rare_levels_are_told_together_and_never_fewer_than_20() -> None:
    levels = ["a"] * 300 + ["b"] * 40 + ["c"] * 21 + ["d"] * 19 + ["e"] * 20
    profile = profile_category("x", pd.Series(levels))
    # the 19 rows of d alone are too few, so the rarest level joins them
    assert profile.levels == {"a": 0.75, "b": 0.1, "c": 0.0525}
    assert profile.rest == 0.0975
    none = profile_category("x", pd.Series(["a"] * 10 + ["b"] * 19))
    assert (none.levels, none.rest) == ({}, 1.0)


def test_every_feature_is_profiled(tmp_path: Path) -> None:
    data = load_data(load_portfolio(write_portfolio(tmp_path, make_loans(3000))))
    profile = make_profile(data.train, data.contract)
    assert sorted(profile.names) == sorted(data.contract.names)
    assert profile.rows == len(data.train.y)
    home = next(category for category in profile.categories if category.name == "has_home")
    share = float(data.train.frame["has_home"].mean())
    assert home.levels == pytest.approx({"false": 1 - share, "true": share}, abs=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sba", "taiwan"])
def test_at_most_one_test_applicant_in_a_hundred_is_warned(name: str) -> None:
    data = load_data(load_portfolio(ROOT / "portfolios" / name / "portfolio.toml"))
    profile = make_profile(data.train, data.contract)
    contract = data.contract.with_ranges(profile.ranges(data.contract.names)).with_all_nullable()
    notices = contract.encode_frame(data.test.frame).notices
    warned = {notice.row for notice in notices if notice.problem == UNUSUAL}
    assert len(warned) <= 0.01 * len(data.test.y)
    # a bureau score of a million million is warned of
    odd = data.test.frame.head(1).copy()
    number = next(f.name for f in contract.features if f.kind == "number")
    odd[number] = 1e12
    assert (0, number, UNUSUAL) in contract.encode_frame(odd).notices

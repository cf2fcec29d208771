"""Groups of rows: each row has one group; levels keep their names, numbers form round bands."""

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from train.statistics.groups import MISSING, OTHERS, cross_groups, cut_groups


def names_of(column: pd.Series, most_levels: int | None = None) -> list[str]:
    groups = cut_groups(column, most_levels)
    return [groups.names[number] for number in groups.number]


@given(st.lists(st.one_of(st.none(), st.floats(-1e9, 1e9)), min_size=1, max_size=200))
def test_every_number_has_its_group(values: list[float | None]) -> None:
    column = pd.Series(values, dtype="float64")
    groups = cut_groups(column)
    assert len(set(groups.names)) == len(groups.names)
    assert set(groups.number) == set(range(len(groups.names)))
    np.testing.assert_array_equal(
        column.isna(), [groups.names[number] == MISSING for number in groups.number]
    )


def test_ages_fall_into_bands_that_do_not_overlap() -> None:
    ages = pd.Series(np.repeat(np.arange(20, 70), 10))
    groups = cut_groups(ages)
    assert groups.names == ("under 30", "30 to 39", "40 to 48", "49 to 58", "59 and over")
    assert names_of(ages)[95:105] == ["under 30"] * 5 + ["30 to 39"] * 5


def test_few_distinct_values_are_a_group_each() -> None:
    assert names_of(pd.Series([3.0, 1.0, None, 2.5])) == ["3", "1", MISSING, "2.5"]


def test_levels_are_named_as_they_are_and_rare_ones_share_a_group() -> None:
    column = pd.Series(["b", "a", "b", None, "c", "a", "b"])
    assert names_of(column) == ["b", "a", "b", MISSING, "c", "a", "b"]
    assert names_of(column, most_levels=1) == ["b", OTHERS, "b", MISSING, OTHERS, OTHERS, "b"]
    assert names_of(pd.Series([True, False])) == ["true", "false"]


def test_only_pairs_that_occur_are_groups() -> None:
    sex = cut_groups(pd.Series(["f", "m", "f"]))
    home = cut_groups(pd.Series(["own", "rent", "own"]))
    pairs = cross_groups(sex, home)
    assert pairs.names == ("f, own", "m, rent")
    assert list(pairs.number) == [0, 1, 0]


def test_dates_fall_into_bands_of_years_and_years_have_no_comma() -> None:
    born = pd.Series(pd.date_range("1950-01-01", "1999-12-31", freq="30D")).mask(
        lambda d: d.dt.year == 1970
    )
    groups = cut_groups(born)
    assert groups.names[0] == "under 1959"
    assert groups.names[1:] == (
        "1959 to 1968",
        "1969 to 1979",
        "1980 to 1989",
        "1990 and over",
        MISSING,
    )


def test_a_column_of_missing_values_is_one_group() -> None:
    assert cut_groups(pd.Series([None, None], dtype="datetime64[ns]")).names == (MISSING,)
    assert cut_groups(pd.Series([None, None], dtype="float64")).names == (MISSING,)

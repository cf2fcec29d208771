"""How the report writes numbers."""

import math

import pytest

from train.report.formatting import (
    between,
    counted,
    large,
    listed,
    percent,
    plain,
    stacked,
    value_of,
)
from train.statistics import Interval

SPACE, DASH, MINUS = "\N{NO-BREAK SPACE}", "\N{EN DASH}", "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0.6804, "0.680"),
        (-0.1249, f"{MINUS}0.125"),
        (30.21, "30.2"),
        (-2530.4, f"{MINUS}2,530"),
        (math.nan, DASH),
    ],
)
def test_large_numbers_have_fewer_decimals(number: float, text: str) -> None:
    assert plain(number) == text


def test_shares_are_percentages() -> None:
    assert percent(0.0909, 2) == f"9.09{SPACE}%"
    assert percent(math.nan) == DASH


def test_large_sums_are_in_millions() -> None:
    assert large(987_654.3) == "987,654"
    assert large(9_876_543) == "9.9 million"
    assert large(1_234_567_890) == "1,235 million"


def test_a_count_agrees_with_its_noun() -> None:
    assert counted(1, "group") == "1 group"
    assert counted(2300, "group") == "2,300 groups"


def test_an_interval_names_its_unit_once() -> None:
    interval = Interval(0.361, 0.357, 0.364)
    assert between(interval, percent) == f"35.7 to 36.4{SPACE}%"
    assert value_of(interval) == "0.361 (0.357 to 0.364)"
    assert stacked(interval) == "0.361\n0.357 to 0.364"
    assert between(None) == value_of(None) == stacked(None) == DASH


def test_words_are_listed_as_in_a_sentence() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"

"""Numbers as the report writes them."""

import math

import pytest

from train.report.formatting import between, listed, percent, plain, stacked, value_of
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
def test_costs_have_the_digits_they_need(number: float, text: str) -> None:
    assert plain(number) == text


def test_shares_are_percentages() -> None:
    assert percent(0.0909, 2) == f"9.09{SPACE}%"
    assert percent(math.nan) == DASH


def test_an_interval_names_its_unit_once() -> None:
    interval = Interval(0.361, 0.357, 0.364)
    assert between(interval, percent) == f"35.7 to 36.4{SPACE}%"
    assert value_of(interval) == "0.361 (0.357 to 0.364)"
    assert stacked(interval) == "0.361\n0.357 to 0.364"
    assert between(None) == value_of(None) == stacked(None) == DASH


def test_words_are_listed_as_in_a_sentence() -> None:
    assert listed(["a"]) == "a"
    assert listed(["a", "b", "c"]) == "a, b and c"

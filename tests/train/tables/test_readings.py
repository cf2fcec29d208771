"""A column of text is read as numbers or dates, with the settings that this needs."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from train.portfolio.sections import ReadSettings
from train.tables import Reading, find_readings

NUMBERS = np.random.default_rng(3).integers(1_000, 99_999, 400)


def readings_of(cells: list[str | None], **given: Any) -> list[Reading]:
    return find_readings(pa.array(cells, pa.string()), ReadSettings(**given))


def one(cells: list[str | None], **given: Any) -> Reading:
    (reading,) = readings_of(cells, **given)
    return reading


@pytest.mark.parametrize(
    ("cells", "settings"),
    [
        ([f"{n / 100:.2f}".replace(".", ",") for n in NUMBERS], {"decimal": ","}),
        ([f"{n / 1000:.1f}%" for n in NUMBERS], {"strip": ("%",)}),
        ([f"{n * 1000:,}" for n in NUMBERS], {"thousands": ","}),
        ([f"${n / 7:,.2f}" for n in NUMBERS], {"thousands": ",", "strip": ("$",)}),
        (
            [f"CHF {n / 7:,.2f}".replace(",", "'") for n in NUMBERS],
            {"thousands": "'", "strip": ("CHF",)},
        ),
        (
            [f"{n / 7:,.2f} \u20ac".replace(",", "\u202f").replace(".", ",") for n in NUMBERS],
            {"decimal": ",", "thousands": " ", "strip": ("\u20ac",)},
        ),
        (
            [f"{n / 7:,.2f}".translate({44: ".", 46: ","}) for n in NUMBERS],
            {"decimal": ",", "thousands": "."},
        ),
        ([f"{n} km" for n in NUMBERS], {"strip": ("km",)}),
        ([str(n) for n in NUMBERS], {}),
    ],
)
def test_the_settings_that_numbers_need_are_found(
    cells: list[str | None], settings: dict[str, Any]
) -> None:
    reading = one(cells)
    assert (reading.kind, dict(reading.settings), reading.share) == ("number", settings, 1.0)
    # with these settings nothing more is needed
    assert one(cells, **settings).settings == {}


@pytest.mark.parametrize(
    ("cells", "dates"),
    [
        ([f"{1 + n % 28:02d}/{1 + n % 12:02d}/2021" for n in NUMBERS], "%d/%m/%Y"),
        ([f"{1 + n % 12}/{1 + n % 28}/2021" for n in NUMBERS], "%m/%d/%Y"),
        ([f"{1 + n % 28:02d}.{1 + n % 12:02d}.2021" for n in NUMBERS], "%d.%m.%Y"),
        ([f"{['Jan', 'Dec'][n % 2]}-{2010 + n % 7}" for n in NUMBERS], "%b-%Y"),
        ([f"2021{1 + n % 12:02d}{1 + n % 28:02d}" for n in NUMBERS], "%Y%m%d"),
        (
            [f"{1 + n % 28:02d}/{1 + n % 12:02d}/2021 10:{n % 60:02d}" for n in NUMBERS],
            "%d/%m/%Y %H:%M",
        ),
        ([f"2021-{1 + n % 12:02d}-{1 + n % 28:02d}" for n in NUMBERS], None),
    ],
)
def test_the_format_of_dates_is_found(cells: list[str | None], dates: str | None) -> None:
    reading = one(cells)
    assert (reading.kind, reading.settings.get("dates"), reading.share) == ("date", dates, 1.0)


def test_what_can_be_read_in_two_ways_gives_both() -> None:
    amounts = readings_of([f"{n:,}" for n in NUMBERS])
    assert [r.lines for r in amounts] == [['decimal = ","'], ['thousands = ","']]
    days = readings_of([f"{1 + n % 12:02d}/{1 + n % 11:02d}/2021" for n in NUMBERS])
    assert [r.lines for r in days] == [['dates = "%d/%m/%Y"'], ['dates = "%m/%d/%Y"']]
    # one cell decides, even the last of many
    decided = one([*(f"{n:,}" for n in NUMBERS), "1,5"])
    assert decided.lines == ['decimal = ","']


def test_the_first_cell_that_needs_the_settings_is_shown_and_the_cells_that_do_not_fit() -> None:
    cells: list[str | None] = [None, *map(str, NUMBERS)]
    cells[40], cells[50], cells[90] = "35547.71_", "unknown", "unknown"
    reading = one(cells)
    assert (reading.row, reading.cell) == (40, "35547.71_")
    assert reading.misfits == ((50, "unknown"),)
    assert reading.lines == ['strip = ["_"]']
    assert reading.share == pytest.approx(398 / 400)


@pytest.mark.parametrize(
    "cells",
    [
        ["north", "south"],
        ["36 months", "60 months"],
        ["< 1 year", "10+ years"],
        ["A17", "B3"],
        ["10-20", "20-30"],
        ["1,2", "3", "3,4,5"],
        ["none", "none", "none", "78760"],
        ["(12)", "(7)"],
        [None, ""],
    ],
)
def test_categories_are_no_numbers(cells: list[str | None]) -> None:
    assert readings_of(cells * 30) == []


def test_a_percent_sign_in_some_cells_only_is_not_stripped() -> None:
    # 13.5% beside 0.135 would be a hundred times as much
    (reading,) = readings_of(["13.5%", *["0.2"] * 19])
    assert dict(reading.settings) == {}
    assert reading.misfits == ((0, "13.5%"),)


def test_a_dictionary_and_chunks_are_read_as_their_cells() -> None:
    cells = pa.chunked_array([["1,5", "2,5"], ["3", None]]).dictionary_encode()
    (reading,) = find_readings(cells, ReadSettings())
    assert (reading.lines, reading.row, reading.cell) == (['decimal = ","'], 0, "1,5")

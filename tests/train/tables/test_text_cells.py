"""Text cells become numbers, dates and yes/no as the settings say; what does not fit is refused."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_model.contract import parse_number
from train.portfolio.sections import ReadSettings
from train.tables import standardise
from train.tables.text_cells import standardise_cells

LOCALES = {
    "English": (".", ","),
    "German": (",", "."),
    "French": (",", " "),
    "Swiss": (".", "'"),
    "plain": (".", None),
    "comma only": (",", None),
    "code": (".", "_"),
}


def cells(texts: Sequence[str | None], kind: str, **settings: Any) -> list[Any]:
    return list(
        standardise_cells(pa.array(texts, pa.string()), kind, ReadSettings(**settings)).to_pylist()
    )


@pytest.mark.parametrize("locale", LOCALES)
@given(
    numbers=st.lists(
        st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
        | st.integers(-(2**53), 2**53).map(float),
        min_size=1,
        max_size=8,
    ),
    affix=st.sampled_from(
        [("", ""), ("$", ""), ("", " \u20ac"), ("", "%")],
    ),
)
def test_a_number_of_any_locale_is_the_same_double(
    locale: str, numbers: list[float], affix: tuple[str, str]
) -> None:
    decimal, thousands = LOCALES[locale]
    before, after = affix

    def write(number: float) -> str:
        text = np.format_float_positional(abs(number), trim="-")
        whole, _, fraction = text.partition(".")
        if thousands:
            whole = f"{int(whole):,}".replace(",", thousands)
        minus = "\u2212" if math.copysign(1, number) < 0 else ""
        amount = whole + (decimal + fraction if fraction else "")
        return f" {minus}{before}{amount}{after}\u00a0"

    read = {"decimal": decimal, "thousands": thousands, "strip": ("$", "\u20ac", "%")}
    written = cells([write(number) for number in numbers], "number", **read)
    for text, number in zip(written, numbers, strict=True):
        assert text is not None
        assert float(parse_number(text)).hex() == float(number).hex()


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        # groups that are not of three digits are no thousands
        ({"thousands": ","}, "1,50"),
        ({"thousands": ","}, "12,34,567"),
        ({"thousands": " ", "decimal": ","}, "1 2"),
        ({"thousands": "."}, "1.5"),
        # a point is no decimal sign where this is a comma: 1.500 may be 1500
        ({"decimal": ","}, "1.500"),
        ({"decimal": ","}, "1 000,5"),
        ({"strip": ("%",)}, "1%2"),
        ({}, "13,5"),
        ({}, "5 pm"),
    ],
)
def test_what_does_not_fit_is_no_number(settings: dict[str, object], text: str) -> None:
    (written,) = cells([text], "number", **settings)
    assert isinstance(written, str)
    assert isinstance(parse_number(written), str)


def test_numbers_are_trimmed_and_stripped() -> None:
    read = {"thousands": ",", "strip": ("$", "_", "EUR")}
    texts = ["$35,000.10", "-$1,500", "35547.71_", "EUR 7", "\u00a012 ", "1e3", None, "", "NA"]
    assert cells(texts, "number", **read) == [
        *("35000.10", "-1500", "35547.71", "7", "12", "1e3"),
        *(None, None, None),
    ]
    assert cells(["1\u202f500,25", "2\u00a0000"], "number", decimal=",", thousands=" ") == [
        "1500.25",
        "2000",
    ]
    assert cells(["1\u2019500"], "number", thousands="'") == ["1500"]


def test_dates_are_written_as_days() -> None:
    texts = ["31/12/2021", "2021-12-30", "30/02/2021", "soon", None, "2021-12-31T23:30:00-05:00"]
    assert cells(texts, "date", dates="%d/%m/%Y") == [
        *("2021-12-31", "2021-12-30", "30/02/2021", "soon", None),
        "2022-01-01",
    ]
    assert cells(["Dec-2015"], "date", dates="%b-%Y") == ["2015-12-01"]
    assert cells(["2021-12-31 08:00:00", "2021-12-31T00:30+02:00"], "date") == [
        "2021-12-31",
        "2021-12-30",
    ]
    assert cells(["20211231", "2021"], "date") == ["20211231", "2021"]


def test_words_for_yes_no_and_missing_fold_case_and_spaces() -> None:
    read = {"yes": ("Oui",), "no": ("Non",), "missing": ("inconnu",)}
    texts = ["OUI", " non", "True", "false ", "peut-\u00eatre", "inconnu", "NA"]
    assert cells(texts, "yes/no", **read) == [
        *("true", "false", "true", "false", "peut-\u00eatre"),
        *(None, None),
    ]
    assert cells(["a", " inconnu ", "NA", "", None], "category", **read) == [
        *("a", None, "NA", "", None)
    ]


def test_only_text_columns_that_are_named_are_rewritten() -> None:
    records = pa.RecordBatch.from_pydict(
        {
            "rate": pa.array(["13,5", None]),
            "note": pa.array(["13,5", "x"]),
            "amount": pa.array([1.5, 2.5]),
            "level": pa.array(["1,5", "2"]).dictionary_encode(),
        }
    )
    kinds = {"rate": "number", "amount": "number", "level": "number"}
    written = standardise(records, kinds, ReadSettings(decimal=","))
    assert written.to_pydict() == {
        "rate": ["13.5", None],
        "note": ["13,5", "x"],
        "amount": [1.5, 2.5],
        "level": ["1.5", "2"],
    }


def test_columns_of_numbers_are_parsed_once() -> None:
    texts = {
        "amount": ["1.5", "-2e3", None],
        "income": [str(2**53 - 1), "7", "8"],
        "huge": [str(2**53), "7", "8"],
        "rate": ["1.5", "NA", "x"],
        "none": [None, None, None],
    }
    records = pa.RecordBatch.from_pydict({k: pa.array(v, pa.string()) for k, v in texts.items()})
    written = standardise(records, dict.fromkeys(texts, "number"), ReadSettings())
    assert written.to_pydict() == {
        "amount": [1.5, -2000.0, None],
        "income": [2.0**53 - 1, 7.0, 8.0],
        # whole numbers that a double may round stay text, to be refused
        "huge": [str(2**53), "7", "8"],
        "rate": ["1.5", None, "x"],
        "none": [None, None, None],
    }

"""Dates as day numbers: what a text may look like, and every type that a table has for dates."""

import datetime
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_model.contract import Feature, FeatureContract, parse_day, today
from scoring_model.errors import InvalidRequest

CONTRACT = FeatureContract((Feature("hired_on", "date", nullable=True),))
WRONG = "must be a date such as 2021-12-31"


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("1970-01-01", 0.0),
        ("2021-12-31", 18992.0),
        ("1969-12-31", -1.0),
        ("0001-01-01", -719162.0),
        ("9999-12-31", 2932896.0),
        ("2021-12-31T23:59:59.999999999", 18992.0),
        ("2021-12-31 12:00", 18992.0),
        ("2021-12-31T23:30:00Z", 18992.0),
        ("2021-12-31T23:30:00-05:00", 18993.0),
        ("2021-12-31T00:30:00+0100", 18991.0),
    ],
)
def test_an_iso_date_is_a_day_in_utc(text: str, day: float) -> None:
    assert parse_day(text) == day


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "2021",
            "2021-12",
            "2021-12-32",
            "2021-02-29",
            "20211231",
            "2021-W52-5",
            "31/12/2021",
        ),
        *("Dec-2015", " 2021-12-31", "2021-12-31 ", "2021-12-31T", "2021-12-31T24:01", "18992"),
        *("2021-12-31T10:00:00 Europe/Paris", "2021-12-31T10:00+25:00", "0000-01-01", "2021-1-1"),
        *(
            "0001-01-01T00:00+01:00",
            "9999-12-31T23:59-01:00",
            "\uff12\uff10\uff12\uff11-12-31",
            "2021-12-31\n",
        ),
    ],
)
def test_other_text_is_no_date(text: str) -> None:
    assert parse_day(text) is None


@given(moment=st.datetimes(timezones=st.none() | st.timezones()))
def test_a_point_in_time_has_the_day_of_its_iso_text(moment: datetime.datetime) -> None:
    frame = pd.DataFrame({"hired_on": pd.Series([moment] * 60, dtype=object)})
    alone: Any
    try:
        alone = CONTRACT.encode_frame(frame.head(1)).field_values[0, 0]
    except InvalidRequest as error:
        # the day in UTC has no date with four digits
        assert moment.tzinfo is not None
        assert moment.year in (1, 9999)
        alone = error.fields[0].problem
    if moment.utcoffset() is None or not moment.utcoffset().total_seconds() % 60:  # type: ignore[union-attr]
        day = parse_day(moment.isoformat())
        assert (WRONG if day is None else day) == alone
    if not isinstance(alone, str):
        assert (CONTRACT.encode_frame(frame).field_values == alone).all()


@pytest.mark.parametrize(
    "column",
    [
        pa.array([20_000_000, None, 0], pa.date32()),
        pa.array([2**62, None, 0], pa.timestamp("s")),
        pa.array([-(2**62), None, 0], pa.timestamp("ms", "UTC")),
        pa.array([20_000_000, None, 0], pa.date32()).dictionary_encode(),
    ],
)
@pytest.mark.parametrize("times", [1, 50])
def test_a_day_beyond_the_years_of_a_date_is_refused(column: pa.Array, times: int) -> None:
    many = pa.concat_arrays([column] * times)
    rows = CONTRACT.encode_batch(pa.record_batch({"hired_on": many}))
    assert [(p.row, p.problem) for p in rows.problems] == [(3 * n, WRONG) for n in range(times)]
    np.testing.assert_array_equal(rows.field_values[:3, 0], [np.nan, np.nan, 0.0])
    number = FeatureContract((Feature("hired_on", "number", nullable=True),))
    refused = number.encode_batch(pa.record_batch({"hired_on": many})).problems
    assert {p.problem for p in refused} == {"must be a number"}
    assert len(refused) == 2 * times


@pytest.mark.parametrize("value", [18992, 18992.0, True, ["2021-12-31"], "31/12/2021"])
def test_other_values_are_refused_in_json_and_in_tables(value: Any) -> None:
    with pytest.raises(InvalidRequest, match=WRONG):
        CONTRACT.encode_values({"hired_on": value})
    for rows in (1, 60):
        frame = pd.DataFrame({"hired_on": [value] * rows})
        with pytest.raises(InvalidRequest, match=WRONG):
            CONTRACT.encode_frame(frame)


def test_today_is_the_day_in_utc() -> None:
    before = datetime.datetime.now(datetime.UTC).date()
    number = today()
    after = datetime.datetime.now(datetime.UTC).date()
    assert parse_day(before.isoformat()) <= number <= parse_day(after.isoformat())  # type: ignore[operator]

"""Dates as day numbers: days since 1970-01-01, of the day in UTC."""

import datetime
import re

import numpy as np
import pyarrow as pa

from scoring_model.types import FloatArray

NOT_A_DATE = "must be a date such as 2021-12-31"
_EPOCH = datetime.date(1970, 1, 1).toordinal()
# the days that a text with four digits for the year can name
FIRST_DAY = float(datetime.date.min.toordinal() - _EPOCH)
LAST_DAY = float(datetime.date.max.toordinal() - _EPOCH)

_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_TIME = re.compile(
    r"[T ](\d\d:\d\d)(:\d\d)?(?:\.\d+)?(Z|[+-]\d\d:?\d\d)?",
    re.ASCII,
)
_DAY_LENGTHS = {"s": 86_400, "ms": 86_400_000, "us": 86_400 * 10**6, "ns": 86_400 * 10**9}


def today() -> float:
    """Return the number of the current day in UTC."""
    return float(datetime.datetime.now(datetime.UTC).date().toordinal() - _EPOCH)


def parse_day(text: str) -> float | None:
    """Return the number of an ISO date, or None if the text is something else.

    Parameters
    ----------
    text : str
        Such as `2021-12-31`. A time may follow (`2021-12-31T23:30:00-05:00`): with an offset, the
        day is that in UTC.
    """
    try:
        if _DATE.fullmatch(text):
            return float(datetime.date.fromisoformat(text).toordinal() - _EPOCH)
        time = _TIME.fullmatch(text, 10)
        if time is None or not _DATE.fullmatch(text, 0, 10):
            return None
        clock, seconds, offset = time.groups()
        moment = datetime.datetime.fromisoformat(
            f"{text[:10]}T{clock}{seconds or ''}{offset or ''}"
        )
        if offset:
            moment = moment.astimezone(datetime.UTC)
    except (ValueError, OverflowError):
        return None
    return float(moment.toordinal() - _EPOCH)


def name_day(number: float) -> str:
    """Return the ISO text of a day number, such as `2021-12-31`."""
    return datetime.date.fromordinal(int(number) + _EPOCH).isoformat()


def write_day(moment: datetime.date) -> str | None:
    """Return a date, or the day in UTC of a point in time, as ISO text; None if it has none."""
    try:
        if isinstance(moment, datetime.datetime):
            if moment.tzinfo is not None:
                moment = moment.astimezone(datetime.UTC)
            moment = moment.date()
        return moment.isoformat()
    except (ValueError, OverflowError):
        return None


def count_days(column: pa.Array) -> FloatArray | None:
    """Return dates as day numbers, NaN for null, or None if the column has another type.

    Parameters
    ----------
    column : pyarrow.Array
        Dates or timestamps. Timestamps with a time zone are stored in UTC.
    """
    kind = column.type
    if pa.types.is_date32(kind):
        counts, length = column.cast(pa.int32()), 1
    elif pa.types.is_date64(kind):
        counts, length = column.cast(pa.int64()), _DAY_LENGTHS["ms"]
    elif pa.types.is_timestamp(kind):
        counts, length = column.cast(pa.int64()), _DAY_LENGTHS[kind.unit]
    else:
        return None
    days = np.floor_divide(counts.fill_null(0).to_numpy(zero_copy_only=False), length)
    missing = column.is_null().to_numpy(zero_copy_only=False)
    return np.where(missing, np.nan, days.astype(np.float64))

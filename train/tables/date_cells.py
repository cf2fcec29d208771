"""Dates as text: read by a format or as ISO dates, and written as 2021-12-31."""

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

# a date, or a date with a time; with an offset, the day is the one in UTC
_ISO = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.,]+)? ?(Z|z|UTC|[+-][0-9]{2}:?([0-9]{2})?)?$"

_DAYS = (
    *("%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y.%m.%d"),
    *("%Y-%m-%d", "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y"),
    *("%d-%b-%Y", "%d-%b-%y", "%d %b %Y", "%d %B %Y", "%b %d, %Y", "%B %d, %Y", "%d%b%Y"),
)
_NAMED_MONTHS = ("%b-%Y", "%b-%y", "%y-%b", "%b %Y", "%B %Y", "%m/%Y", "%Y-%m", "%Y/%m")
# the formats that are tried on a column of text; those with the same values are told once
DATE_FORMATS = (
    *_DAYS,
    *_NAMED_MONTHS,
    "%Y%m%d",
    *(f"{day} {time}" for time in ("%H:%M", "%H:%M:%S", "%I:%M:%S %p") for day in _DAYS[:6]),
)


def standardise_dates(text: pa.Array, dates: str | None) -> pa.Array:
    """Write dates as 2021-12-31.

    Parameters
    ----------
    text : pyarrow.Array
    dates : str, optional
        The format, in the signs of `strptime`. ISO dates are read too.

    Returns
    -------
    pyarrow.Array
        Cells that are no dates stay as they are.
    """
    coded = pc.dictionary_encode(text)
    different = coded.dictionary
    days = read_days(different, dates)
    written = pc.coalesce(pc.cast(days, pa.string()), different)
    return written.take(coded.indices)


def read_days(text: pa.Array, dates: str | None) -> pa.Array:
    """Read text as days.

    Parameters
    ----------
    text : pyarrow.Array
    dates : str, optional
        The format, in the signs of `strptime`. ISO dates are read too.

    Returns
    -------
    pyarrow.Array
        Days (date32); null where the text is no date.
    """
    trimmed = pc.utf8_trim_whitespace(text)
    is_iso = pc.match_substring_regex(trimmed, _ISO)
    days = _parse(pc.if_else(is_iso, trimmed, pa.scalar(None, pa.string())), "ISO8601")
    if dates == "%Y%m%d":
        # pandas would also read shorter numbers
        long = pc.match_substring_regex(trimmed, "^(19|20)[0-9]{6}$")
        trimmed = pc.if_else(long, trimmed, pa.scalar(None, pa.string()))
    return days if dates is None else pc.coalesce(_parse(trimmed, dates), days)


def _parse(text: pa.Array, form: str) -> pa.Array:
    # utc=True: a date without an offset keeps its day, and one with an offset gets its day in UTC
    moments = pd.to_datetime(text.to_pandas(), format=form, utc=True, errors="coerce")
    naive = moments.dt.tz_localize(None).dt.floor("D")
    return pa.Array.from_pandas(naive).cast(pa.date32())

"""Find how the dates of a table are written, where its cells leave no doubt."""

from dataclasses import replace
from typing import Any

import pyarrow as pa

from train.portfolio import Portfolio
from train.portfolio.sections import ReadSettings
from train.tables import find_readings, is_text_type


def find_settings(
    cells: pa.Table, portfolio: Portfolio, read: ReadSettings
) -> tuple[ReadSettings, list[str]]:
    """Fill in the format of dates.

    Parameters
    ----------
    cells : pyarrow.Table
    portfolio : Portfolio
    read : ReadSettings
        What is given, or was found in the file already.

    Returns
    -------
    ReadSettings
        With what is certain. What may be read in two ways stays open: it is a mistake later.
    list of str
        A line for each setting that was found.
    """
    found = _find_dates(cells, portfolio, read)
    notes = [f"read: dates are written as {value}" for value in found.values()]
    return replace(read, **found), notes


def _find_dates(cells: pa.Table, portfolio: Portfolio, read: ReadSettings) -> dict[str, Any]:
    names = [name for name, kind in portfolio.kinds.items() if kind == "date"]
    if portfolio.decision_date:
        names.append(portfolio.decision_date)
    found: list[dict[str, Any]] = []
    for name in names if read.dates is None else ():
        if name in cells.schema.names and is_text_type(cells.schema.field(name).type):
            readings = find_readings(cells.column(name), read)
            if len(readings) != 1 or readings[0].kind != "date" or readings[0].share < 1:
                continue
            found.append(dict(readings[0].settings))
    needed = [settings for settings in found if settings]
    return needed[0] if needed and all(settings == needed[0] for settings in needed) else {}

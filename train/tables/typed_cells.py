"""Columns of one type: Python values as an Arrow array, and the days of a column."""

import datetime as dt
import math
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from train.tables.date_cells import read_days
from train.tables.text_cells import is_text_type

_INT64 = 1 << 63
# the days that Python knows
_FIRST_DAY, _LAST_DAY = (pa.scalar(day, pa.date32()) for day in (dt.date.min, dt.date.max))
_PLAIN = {bool, int, float, str, Decimal, dt.date}


def to_column(cells: Sequence[Any]) -> pa.Array:
    """Return values as an array of their kind, or as text if they are of several kinds.

    Parameters
    ----------
    cells : sequence
        None is a missing value.

    Returns
    -------
    pyarrow.Array
        If all are missing, its type is null. Whole numbers and others together are doubles, days
        and times together are timestamps.
    """
    kinds = {type(cell) for cell in cells if cell is not None}
    if not kinds:
        return pa.nulls(len(cells))
    if kinds <= {int, float} and len(kinds) == 2:
        return pa.array(cells, pa.float64())
    if kinds <= {dt.date, dt.datetime} and dt.datetime in kinds:
        return _timestamps(cells)
    is_long = kinds == {int} and any(abs(cell or 0) >= _INT64 for cell in cells)
    if len(kinds) == 1 and kinds <= _PLAIN and not is_long:
        return pa.array([None if cell != cell else cell for cell in cells])  # noqa: PLR0124  # NaN
    return pa.array([None if cell is None else text_of_cell(cell) for cell in cells], pa.string())


def _timestamps(cells: Sequence[Any]) -> pa.Array:
    # with a time zone: the same moment in UTC
    zoned = any(isinstance(cell, dt.datetime) and cell.tzinfo for cell in cells)
    return pa.array(cells, pa.timestamp("us", "UTC" if zoned else None))


def text_of_cell(value: Any) -> str:
    """Return a value as CSV would have it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dt.datetime):
        return value.date().isoformat() if value.time() == dt.time() else value.isoformat(" ")
    return repr(value) if isinstance(value, float) else str(value)


def as_whole(value: Any) -> Any:
    """Return a whole number as int: tables store some as doubles, databases as decimals."""
    if isinstance(value, float | Decimal) and math.isfinite(value) and value == int(value):
        return int(value)
    return value


def common_schema(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """Return the types that hold the columns of all parts of a table.

    Parameters
    ----------
    schemas : sequence of pyarrow.Schema
        With the same names in the same order. Numbers are widened; a column whose kinds differ
        otherwise, or that has no value at all, is text.
    """
    fields = []
    for place, name in enumerate(schemas[0].names):
        kinds = [schema.field(place).type for schema in schemas]
        try:
            parts = [pa.schema([pa.field("", kind)]) for kind in kinds]
            found = pa.unify_schemas(parts, promote_options="permissive").field(0).type
        except pa.ArrowException:
            found = pa.string()
        fields.append(pa.field(name, pa.string() if pa.types.is_null(found) else found))
    return pa.schema(fields)


def column_days(column: pa.Array, dates: str | None) -> pa.Array:
    """Return the days in a column of a table.

    Parameters
    ----------
    column : pyarrow.Array
        Dates, moments or text.
    dates : str, optional
        The format of text; see `read_days`.

    Returns
    -------
    pyarrow.Array
        Days (date32), of moments with a time zone those in UTC; null where there is no date of the
        years 1 to 9999.
    """
    kind = column.type
    if is_text_type(kind):
        coded = column.cast(pa.string()).dictionary_encode()
        return read_days(coded.dictionary, dates).take(coded.indices)
    if pa.types.is_timestamp(kind) or pa.types.is_date64(kind):
        moments = column.cast(pa.timestamp("ms"), safe=False)
        days = pc.floor_temporal(moments, unit="day").cast(pa.date32())
    elif pa.types.is_date32(kind):
        days = column
    else:
        return pa.nulls(len(column), pa.date32())
    is_day = pc.and_(pc.greater_equal(days, _FIRST_DAY), pc.less_equal(days, _LAST_DAY))
    return pc.if_else(is_day, days, pa.scalar(None, pa.date32()))

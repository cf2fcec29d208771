"""Read a table as a DataFrame: Parquet with its types, CSV with the kinds that pandas would find.

These kinds are whole numbers, numbers, booleans (true and false), and text for everything else.
"""

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scoring_model.contract import MOST_WHOLE, TableReader, parse_number
from train.tables import cast_cells

_WHOLE = "^[+-]?[0-9]+$"
_EXACT = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}
_INT64, _UINT64 = np.iinfo(np.int64), np.iinfo(np.uint64)


def read_frame(table: TableReader, as_text: Collection[str] = ()) -> pd.DataFrame:
    """Read all rows and columns of a table.

    Parameters
    ----------
    table : TableReader
    as_text : collection of str
        Columns of a CSV file that stay text, even if they look like numbers.

    Returns
    -------
    DataFrame
        The frame that `pandas.read_parquet` or `pandas.read_csv` would return, except that no whole
        number is rounded to a double. Where whole numbers beyond 64 bits are mixed with others,
        pandas may return text.

    Raises
    ------
    OSError, ValueError
        The table cannot be read, has two columns of the same name, or has a row with more or fewer
        fields than the heading.
    """
    cells = read_cells(table)
    if not table.is_text:
        return to_frame(cells)
    frame: dict[str, pd.Series[Any]] = {}
    for name in cells.schema.names:
        column = cells.column(name)
        frame[name] = column.to_pandas() if name in as_text else find_kind(column)
    return pd.DataFrame(frame, copy=False)


def read_cells(table: TableReader) -> pa.Table:
    """Read all rows and columns of a table as they are; for errors see `read_frame`."""
    names = table.schema.names
    if repeated := [name for name in names if names.count(name) > 1]:
        raise ValueError(f"column {repeated[0]!r} must not repeat")
    batches = []
    for batch in table.read(names):
        if batch.broken:
            raise ValueError(f"row {batch.broken[0]} must have as many fields as the heading")
        batches.append(batch.records)
    return pa.Table.from_batches(batches, table.schema)


def to_frame(table: pa.Table, **options: bool) -> pd.DataFrame:
    """Return a table with pandas' types. Whole numbers with gaps become doubles if these hold them.

    Parameters
    ----------
    table : pyarrow.Table
        It cannot be used afterwards, because pandas takes over its memory column by column.
    **options : bool
        Options of `pyarrow.Table.to_pandas`.
    """
    table = _without_decimals(table)
    exact = {
        name: table.column(name).to_pandas(types_mapper=_EXACT.get).array
        for name in table.schema.names
        if table.column(name).null_count and _is_rounded(table.column(name))
    }
    frame: pd.DataFrame = table.to_pandas(self_destruct=True, **options)
    return frame.assign(**exact)


def _without_decimals(table: pa.Table) -> pa.Table:
    """Return decimal numbers, as databases have them, as whole numbers or doubles."""
    for place, field in enumerate(table.schema):
        if not pa.types.is_decimal(field.type):
            continue
        column = table.column(place)
        whole = cast_cells(column, pa.int64()) if field.type.scale == 0 else None
        # through text: Arrow's own cast has a wrong last bit for one number in four
        column = column.cast(pa.string()).cast(pa.float64()) if whole is None else whole
        table = table.set_column(place, field.name, column)
    return table


def _is_rounded(column: pa.ChunkedArray) -> bool:
    """Return whether a column has whole numbers that a double may not hold."""
    if not pa.types.is_integer(column.type):
        return False
    try:
        column.cast(pa.float64())
    except pa.ArrowInvalid:
        return True
    return False


def find_kind(column: pa.ChunkedArray) -> "pd.Series[Any]":
    """Convert a column of text to the kind that fits all of its values."""
    if not len(column):
        return pd.Series(dtype=object)
    if column.null_count == len(column):
        return pd.Series(np.full(len(column), np.nan))
    values = _read_numbers(column)
    if values is None:
        values = _read_booleans(column)
    return column.to_pandas() if values is None else pd.Series(values)


def _read_numbers(column: pa.ChunkedArray) -> Any:
    """Return numbers, as integers if all are whole, or None if some text is not a number."""
    trimmed = pc.ascii_trim_whitespace(column)
    doubles = cast_cells(trimmed, pa.float64())
    if doubles is None:
        # Arrow reads most spellings of a number, but not all
        if not all(text is None or _is_number(text) for text in _texts(trimmed)):
            return None
    elif pc.any(pc.is_nan(doubles)).as_py():
        # Arrow reads the text NAN as a number, but to pandas it is text
        return None
    whole = cast_cells(trimmed, pa.int64())
    if whole is not None:
        return _with_gaps(whole)
    if all(pc.all(pc.match_substring_regex(chunk, _WHOLE)).as_py() for chunk in trimmed.chunks):
        return _read_long_numbers(trimmed)
    if doubles is not None and not pc.any(pc.greater_equal(pc.abs(doubles), MOST_WHOLE)).as_py():
        return _with_gaps(doubles)
    numbers = [np.nan if text is None else parse_number(text) for text in _texts(trimmed)]
    is_rounded = any(isinstance(number, int) and float(number) != number for number in numbers)
    return np.array(numbers, dtype=object if is_rounded else np.float64)


def _read_long_numbers(column: pa.ChunkedArray) -> Any:
    """Return whole numbers that Arrow cannot read: with a plus sign, or beyond 64 bits."""
    values = [None if text is None else int(text) for text in _texts(column)]
    present = [value for value in values if value is not None]
    least, most = min(present), max(present)
    if _INT64.min <= least and most <= _INT64.max:
        return _with_gaps(pa.chunked_array([pa.array(values, pa.int64())]))
    if least < _INT64.min or most > _UINT64.max:
        return np.array([np.nan if value is None else value for value in values], dtype=object)
    if least < 0 or column.null_count:
        return None
    return np.array(values, dtype=np.uint64)


def _read_booleans(column: pa.ChunkedArray) -> NDArray[Any] | None:
    """Return true and false, in upper or lower case, or None if some text is neither."""
    lower = pc.ascii_lower(column)
    is_true = pc.equal(lower, "true")
    if not pc.all(pc.or_(is_true, pc.equal(lower, "false"))).as_py():
        return None
    if not column.null_count:
        return np.array(is_true.to_numpy(), dtype=bool)
    return np.array([np.nan if x is None else x for x in is_true.to_pylist()], dtype=object)


def _with_gaps(numbers: pa.ChunkedArray) -> Any:
    """Return a copy of the numbers, as doubles if some are missing and doubles can hold them."""
    if numbers.null_count:
        if _is_rounded(numbers):
            return numbers.to_pandas(types_mapper=_EXACT.get).array
        numbers = numbers.cast(pa.float64(), safe=False)
    return np.array(numbers.to_numpy())


def _texts(column: pa.ChunkedArray) -> Any:
    return (text for chunk in column.chunks for text in chunk.to_pylist())


def _is_number(text: str) -> bool:
    number = parse_number(text) if text.isascii() else text
    return not isinstance(number, str) and not np.isnan(float(number))

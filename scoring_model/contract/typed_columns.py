"""Encode columns of Arrow and pandas tables, and of CSV text.

The type of a column proves that most of its values are valid. The other values are converted to
JSON values, and the rule of `encoding` is applied to them one by one.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scoring_model.contract.encoded_rows import EncodedColumn
from scoring_model.contract.encoding import MOST_WHOLE, Codes, encode_each
from scoring_model.contract.feature import YES_NO, Feature
from scoring_model.contract.notices import NEVER_SEEN
from scoring_model.contract.typed_values import is_yes_no, to_json_values
from scoring_model.types import FloatArray, RowNumbers

if TYPE_CHECKING:
    import pandas as pd

# returns the values of some rows of a column as Python objects
Pick = Callable[[RowNumbers], list[Any]]

_NUMBERS = (pa.types.is_floating, pa.types.is_integer, pa.types.is_null)
_TEXTS = (pa.types.is_string, pa.types.is_large_string)
_LEVELS = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_null, pa.types.is_string_view)
# with fewer rows, the rule alone is faster than Arrow's functions
_FEW_ROWS = 50


def encode_array(
    column: pa.Array, nullable: bool, codes: Codes | None, *, from_text: bool = False
) -> EncodedColumn:
    """Encode a column of a record batch.

    Parameters
    ----------
    column : pyarrow.Array
    nullable : bool
    codes : mapping of level to float, or None
        None for a number.
    from_text : bool
        Whether the column comes from CSV. Numbers are then parsed, and true and false may be
        written in capitals.
    """
    if len(column) < _FEW_ROWS:
        return encode_each(to_json_values(column.to_pylist(), codes, from_text), nullable, codes)
    return _encode(column, nullable, codes, from_text, lambda rows: column.take(rows).to_pylist())


def encode_series(series: "pd.Series[Any]", nullable: bool, codes: Codes | None) -> EncodedColumn:
    """Encode a column of a DataFrame; for parameters see `encode_array`.

    One column at a time is converted to Arrow. Converting the whole frame would double its memory.
    """

    def pick(rows: RowNumbers | slice) -> list[Any]:
        some = series.iloc[rows]
        cells = zip(some.tolist(), some.isna(), strict=True)
        return [None if missing else value for value, missing in cells]

    array = None if len(series) < _FEW_ROWS else _to_arrow(series, is_number=codes is None)
    if array is None:
        return encode_each(
            to_json_values(pick(slice(None)), codes, from_text=False), nullable, codes
        )
    return _encode(array, nullable, codes, False, pick)


def read_levels(column: pa.Array, feature: Feature, *, from_text: bool = False) -> pa.Array:
    """Return a category's levels as text; null if a value is missing or cannot be a level.

    Parameters
    ----------
    column : pyarrow.Array
    feature : Feature
    from_text : bool
        Whether the column comes from CSV.
    """
    if pa.types.is_dictionary(column.type):
        return read_levels(column.dictionary, feature, from_text=from_text).take(column.indices)
    codes = feature.codes()
    text = _as_text(column, codes, from_text)
    if text is not None:
        return text
    texts = {value: text for text, value in YES_NO.items()}
    values = to_json_values(column.to_pylist(), codes, from_text)
    levels = [texts[v] if isinstance(v, bool) else v for v in values]
    return pa.array([v if isinstance(v, str) else None for v in levels], pa.string())


def _encode(
    column: pa.Array, nullable: bool, codes: Codes | None, from_text: bool, pick: Pick
) -> EncodedColumn:
    """Encode the values that are valid by the column's type; apply the rule to the others."""
    if pa.types.is_dictionary(column.type):
        return _encode_dictionary(column, nullable, codes, from_text)
    if codes is None:
        bulk = _encode_numbers(column, nullable, from_text)
    else:
        bulk = _encode_levels(column, nullable, codes, from_text)
    if bulk is None:
        values = pick(np.arange(len(column)))
        return encode_each(to_json_values(values, codes, from_text), nullable, codes)
    encoded, rest = bulk
    if not len(rest):
        return encoded
    each = encode_each(to_json_values(pick(rest), codes, from_text), nullable, codes)
    # the numbers may share memory with the table, so change a copy
    numbers = encoded.numbers.copy()
    numbers[rest] = each.numbers
    problems = [(int(rest[row]), rule) for row, rule in each.problems]
    return EncodedColumn(numbers, problems, encoded.notices)


def _encode_dictionary(
    column: pa.Array, nullable: bool, codes: Codes | None, from_text: bool
) -> EncodedColumn:
    """Encode each value of a dictionary once, even if the column contains it often."""
    indices = column.indices
    values = column.dictionary
    if indices.null_count:
        # use a wider type: the new index after the last one may not fit into the old type
        indices = indices.cast(pa.int64()).fill_null(len(values))
        values = pa.concat_arrays([values, pa.nulls(1, values.type)])
    once = encode_array(values, nullable, codes, from_text=from_text)
    places = indices.to_numpy(zero_copy_only=False)
    problems: list[tuple[int, str]] = []
    if once.problems:
        rules = dict(once.problems)
        wrong = np.flatnonzero(np.isin(places, list(rules)))
        problems = [(int(row), rules[places[row]]) for row in wrong]
    notices: list[tuple[int, str]] = []
    if once.notices:
        texts = dict(once.notices)
        noted = np.flatnonzero(np.isin(places, list(texts)))
        notices = [(int(row), texts[places[row]]) for row in noted]
    return EncodedColumn(once.numbers[places], problems, notices)


def _encode_numbers(
    column: pa.Array, nullable: bool, from_text: bool
) -> tuple[EncodedColumn, RowNumbers] | None:
    """Return numbers and the rows still to be checked, or None if the type is not numeric."""
    numbers = _parse(column) if from_text else _as_doubles(column)
    if numbers is None:
        return None
    # doubles beyond it may be rounded whole numbers, unless the column itself has doubles
    most = np.inf if pa.types.is_floating(column.type) else MOST_WHOLE
    if not nullable:
        rest = ~(np.abs(numbers) < most)
    elif from_text:
        # the text itself may be NaN
        rest = ~(np.abs(numbers) < most) & column.is_valid().to_numpy(zero_copy_only=False)
    else:
        rest = np.abs(numbers) >= most
    return EncodedColumn(numbers, [], []), np.flatnonzero(rest)


def _encode_levels(
    column: pa.Array, nullable: bool, codes: Codes, from_text: bool
) -> tuple[EncodedColumn, RowNumbers] | None:
    """Return codes and the rows still to be checked, or None if the type cannot be levels."""
    text = _as_text(column, codes, from_text)
    if text is None:
        return None
    levels = [level for level in codes if isinstance(level, str)]
    found = pc.index_in(text, value_set=pa.array(levels, text.type)).fill_null(len(levels))
    values = np.array([*(codes[level] for level in levels), np.nan])
    numbers = values[found.to_numpy(zero_copy_only=False)]
    without_code = np.flatnonzero(np.isnan(numbers))
    if not len(without_code):
        return EncodedColumn(numbers, [], []), without_code
    # empty text is missing, unless it is a level
    rest_text = text.take(pa.array(without_code))
    is_missing = pc.equal(rest_text, "").fill_null(True).to_numpy(zero_copy_only=False)
    rest = without_code[is_missing] if not nullable else without_code[:0]
    notices = [(row, NEVER_SEEN) for row in without_code[~is_missing].tolist()]
    return EncodedColumn(numbers, [], notices), rest


def _to_arrow(series: "pd.Series[Any]", *, is_number: bool) -> pa.Array | None:
    """Return a column as an Arrow array, or None for objects of mixed or unknown types."""
    if is_number and series.dtype.kind == "f":
        # from_pandas would first search for missing values, which is not needed here
        return pa.array(series.to_numpy(dtype=np.float64, na_value=np.nan))
    try:
        array = pa.Array.from_pandas(series)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return None
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _as_doubles(column: pa.Array) -> FloatArray | None:
    """Return numbers, with NaN for null, or None if the type is not numeric."""
    if pa.types.is_decimal(column.type):
        # through text: Arrow's own cast has a wrong last bit for one number in four
        column = column.cast(pa.string())
    elif not any(is_kind(column.type) for is_kind in _NUMBERS):
        return None
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype=np.float64)


def _parse(column: pa.Array) -> FloatArray | None:
    """Return text as numbers, or None if Arrow cannot parse all of it."""
    try:
        numbers = pc.ascii_trim_whitespace(column).cast(pa.float64())
    except pa.ArrowInvalid:
        return None
    return np.asarray(numbers.to_numpy(zero_copy_only=False), dtype=np.float64)


def _as_text(column: pa.Array, codes: Codes, from_text: bool) -> pa.Array | None:
    """Return levels as text, or None if the type does not prove that all values are levels."""
    kind = column.type
    if any(is_kind(kind) for is_kind in _TEXTS):
        # other programs write True where JSON and this contract write true
        return pc.utf8_lower(column) if from_text and is_yes_no(codes) else column
    if pa.types.is_floating(kind):
        # whole numbers with missing values are stored as floats: 3.0 is the level 3
        try:
            column = pc.if_else(pc.is_nan(column), None, column).cast(pa.int64())
        except pa.ArrowInvalid:
            return None
    elif not any(is_kind(kind) for is_kind in _LEVELS):
        return None
    return column.cast(pa.string())

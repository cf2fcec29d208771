"""Encode columns of Arrow and pandas tables, and of CSV text.

The type of a column proves that most of its values are valid. The other values are converted to
JSON values, and the field's `ValueRule` is applied to them one by one.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scoring_model.contract.days import FIRST_DAY, LAST_DAY, NOT_A_DATE, count_days
from scoring_model.contract.encoded_rows import EncodedColumn
from scoring_model.contract.encoding import apply_bounds, encode_each
from scoring_model.contract.feature import YES_NO, Feature
from scoring_model.contract.typed.number_columns import TEXTS, as_doubles, holds_text, parse_doubles
from scoring_model.contract.typed.typed_values import to_json_values
from scoring_model.contract.value_rule import MOST_WHOLE, REQUIRED, ValueRule
from scoring_model.types import RowNumbers

if TYPE_CHECKING:
    import pandas as pd

# returns the values of some rows of a column as Python objects
Pick = Callable[[RowNumbers], list[Any]]

_LEVELS = (pa.types.is_integer, pa.types.is_boolean, pa.types.is_null, pa.types.is_string_view)
# with fewer rows, the rule alone is faster than Arrow's functions
_FEW_ROWS = 50


def encode_array(column: pa.Array, rule: ValueRule, *, from_text: bool = False) -> EncodedColumn:
    """Encode a column of a record batch.

    Parameters
    ----------
    column : pyarrow.Array
    rule : ValueRule
    from_text : bool
        Whether numbers that are written as text are parsed, as in CSV.
    """
    from_text = from_text and holds_text(column.type)
    if pa.types.is_temporal(column.type):
        return _encode_times(column, rule)
    if len(column) < _FEW_ROWS and not pa.types.is_dictionary(column.type):
        return encode_each(to_json_values(column.to_pylist(), rule, from_text), rule)
    return _encode(column, rule, from_text, lambda rows: column.take(rows).to_pylist())


def encode_series(series: "pd.Series[Any]", rule: ValueRule) -> EncodedColumn:
    """Encode a column of a DataFrame by a field's rule.

    One column at a time is converted to Arrow. Converting the whole frame would double its memory.
    """

    def pick(rows: RowNumbers | slice) -> list[Any]:
        some = series.iloc[rows]
        cells = zip(some.tolist(), some.isna(), strict=True)
        return [None if missing else value for value, missing in cells]

    array = None if len(series) < _FEW_ROWS else _to_arrow(series, is_number=rule.kind == "number")
    if array is not None and series.dtype == object and pa.types.is_temporal(array.type):
        # Arrow gives dates and points in time of several zones one type, and loses their days
        array = None
    if array is None:
        return encode_each(to_json_values(pick(slice(None)), rule, from_text=False), rule)
    return _encode(array, rule, False, pick)


def read_levels(column: pa.Array, feature: Feature, *, from_text: bool = False) -> pa.Array:
    """Return a category's levels as text; null if a value is missing or cannot be a level.

    Parameters
    ----------
    column : pyarrow.Array
    feature : Feature
        The text of a yes/no feature is in small letters.
    from_text : bool
        Whether the column comes from CSV.
    """
    if pa.types.is_dictionary(column.type):
        return read_levels(column.dictionary, feature, from_text=from_text).take(column.indices)
    rule = feature.make_rule()
    text = _as_text(column, rule)
    if text is not None:
        return text
    texts = {value: text for text, value in YES_NO.items()}
    values = to_json_values(column.to_pylist(), rule, from_text)
    levels = [texts[v] if isinstance(v, bool) else v for v in values]
    return pa.array([v if isinstance(v, str) else None for v in levels], pa.string())


def _encode(column: pa.Array, rule: ValueRule, from_text: bool, pick: Pick) -> EncodedColumn:
    """Encode the values that are valid by the column's type; apply the rule to the others."""
    if pa.types.is_dictionary(column.type):
        once = encode_array(column.dictionary, rule, from_text=from_text)
        return _spread(once, column.indices, rule)
    if pa.types.is_temporal(column.type):
        return _encode_times(column, rule)
    if rule.kind == "number":
        bulk = _encode_numbers(column, rule, from_text)
    else:
        bulk = _encode_levels(column, rule)
    if bulk is None:
        return encode_each(to_json_values(pick(np.arange(len(column))), rule, from_text), rule)
    encoded, rest = bulk
    if not len(rest):
        return encoded
    each = encode_each(to_json_values(pick(rest), rule, from_text), rule)
    # the numbers may share memory with the table, so change a copy
    numbers = encoded.numbers.copy()
    numbers[rest] = each.numbers
    problems = [(int(rest[row]), problem) for row, problem in each.problems]
    notices = [(int(rest[row]), notice) for row, notice in each.notices]
    return EncodedColumn(
        numbers, sorted(encoded.problems + problems), sorted(encoded.notices + notices)
    )


def _spread(once: EncodedColumn, indices: pa.Array, rule: ValueRule) -> EncodedColumn:
    """Return the values at `indices` of values that were encoded once; no index is missing."""
    count = len(once.numbers)
    places = indices.cast(pa.int64()).fill_null(count).to_numpy(zero_copy_only=False)
    texts: list[list[tuple[int, str]]] = []
    missing = [] if rule.nullable else [(count, REQUIRED)]
    for found in ([*once.problems, *missing], once.notices):
        by_place = dict(found)
        rows = np.flatnonzero(np.isin(places, list(by_place))).tolist() if by_place else []
        texts.append([(row, by_place[places[row]]) for row in rows])
    return EncodedColumn(np.append(once.numbers, np.nan)[places], texts[0], texts[1])


def _encode_times(column: pa.Array, rule: ValueRule) -> EncodedColumn:
    """Encode dates or timestamps, which may lie outside of what Python's dates can hold."""
    days = count_days(column) if rule.kind == "date" else None
    if days is None:
        # bytes stand for a value that no rule accepts
        return encode_each([b"" if valid else None for valid in column.is_valid()], rule)
    wrong = (days < FIRST_DAY) | (days > LAST_DAY)
    rules = [(row, NOT_A_DATE) for row in np.flatnonzero(wrong).tolist()]
    if not rule.nullable:
        rules += [(row, REQUIRED) for row in np.flatnonzero(np.isnan(days)).tolist()]
    return EncodedColumn(np.where(wrong, np.nan, days), sorted(rules), [])


def _encode_numbers(
    column: pa.Array, rule: ValueRule, from_text: bool
) -> tuple[EncodedColumn, RowNumbers] | None:
    """Return numbers and the rows still to be checked, or None if the type is not numeric."""
    numbers = parse_doubles(column) if from_text else as_doubles(column)
    if numbers is None:
        return None
    # doubles beyond it may be rounded whole numbers, unless the column itself has doubles
    most = np.inf if pa.types.is_floating(column.type) else MOST_WHOLE
    if not rule.nullable:
        rest = ~(np.abs(numbers) < most)
    elif from_text:
        # the text itself may be NaN
        rest = ~(np.abs(numbers) < most) & column.is_valid().to_numpy(zero_copy_only=False)
    else:
        rest = np.abs(numbers) >= most
    if not rule.is_bounded:
        return EncodedColumn(numbers, [], []), np.flatnonzero(rest)
    return apply_bounds(np.where(rest, np.nan, numbers), rule), np.flatnonzero(rest)


def _encode_levels(column: pa.Array, rule: ValueRule) -> tuple[EncodedColumn, RowNumbers] | None:
    """Return codes and the rows still to be checked, or None if the type cannot be levels.

    Each level without a code, and each text of a date, is judged once.
    """
    text = _as_text(column, rule)
    if text is None:
        return None
    levels = [level for level in rule.codes if isinstance(level, str)]
    found = pc.index_in(text, value_set=pa.array(levels, text.type)).fill_null(len(levels))
    values = np.array([*(rule.codes[level] for level in levels), np.nan])
    numbers = values[found.to_numpy(zero_copy_only=False)]
    without_code = np.flatnonzero(np.isnan(numbers))
    if not len(without_code):
        return EncodedColumn(numbers, [], []), without_code
    others = text.take(pa.array(without_code)).dictionary_encode()
    once = encode_each(others.dictionary.to_pylist(), rule)
    rest = _spread(once, others.indices, rule)
    numbers[without_code] = rest.numbers
    problems = [(int(without_code[row]), problem) for row, problem in rest.problems]
    notices = [(int(without_code[row]), notice) for row, notice in rest.notices]
    return EncodedColumn(numbers, problems, notices), without_code[:0]


def _to_arrow(series: "pd.Series[Any]", *, is_number: bool) -> pa.Array | None:
    """Return a column as an Arrow array, or None for objects of mixed or unknown types."""
    if is_number and series.dtype.kind == "f":
        # from_pandas would first search for missing values, which is not needed here
        return pa.array(series.to_numpy(dtype=np.float64, na_value=np.nan))
    if getattr(series.dtype, "tz", None) is not None:
        # as Arrow itself does, but without a warning of pandas
        series = series.dt.tz_convert(None)
    try:
        array = pa.Array.from_pandas(series)
    except (pa.ArrowException, ValueError, TypeError, OverflowError):
        return None
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _as_text(column: pa.Array, rule: ValueRule) -> pa.Array | None:
    """Return levels as text, or None if the type does not prove that all values are levels."""
    kind = column.type
    is_number = pa.types.is_floating(kind) or pa.types.is_integer(kind)
    if (is_number and rule.kind != "category") or (
        pa.types.is_boolean(kind) and rule.kind == "date"
    ):
        return None
    if pa.types.is_floating(kind):
        # whole numbers with missing values are stored as floats: 3.0 is the level 3
        try:
            column = pc.if_else(pc.is_nan(column), None, column).cast(pa.int64())
        except pa.ArrowInvalid:
            return None
    elif not any(is_kind(kind) for is_kind in (*TEXTS, *_LEVELS)):
        return None
    text = column if any(is_kind(kind) for is_kind in TEXTS) else column.cast(pa.string())
    if is_number and rule.padded_levels:
        digits = text.dictionary_encode()
        found = [rule.padded_levels.get(each, each) for each in digits.dictionary.to_pylist()]
        text = pa.array(found, pa.string()).take(digits.indices)
    # other programs write True where JSON and this contract write true
    return pc.utf8_lower(text) if rule.kind == "yes/no" else text

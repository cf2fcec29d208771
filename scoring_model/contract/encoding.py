"""Columns of JSON values or of a DataFrame as numbers, with what is wrong with each value."""

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import pandas as pd

REQUIRED = "is required"
NOT_A_NUMBER = "must be a number"
NOT_FINITE = "must be finite and fit into a double"
NOT_TEXT = "must be text"
UNKNOWN = "is not a field of this model"

FloatArray = NDArray[np.float64]
# codes by level, of `true` also under True; only text and booleans may be looked up: 1 == True
Codes = Mapping[Any, float]
Problems = list[tuple[int, str]]

_NUMBERS = {float, int, type(None)}
_LEVELS = {str, bool, np.bool_, type(None)}


def encode_number(value: Any, nullable: bool) -> float | str:
    """Return a number, NaN for a missing one, or the rule that the value breaks."""
    if value is None:
        return math.nan if nullable else REQUIRED
    if type(value) is not float and type(value) is not int:
        return NOT_A_NUMBER
    try:
        number = float(value)
    except OverflowError:
        return NOT_FINITE
    return number if math.isfinite(number) else NOT_FINITE


def encode_level(value: Any, nullable: bool, codes: Codes) -> float | str | None:
    """Return a code, NaN for missing, the rule that is broken, or None for a level never seen."""
    if value is None:
        return math.nan if nullable else REQUIRED
    return codes.get(value) if type(value) in _LEVELS else NOT_TEXT


def encode_numbers(column: Sequence[Any], nullable: bool) -> tuple[FloatArray, Problems]:
    """Return a column of JSON numbers as doubles, NaN for missing, and the problems by row."""
    kinds = set(map(type, column))
    if kinds <= _NUMBERS and (nullable or type(None) not in kinds):
        try:
            numbers = np.array(column, dtype=np.float64)
        except OverflowError:
            return _encode_each(column, nullable)
        missing = column.count(None) if type(None) in kinds else 0
        if np.count_nonzero(np.isfinite(numbers)) == len(column) - missing:
            return numbers, []
    return _encode_each(column, nullable)


def _encode_each(column: Sequence[Any], nullable: bool) -> tuple[FloatArray, Problems]:
    encoded = [encode_number(value, nullable) for value in column]
    problems = [(row, text) for row, text in enumerate(encoded) if isinstance(text, str)]
    numbers = [math.nan if isinstance(number, str) else number for number in encoded]
    return np.array(numbers, dtype=np.float64), problems


def encode_levels(
    column: Sequence[Any], nullable: bool, codes: Codes
) -> tuple[FloatArray, Problems, list[int]]:
    """Return a column of categories as codes, the problems by row, and the rows of new levels."""
    problems: Problems = []
    if not set(map(type, column)) <= _LEVELS:
        problems = [(row, NOT_TEXT) for row, v in enumerate(column) if type(v) not in _LEVELS]
        wrong = {row for row, _ in problems}
        column = [None if row in wrong else value for row, value in enumerate(column)]
    else:
        wrong = set()
    encoded = list(map(codes.get, column))
    new: list[int] = []
    if None in encoded:
        without_code = [row for row, code in enumerate(encoded) if code is None]
        new = [row for row in without_code if column[row] is not None]
        if not nullable:
            missing = (r for r in without_code if column[r] is None and r not in wrong)
            problems += [(row, REQUIRED) for row in missing]
    return np.array(encoded, dtype=np.float64), problems, new


def encode_number_series(values: "pd.Series[Any]", nullable: bool) -> tuple[FloatArray, Problems]:
    """Return a DataFrame's column as doubles, NaN for missing, and the problems by row."""
    missing = values.isna().to_numpy(dtype=bool)
    if values.dtype.kind in "iuf":
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        problems: Problems = []
    else:
        numbers = np.full(len(values), np.nan)
        problems = []
        for row in np.flatnonzero(~missing):
            number = _number_of(values.iloc[row])
            if isinstance(number, str):
                problems.append((int(row), number))
            else:
                numbers[row] = number
    problems += [(int(row), NOT_FINITE) for row in np.flatnonzero(np.isinf(numbers))]
    if not nullable:
        problems += [(int(row), REQUIRED) for row in np.flatnonzero(missing)]
    return numbers, problems


def _number_of(value: Any) -> float | str:
    """Return a cell of an object column as a double, or the rule that it breaks."""
    if isinstance(value, bool | np.bool_ | str | bytes):
        return NOT_A_NUMBER
    try:
        return float(value)
    except (TypeError, ValueError):
        return NOT_A_NUMBER
    except OverflowError:
        return NOT_FINITE


def encode_level_series(
    values: "pd.Series[Any]", nullable: bool, codes: Codes
) -> tuple[FloatArray, Problems, list[int]]:
    """Return a DataFrame's column of categories as `encode_levels` does."""
    column = values.astype(object).to_numpy(copy=True)
    column[values.isna().to_numpy(dtype=bool)] = None
    return encode_levels(column.tolist(), nullable, codes)

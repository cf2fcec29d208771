"""The rule that decides whether a value is valid, and the encoding of lists of JSON values.

`encode_number` and `encode_level` hold the rule for one value. The functions that encode many
values at once skip the rule only where the type alone proves that a value is valid.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from scoring_model.contract.encoded_rows import EncodedColumn

REQUIRED = "is required"
NOT_A_NUMBER = "must be a number"
NOT_FINITE = "must be finite and fit into a double"
NOT_TEXT = "must be text"
UNKNOWN = "is not a field of this model"

# The code of each level. `true` and `false` can also be looked up as True and False. Look up only
# text and booleans, because the number 1 equals True.
Codes = Mapping[Any, float]

_NUMBERS = {float, int, type(None)}
_LEVELS = {str, bool, type(None)}


def encode_number(value: Any, nullable: bool) -> float | str:
    """Return the value as a float, NaN if it is missing, or the rule that it breaks.

    Parameters
    ----------
    value : Any
        A JSON value.
    nullable : bool
        Whether it may be missing.
    """
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
    """Return the level's code, NaN if missing, None if unseen, or the rule that it breaks.

    Parameters
    ----------
    value : Any
        A JSON value.
    nullable : bool
        Whether it may be missing.
    codes : mapping of level to float
        The code of each level that training saw.
    """
    if value is None:
        return math.nan if nullable else REQUIRED
    return codes.get(value) if type(value) in _LEVELS else NOT_TEXT


def parse_number(text: str) -> float | str:
    """Return the number in a CSV cell, or the text itself if it is not a number.

    A number is what Python's `float` accepts, but without underscores.
    """
    if "_" in text:
        return text
    try:
        return float(text)
    except ValueError:
        return text


def encode_each(values: Iterable[Any], nullable: bool, codes: Codes | None) -> EncodedColumn:
    """Encode JSON values of one feature one by one, by the rule.

    Parameters
    ----------
    values : iterable
    nullable : bool
    codes : mapping of level to float, or None
        None for a number.
    """
    encoded: list[float | str | None]
    if codes is None:
        encoded = [encode_number(value, nullable) for value in values]
    else:
        encoded = [encode_level(value, nullable, codes) for value in values]
    return EncodedColumn(
        np.array([x if isinstance(x, float) else math.nan for x in encoded], dtype=np.float64),
        [(row, rule) for row, rule in enumerate(encoded) if isinstance(rule, str)],
        [row for row, code in enumerate(encoded) if code is None],
    )


def encode_list(column: Sequence[Any], nullable: bool, codes: Codes | None) -> EncodedColumn:
    """Encode a list of JSON values of one feature; for parameters see `encode_each`."""
    kinds = set(map(type, column))
    if not nullable and type(None) in kinds:
        return encode_each(column, nullable, codes)
    if codes is None:
        fast = _encode_numbers(column) if kinds <= _NUMBERS else None
    else:
        fast = _encode_levels(column, codes) if kinds <= _LEVELS else None
    return encode_each(column, nullable, codes) if fast is None else fast


def encode_absent(rows: int, nullable: bool) -> EncodedColumn:
    """Encode a feature that all rows lack."""
    if nullable:
        return EncodedColumn(np.full(rows, math.nan), [], [])
    return encode_each([None] * rows, nullable, None)


def _encode_numbers(column: Sequence[Any]) -> EncodedColumn | None:
    """Encode numbers that may be missing, or return None if one of them is not finite."""
    try:
        numbers = np.array(column, dtype=np.float64)
    except OverflowError:
        return None
    finite = np.count_nonzero(np.isfinite(numbers))
    # None became NaN, but a value may also have been NaN itself
    if finite == len(column) or finite == len(column) - column.count(None):
        return EncodedColumn(numbers, [], [])
    return None


def _encode_levels(column: Sequence[Any], codes: Codes) -> EncodedColumn:
    """Encode text and booleans that may be missing."""
    encoded = list(map(codes.get, column))
    unseen = []
    if None in encoded:
        without_code = (row for row, code in enumerate(encoded) if code is None)
        unseen = [row for row in without_code if column[row] is not None]
    return EncodedColumn(np.array(encoded, dtype=np.float64), [], unseen)

"""The rule that decides whether a value is valid, and the encoding of lists of JSON values.

`encode_number` and `encode_level` hold the rule for one value. The functions that encode many
values at once skip the rule only where the type alone proves that a value is valid.
"""

import contextlib
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from scoring_model.contract.encoded_rows import EncodedColumn
from scoring_model.contract.notices import NEVER_SEEN

REQUIRED = "is required"
NOT_A_NUMBER = "must be a number"
NOT_FINITE = "must be finite and fit into a double"
NOT_TEXT = "must be text"
# every whole number up to this one is a double, but the next one is not
MOST_WHOLE = 2**53
NOT_EXACT = f"must be a whole number that a double can hold (up to {MOST_WHOLE})"
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
    kind = type(value)
    if kind is int:
        return float(value) if -MOST_WHOLE <= value <= MOST_WHOLE else _encode_large(value)
    if kind is float:
        return value if math.isfinite(value) else NOT_FINITE
    if value is None:
        return math.nan if nullable else REQUIRED
    return NOT_A_NUMBER


def _encode_large(value: int) -> float | str:
    try:
        number = float(value)
    except OverflowError:
        return NOT_FINITE
    return number if number == value else NOT_EXACT


def encode_level(value: Any, nullable: bool, codes: Codes) -> float | str | None:
    """Return the level's code, NaN if missing, None if unseen, or the rule that it breaks.

    Parameters
    ----------
    value : Any
        A JSON value. Empty text is missing, unless it is a level of an older contract.
    nullable : bool
        Whether it may be missing.
    codes : mapping of level to float
        The code of each level that training saw.
    """
    if value is None:
        return math.nan if nullable else REQUIRED
    if type(value) not in _LEVELS:
        return NOT_TEXT
    code = codes.get(value)
    if code is None and value == "":
        return math.nan if nullable else REQUIRED
    return code


def parse_number(text: str) -> float | int | str:
    """Return the number in a CSV cell, or the text itself if it is not a number.

    A number is what Python's `float` accepts, but without underscores. A whole number that may not
    fit into a double is returned as an int, for `encode_number` to judge.
    """
    if "_" in text:
        return text
    try:
        number = float(text)
    except ValueError:
        return text
    if MOST_WHOLE <= abs(number) < math.inf:
        with contextlib.suppress(ValueError):
            return int(text)
    return number


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
        [(row, NEVER_SEEN) for row, code in enumerate(encoded) if code is None],
    )


def encode_list(column: Sequence[Any], nullable: bool, codes: Codes | None) -> EncodedColumn:
    """Encode a list of JSON values of one feature; for parameters see `encode_each`."""
    kinds = set(map(type, column))
    if not nullable and (type(None) in kinds or (codes is not None and "" in column)):
        return encode_each(column, nullable, codes)
    if codes is None:
        fast = _encode_numbers(column, int in kinds) if kinds <= _NUMBERS else None
    else:
        fast = _encode_levels(column, codes) if kinds <= _LEVELS else None
    return encode_each(column, nullable, codes) if fast is None else fast


def encode_absent(rows: int, nullable: bool) -> EncodedColumn:
    """Encode a feature that all rows lack."""
    if nullable:
        return EncodedColumn(np.full(rows, math.nan), [], [])
    return encode_each([None] * rows, nullable, None)


def _encode_numbers(column: Sequence[Any], has_whole: bool) -> EncodedColumn | None:
    """Encode numbers that may be missing, or return None if the rule must judge one of them."""
    try:
        numbers = np.array(column, dtype=np.float64)
    except OverflowError:
        return None
    if has_whole and (np.abs(numbers) >= MOST_WHOLE).any():
        return None
    finite = np.count_nonzero(np.isfinite(numbers))
    # None became NaN, but a value may also have been NaN itself
    if finite == len(column) or finite == len(column) - column.count(None):
        return EncodedColumn(numbers, [], [])
    return None


def _encode_levels(column: Sequence[Any], codes: Codes) -> EncodedColumn:
    """Encode text and booleans that may be missing."""
    encoded = list(map(codes.get, column))
    notices = []
    if None in encoded:
        without_code = (row for row, code in enumerate(encoded) if code is None)
        notices = [(row, NEVER_SEEN) for row in without_code if column[row] not in (None, "")]
    return EncodedColumn(np.array(encoded, dtype=np.float64), [], notices)

"""The encoding of lists of JSON values.

`ValueRule.judge` holds the rule for one value. The functions that encode many values at once skip
the rule only where the type alone proves that a value is valid.
"""

import contextlib
import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from scoring_model.contract.encoded_rows import EncodedColumn
from scoring_model.contract.notices import UNUSUAL
from scoring_model.contract.value_rule import MOST_WHOLE, ValueRule
from scoring_model.types import FloatArray

# so many values with bounds are judged faster one by one than as an array
_FEW = 4


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


def encode_each(values: Iterable[Any], rule: ValueRule) -> EncodedColumn:
    """Encode JSON values of one field one by one, by the rule."""
    judged = list(map(rule.judge, values))
    return EncodedColumn(
        np.array([number for number, _, _ in judged], dtype=np.float64),
        [(row, problem) for row, (_, problem, _) in enumerate(judged) if problem],
        [(row, notice) for row, (_, _, notice) in enumerate(judged) if notice],
    )


def encode_list(column: Sequence[Any], rule: ValueRule) -> EncodedColumn:
    """Encode a list of JSON values of one field."""
    if rule.is_bounded and len(column) <= _FEW:
        return encode_each(column, rule)
    kinds = set(map(type, column))
    fast = None
    if kinds <= rule.easy_types:
        is_number = rule.kind == "number"
        fast = _encode_numbers(column, kinds, rule) if is_number else _encode_levels(column, rule)
    return encode_each(column, rule) if fast is None else fast


def encode_absent(rows: int, rule: ValueRule) -> EncodedColumn:
    """Encode a field that all rows lack."""
    if rule.nullable:
        return EncodedColumn(np.full(rows, math.nan), [], [])
    return encode_each([None] * rows, rule)


def apply_bounds(numbers: FloatArray, rule: ValueRule) -> EncodedColumn:
    """Return valid numbers as a column: refuse those beyond the limits, remark on unusual ones."""
    low, high = rule.ordinary
    if not ((numbers <= low) | (numbers >= high)).any():
        return EncodedColumn(numbers, [], [])
    beyond = (numbers < rule.minimum) | (numbers > rule.maximum)
    unusual = ((numbers < rule.least_usual) | (numbers > rule.most_usual)) & ~beyond
    return EncodedColumn(
        np.where(beyond, np.nan, numbers),
        [(row, rule.limits_text) for row in np.flatnonzero(beyond).tolist()],
        [(row, UNUSUAL) for row in np.flatnonzero(unusual).tolist()],
    )


def _encode_numbers(
    column: Sequence[Any], kinds: set[type], rule: ValueRule
) -> EncodedColumn | None:
    """Encode numbers that may be missing, or return None if the rule must judge one of them."""
    try:
        numbers = np.array(column, dtype=np.float64)
    except OverflowError:
        return None
    if int in kinds and (np.abs(numbers) >= MOST_WHOLE).any():
        return None
    finite = np.count_nonzero(np.isfinite(numbers))
    # None became NaN, but a value may also have been NaN itself
    if finite == len(column) or finite == len(column) - column.count(None):
        return apply_bounds(numbers, rule) if rule.is_bounded else EncodedColumn(numbers, [], [])
    return None


def _encode_levels(column: Sequence[Any], rule: ValueRule) -> EncodedColumn:
    """Encode text and booleans; the rule judges what has no code."""
    encoded = list(map(rule.codes.get, column))
    numbers = np.array(encoded, dtype=np.float64)
    problems, notices = [], []
    if None in encoded:
        for row, code in enumerate(encoded):
            value = column[row]
            if code is None and value is not None:
                numbers[row], problem, notice = rule.judge(value)
                if problem:
                    problems.append((row, problem))
                elif notice:
                    notices.append((row, notice))
    return EncodedColumn(numbers, problems, notices)

"""Convert values of typed tables and of CSV to JSON values, one by one."""

import math
from collections.abc import Callable
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from scoring_model.contract.encoding import MOST_WHOLE, Codes, parse_number
from scoring_model.contract.feature import YES_NO

# Python type of each kind of numpy scalar
_PYTHON: dict[str, Callable[[Any], Any]] = {"f": float, "i": int, "u": int, "b": bool, "U": str}


def is_yes_no(codes: Codes) -> bool:
    """Return whether a category has no other levels than true and false."""
    return all(isinstance(level, bool) or level in YES_NO for level in codes)


def to_json_values(values: list[Any], codes: Codes | None, from_text: bool) -> list[Any]:
    """Convert values to JSON values. The rule later refuses the values that have no JSON type.

    Parameters
    ----------
    values : list
        Values of Python, numpy or Arrow; NaN is missing.
    codes : mapping of level to float, or None
        None for a number. For a category, a whole number becomes the text of its digits.
    from_text : bool
        Whether the values come from CSV. Numbers are then parsed, and true and false may be
        written in capitals.
    """
    plain = [_to_python(value) for value in values]
    if codes is None:
        if from_text:
            return [parse_number(v) if isinstance(v, str) else v for v in plain]
        return [_as_double(value) for value in plain]
    levels = [_digits(value) for value in plain]
    if from_text and is_yes_no(codes):
        return [v.lower() if isinstance(v, str) else v for v in levels]
    return levels


def _to_python(value: Any) -> Any:
    if isinstance(value, np.generic) and value.dtype.kind in _PYTHON:
        value = _PYTHON[value.dtype.kind](value)
    # in a table, NaN means that a number is missing
    return None if isinstance(value, float) and math.isnan(value) else value


def _as_double(value: Any) -> Any:
    """Return a number as a double, or as int if it is large and whole, unless JSON has its type."""
    is_json = type(value) in {int, float, bool} or isinstance(value, np.generic)
    if is_json or not isinstance(value, Real | Decimal):
        return value
    try:
        number = float(value)
    except OverflowError:
        return math.inf
    except ValueError:
        return value
    if MOST_WHOLE <= abs(number) < math.inf and value == (whole := math.trunc(value)):
        return whole
    return number


def _digits(value: Any) -> Any:
    """Return a whole number as the text of its digits."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value

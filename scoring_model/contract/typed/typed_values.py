"""Convert values of typed tables and of CSV to JSON values, one by one."""

import datetime
import math
from collections.abc import Callable
from decimal import Decimal
from numbers import Real
from typing import Any

import numpy as np

from scoring_model.contract.days import write_day
from scoring_model.contract.encoding import parse_number
from scoring_model.contract.value_rule import MOST_WHOLE, ValueRule

# Python type of each kind of numpy scalar
_PYTHON: dict[str, Callable[[Any], Any]] = {"f": float, "i": int, "u": int, "b": bool, "U": str}


def to_json_values(values: list[Any], rule: ValueRule, from_text: bool) -> list[Any]:
    """Convert values to JSON values. The rule later refuses the values that have no JSON type.

    Parameters
    ----------
    values : list
        Values of Python, numpy or Arrow; NaN is missing.
    rule : ValueRule
        For a category, a whole number becomes the level with its digits, leading zeros included.
        For a date, a date becomes ISO text.
    from_text : bool
        Whether the values come from CSV. Numbers are then parsed.
    """
    plain = [_to_python(value) for value in values]
    if rule.kind == "date":
        return [_as_iso(value) for value in plain]
    if rule.kind != "number":
        return [_as_level(value, rule) for value in plain]
    if from_text:
        return [parse_number(v) if isinstance(v, str) else v for v in plain]
    return [_as_double(value) for value in plain]


def _to_python(value: Any) -> Any:
    if isinstance(value, np.generic) and value.dtype.kind in _PYTHON:
        value = _PYTHON[value.dtype.kind](value)
    # in a table, NaN means that a number is missing
    return None if isinstance(value, float) and math.isnan(value) else value


def _as_iso(value: Any) -> Any:
    """Return a date, or a point in time, as ISO text; other values as they are."""
    if isinstance(value, np.datetime64):
        if np.isnat(value):
            return None
        value = value.astype("datetime64[D]").item()
    return write_day(value) or value if isinstance(value, datetime.date) else value


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


def _as_level(value: Any, rule: ValueRule) -> Any:
    """Return a whole number as text."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return value
    return rule.padded_levels.get(str(value), str(value))

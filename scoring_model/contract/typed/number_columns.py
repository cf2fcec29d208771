"""Columns of numbers, and of numbers that are written as text, as doubles."""

import contextlib

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scoring_model.types import FloatArray

TEXTS = (pa.types.is_string, pa.types.is_large_string)
_NUMBERS = (pa.types.is_floating, pa.types.is_integer, pa.types.is_null)


def holds_text(kind: pa.DataType) -> bool:
    """Return whether a column of this type holds text, which may be stored as a dictionary."""
    values = kind.value_type if pa.types.is_dictionary(kind) else kind
    return any(is_kind(values) for is_kind in TEXTS)


def as_doubles(column: pa.Array) -> FloatArray | None:
    """Return numbers, with NaN for null, or None if the type is not numeric."""
    if pa.types.is_decimal(column.type):
        # through text: Arrow's own cast has a wrong last bit for one number in four
        column = column.cast(pa.string())
    elif not any(is_kind(column.type) for is_kind in _NUMBERS):
        return None
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype=np.float64)


def parse_doubles(column: pa.Array) -> FloatArray | None:
    """Return text as numbers, or None if Arrow cannot parse all of it."""
    # most cells have no spaces around them, and to trim takes as long as to parse
    for trim in (lambda text: text, pc.ascii_trim_whitespace):
        with contextlib.suppress(pa.ArrowInvalid):
            numbers = trim(column).cast(pa.float64()).to_numpy(zero_copy_only=False)
            return np.asarray(numbers, dtype=np.float64)
    return None

"""Numbers as text: with other decimal signs, signs between thousands and texts to strip."""

import re
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from scoring_model.contract import MOST_WHOLE
from train.portfolio.sections import ReadSettings

# a non-breaking space, a narrow one and a thin one are spaces; a curly apostrophe is an apostrophe
_SPACES = "[\u00a0\u202f\u2009]"
_FIRST_CELLS = 200
_MINUS = "\u2212"
_EXPONENT = "([eE][+-]?[0-9]+)?"


def standardise_numbers(text: pa.Array, read: ReadSettings) -> pa.Array:
    """Write numbers with a decimal point and without other signs.

    Parameters
    ----------
    text : pyarrow.Array
    read : ReadSettings

    Returns
    -------
    pyarrow.Array
        A cell that does not fit stays as it is, with a question mark if it would read as another
        number in standard form: `1.500` where the decimal sign is a comma.
    """
    if read_plain(text, read) is not None:
        return text
    cells = _without_strips(_with_plain_signs(text), read.strip)
    decimal = decimal_sign(read)
    if decimal == "." and read.thousands is None:
        return cells
    fits = pc.match_substring_regex(cells, _pattern(decimal, read.thousands))
    plain = cells
    if read.thousands:
        plain = pc.replace_substring(plain, read.thousands, "")
    if decimal == ",":
        plain = pc.replace_substring(plain, ",", ".")
    if pc.all(fits).as_py():
        return plain
    if decimal == ".":
        return pc.if_else(fits, plain, cells)
    return pc.if_else(fits, plain, _refuse_points(cells))


def _refuse_points(cells: pa.Array) -> pa.Array:
    """Put a question mark behind numbers with a point, where the decimal sign is a comma."""
    would_read = pc.match_substring_regex(cells, _pattern(".", None))
    return pc.if_else(would_read, pc.binary_join_element_wise(cells, "?", ""), cells)


def read_numbers(text: pa.Array, read: ReadSettings) -> pa.Array:
    """Read text as numbers.

    Parameters
    ----------
    text : pyarrow.Array
    read : ReadSettings

    Returns
    -------
    pyarrow.Array
        Doubles; null where the text is no number.
    """
    cells = standardise_numbers(text, read)
    numbers = cast_cells(cells, pa.float64())
    if numbers is not None:
        return numbers
    cells = pc.utf8_ltrim(pc.utf8_trim_whitespace(cells), "+")
    is_number = pc.match_substring_regex(cells, _pattern(".", None))
    return pc.if_else(is_number, cells, pa.scalar(None, pa.string())).cast(pa.float64())


def cast_cells(cells: Any, kind: pa.DataType) -> Any:
    """Return an array as numbers of a type, or None if Arrow cannot cast all of it exactly."""
    try:
        # the first cells first: a column of another kind usually fails there, which is faster
        cells[:_FIRST_CELLS].cast(kind)
        return cells.cast(kind)
    except pa.ArrowInvalid:
        return None


def decimal_sign(read: ReadSettings) -> str:
    """Return the decimal sign: where a point stands between thousands, it is a comma."""
    return read.decimal or ("," if read.thousands == "." else ".")


def read_plain(text: pa.Array, read: ReadSettings) -> pa.Array | None:
    """Return cells as doubles if all are numbers in standard form already, otherwise None.

    Whole numbers that a double may round are left as text, which tells what is wrong with them.
    """
    # all settings agree on cells that hold digits only
    kind = pa.float64() if decimal_sign(read) == "." else pa.int64()
    numbers = cast_cells(text, kind)
    # whole numbers that no double holds cannot be cast either
    numbers = None if numbers is None else cast_cells(numbers, pa.float64())
    if numbers is None:
        return None
    are_exact = pc.all(pc.less(pc.abs(numbers), pa.scalar(float(MOST_WHOLE))))
    return None if are_exact.as_py() is False else numbers


def _with_plain_signs(text: pa.Array) -> pa.Array:
    cells = pc.utf8_trim_whitespace(text)
    if pc.all(pc.string_is_ascii(cells)).as_py():
        return cells
    cells = pc.replace_substring_regex(cells, _SPACES, " ")
    cells = pc.replace_substring(cells, "\u2019", "'")
    return pc.replace_substring(cells, _MINUS, "-")


def _without_strips(cells: pa.Array, strip: tuple[str, ...]) -> pa.Array:
    """Remove the texts at the beginning (also behind a sign) and at the end of each cell."""
    words = [word for word in (text.strip() for text in strip) if word]
    if not words:
        return cells
    either = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    cells = pc.replace_substring_regex(cells, rf"^([+-]?)(\s*({either}))+\s*", r"\1")
    return pc.replace_substring_regex(cells, rf"(\s*({either}))+\s*$", "")


def _pattern(decimal: str, thousands: str | None) -> str:
    whole = "[0-9]+"
    if thousands:
        whole = f"([0-9]+|[0-9]{{1,3}}({re.escape(thousands)}[0-9]{{3}})+)"
    sign = re.escape(decimal)
    return f"^[+-]?({whole}({sign}[0-9]*)?|{sign}[0-9]+){_EXPONENT}$"

"""Text that looks like numbers or dates: one line that says which line to add to the portfolio."""

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.compute as pc

from train.portfolio import Portfolio
from train.portfolio.sections import ReadSettings, key_text, value_text
from train.tables import Reading, find_readings


def explain_text(
    name: str, column: pa.Array, portfolio: Portfolio, read: ReadSettings, *, is_text: bool
) -> str | None:
    """Return what is wrong with a column of text, or None if it is a category.

    Parameters
    ----------
    name : str
    column : pyarrow.Array
        Its cells as they stand in the table.
    portfolio : Portfolio
    read : ReadSettings
    is_text : bool
        Whether all columns of the table are text, as in CSV.
    """
    readings = find_readings(column, read)
    is_other = not readings
    if is_other:
        # perhaps it is written otherwise than the settings say
        readings = find_readings(column, ReadSettings(missing=read.missing))
    if not readings:
        return None
    first = readings[0]
    share = "all" if first.share == 1 else f"{100 * first.share:.3g} %"
    example = (
        f" (row {first.row} holds {first.cell!r})" if first.settings or not first.misfits else ""
    )
    if first.misfits:
        row, cell = first.misfits[0]
        example += f", but row {row} holds {cell!r}"
    if is_other:
        advice = _advise_others(name, first, read)
    elif first.kind == "date":
        advice = _advise_dates(name, readings, portfolio)
    elif not is_text and pc.any(pc.match_substring_regex(column, "^0[0-9]+$")).as_py():
        key = key_text(name)
        advice = (
            f'some have leading zeros, so they may be codes: add [kinds] {key} = "category", or '
            f'[kinds] {key} = "number"'
        )
    else:
        advice = _advise_numbers(name, readings, portfolio, read, is_text)
    return (
        f"{portfolio.path}: column {name!r} holds text that is {first.kind}s in {share} of its "
        f"cells{example}: {advice}"
    )


def _advise_others(name: str, reading: Reading, read: ReadSettings) -> str:
    """Return the advice for a column that is not written as the settings say."""
    keys = ("dates",) if reading.kind == "date" else ("decimal", "thousands")
    given = ((key, getattr(read, key)) for key in keys)
    says = " and ".join(f"{key} = {value_text(value)}" for key, value in given if value)
    other = (
        f'[exclude] {key_text(name)} = "a date"'
        if reading.kind == "date"
        else (f'[kinds] {key_text(name)} = "category" if these are codes')
    )
    return f"[read] {says} does not fit: write this column as it says, or add {other}"


def _advise_numbers(
    name: str, readings: Sequence[Reading], portfolio: Portfolio, read: ReadSettings, is_text: bool
) -> str:
    key = key_text(name)
    kind = [] if is_text or portfolio.kinds.get(name) == "number" else [f'[kinds] {key} = "number"']
    ways = []
    for reading in readings:
        lines = [f"[read] {line}" for line in _with_missing(reading, read)]
        if lines:
            ways.append(" and ".join(lines) + _shown(reading, readings))
    parts = [*([" or ".join(ways)] if ways else []), *kind]
    advice = f"add {' and '.join(parts)}" if parts else "correct these cells"
    if len(readings) > 1:
        advice += " (the cells cannot tell which)"
    if portfolio.kinds.get(name) == "number":
        return advice
    return f'{advice}; if they are codes, add [kinds] {key} = "category"'


def _with_missing(reading: Reading, read: ReadSettings) -> list[str]:
    """Return the lines of a reading; words among numbers are words for missing."""
    words = [cell for _, cell in reading.misfits]
    if not words or len(words) > 4 or any(c.isdigit() for word in words for c in word):
        return reading.lines
    return [*reading.lines, f"missing = {value_text([*read.missing, *words])}"]


def _shown(reading: Reading, readings: Sequence[Reading]) -> str:
    if len(readings) == 1:
        return ""
    meaning = "a fraction" if "decimal" in reading.settings else "thousands"
    return f" if {reading.cell} has {meaning}"


def _advise_dates(name: str, readings: Sequence[Reading], portfolio: Portfolio) -> str:
    key = key_text(name)
    exclude = f'add [exclude] {key} = "a date"'
    formats = " or ".join(f"[read] {line}" for r in readings for line in r.lines)
    if name == portfolio.decision_date or portfolio.kinds.get(name) == "date":
        unsure = " (the cells cannot tell which)" if len(readings) > 1 else ""
        return f"add {formats}{unsure}" if formats else "correct these cells"
    needs = "" if portfolio.decision_date else " (which needs [portfolio] decision_date)"
    lines = f'{formats} and [kinds] {key} = "date"' if formats else f'[kinds] {key} = "date"'
    return f"to use the days from it to the decision, add {lines}{needs}; else {exclude}"

"""`find_readings`: how a column of text can be read as numbers or as dates."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from scoring_model.contract import CSV_MISSING
from train.portfolio.sections import ReadSettings, value_text
from train.tables.affixes import find_affixes
from train.tables.date_cells import DATE_FORMATS, read_days
from train.tables.number_cells import read_numbers

# from this share of readable cells on, a column is numbers or dates, and not a category
SURE_SHARE = 0.9
_SAMPLE = 500
_SAMPLE_SHARE = 0.75
_MOST_MISFITS = 5
# decimal sign and sign between thousands, the simplest first
_SIGNS = (
    *((".", None), (",", None), (".", ","), (",", "."), (".", " "), (",", " ")),
    *((".", "'"), (",", "'"), (".", "_")),
)


@dataclass(frozen=True, slots=True)
class Reading:
    """A way to read a column of text.

    Attributes
    ----------
    kind : {"number", "date"}
    settings : mapping of str to Any
        Keys of `[read]` to add or to change, with their values; empty if none is needed.
    share : float
        Share of the cells with a value that can be read so.
    row : int
        Row of the first cell that needs these settings, or of the first cell with a value.
    cell : str
        What this cell holds.
    misfits : tuple of (int, str)
        Row and text of the first different cells that cannot be read, at most five.
    """

    kind: Literal["number", "date"]
    settings: Mapping[str, Any]
    share: float
    row: int
    cell: str
    misfits: tuple[tuple[int, str], ...] = ()

    @property
    def lines(self) -> list[str]:
        """The lines to write under `[read]`, such as `decimal = ","`."""
        return [f"{key} = {value_text(value)}" for key, value in self.settings.items()]


def find_readings(column: pa.ChunkedArray | pa.Array, read: ReadSettings) -> list[Reading]:
    """Find how a column of text can be read as numbers or as dates.

    Parameters
    ----------
    column : pyarrow.ChunkedArray or Array
        Text; also as a dictionary.
    read : ReadSettings
        Settings that are known already. Only keys that are not given are tried.

    Returns
    -------
    list of Reading
        Empty if fewer than 90 % of the cells with a value can be read: the column is a category.
        One reading if it is certain. Several if the cells cannot tell which is right, such as
        `1,500`, the simplest first.
    """
    text, rows = _present(column, read)
    if not len(text):
        return []
    places = np.unique(np.linspace(0, len(text) - 1, _SAMPLE).astype(np.int64))
    sample = text.take(pa.array(places))
    found: list[Reading] = []
    for kind, candidates in (
        ("date", _date_settings(sample, read)),
        ("number", _number_settings(sample, read)),
    ):
        found = _best(kind, list(candidates), sample, (text, rows), read)  # type: ignore[arg-type]
        if found:
            break
    return found


def _present(column: Any, read: ReadSettings) -> tuple[pa.Array, pa.Array]:
    """Return the cells with a value as text, and their rows."""
    whole = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    if isinstance(whole, pa.ChunkedArray):
        whole = pa.concat_arrays(whole.chunks)
    text = pc.utf8_trim_whitespace(whole.cast(pa.string()))
    words = pa.array([*CSV_MISSING, *read.missing], pa.string())
    has_value = pc.and_(text.is_valid(), pc.invert(pc.is_in(text, value_set=words)))
    rows = pc.indices_nonzero(has_value)
    return text.take(rows), rows


def _number_settings(sample: pa.Array, read: ReadSettings) -> Iterator[dict[str, Any]]:
    affixes = tuple(a for a in find_affixes(sample.to_pylist()) if a not in read.strip)
    strip: dict[str, Any] = {"strip": (*read.strip, *affixes)} if affixes else {}
    for decimal, thousands in _SIGNS:
        changed = {"decimal": decimal, "thousands": thousands}
        known = {"decimal": read.decimal, "thousands": read.thousands}
        if any(known[key] not in (None, changed[key]) for key in known):
            continue
        plain = {"decimal": ".", "thousands": None}
        yield {
            key: value
            for key, value in changed.items()
            if value != plain[key] and known[key] is None
        } | strip


def _date_settings(sample: pa.Array, read: ReadSettings) -> Iterator[dict[str, Any]]:
    lengths = pc.utf8_length(sample)
    looks = pc.and_(
        pc.and_(pc.greater_equal(lengths, 5), pc.less_equal(lengths, 40)),
        pc.match_substring_regex(sample, "[0-9]"),
    )
    if pc.mean(looks).as_py() < _SAMPLE_SHARE:
        return
    yield {}
    if read.dates is None:
        yield from ({"dates": form} for form in DATE_FORMATS)


def _best(
    kind: Literal["number", "date"],
    candidates: list[dict[str, Any]],
    sample: pa.Array,
    cells: tuple[pa.Array, pa.Array],
    read: ReadSettings,
) -> list[Reading]:
    """Return the readings of the most cells; of those with equal values, the simplest."""
    shares = [_share(_values(kind, sample, read, settings)) for settings in candidates]
    best = max(shares, default=0.0)
    # the rest of the column may decide between candidates that are nearly equal in the sample
    kept = [
        s
        for s, share in zip(candidates, shares, strict=True)
        if share >= max(best - 0.1, _SAMPLE_SHARE)
    ]
    text, rows = cells
    values = [_values(kind, text, read, settings) for settings in kept]
    best = max(map(_share, values), default=0.0)
    if best < SURE_SHARE:
        return []
    different: list[tuple[dict[str, Any], pa.Array]] = []
    for settings, value in zip(kept, values, strict=True):
        if _share(value) == best and not any(value.equals(other) for _, other in different):
            different.append((settings, value))
    plain = _values(kind, text, read, {})
    return [_describe(kind, s, value, plain, text, rows) for s, value in different]


def _values(kind: str, text: pa.Array, read: ReadSettings, settings: Mapping[str, Any]) -> pa.Array:
    changed = replace(read, **settings)
    if kind == "number":
        return read_numbers(text, changed)
    coded = pc.dictionary_encode(text)
    return read_days(coded.dictionary, changed.dates).take(coded.indices)


def _share(values: pa.Array) -> float:
    return 1.0 - float(values.null_count) / len(values)


def _describe(
    kind: Literal["number", "date"],
    settings: Mapping[str, Any],
    values: pa.Array,
    plain: pa.Array,
    text: pa.Array,
    rows: pa.Array,
) -> Reading:
    needs = np.flatnonzero(
        values.is_valid().to_numpy(zero_copy_only=False)
        & ~(pc.fill_null(pc.equal(values, plain), False).to_numpy(zero_copy_only=False))
    )
    first = int(needs[0]) if len(needs) else int(pc.index(values.is_valid(), True).as_py())
    misfits: dict[str, int] = {}
    for place in np.flatnonzero(values.is_null().to_numpy(zero_copy_only=False)):
        misfits.setdefault(text[int(place)].as_py(), rows[int(place)].as_py())
        if len(misfits) == _MOST_MISFITS:
            break
    return Reading(
        kind,
        settings,
        _share(values),
        rows[first].as_py(),
        text[first].as_py(),
        tuple((row, cell) for cell, row in misfits.items()),
    )

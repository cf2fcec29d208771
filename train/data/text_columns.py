"""Columns of text: their kinds under the settings, and what to do where the settings do not fit."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from train.data.table_frames import find_kind, to_frame
from train.portfolio.sections import ReadSettings
from train.tables import is_text_type, read_numbers, standardise_cells, yes_no_words

_HEAD = 200
_MOST_WORDS = 50
_LEADING_ZERO = r"^\s*[+-]?0[0-9]"


@dataclass(slots=True)
class TextColumns:
    """Turns the cells of a table into a frame; text becomes numbers, dates and yes/no.

    Attributes
    ----------
    kinds : mapping of str to str
        Kinds that are known: `number`, `category` or `date`.
    read : ReadSettings
    is_text : bool
        Whether all columns are text, as in CSV. Text that reads as numbers is then numbers. In
        other tables it stays text unless its kind is known.
    unfit : set of str
        Columns of a known kind with cells that cannot be read as this kind. They stay text.
    codes : dict of str to str
        Columns of numbers with leading zeros, each with its first cell of this kind.
    """

    kinds: Mapping[str, str]
    read: ReadSettings
    is_text: bool
    unfit: set[str] = field(default_factory=set)
    codes: dict[str, str] = field(default_factory=dict)

    def to_frame(self, cells: pa.Table) -> pd.DataFrame:
        """Return the frame of a table; text that fits no other kind stays text."""
        if not self.is_text:
            for place, name in enumerate(cells.schema.names):
                if is_text_type(cells.schema.field(place).type):
                    cells = cells.set_column(place, name, self._rewrite(name, cells.column(place)))
            return to_frame(cells)
        frame = {name: self._find(name, cells.column(name)) for name in cells.schema.names}
        return pd.DataFrame(frame, copy=False)

    def _rewrite(self, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
        kind = self.kinds.get(name) or ("yes/no" if self._is_yes_no(column) else "category")
        cells = self._standardise(column, kind)
        if kind == "number" and not _are_numbers(cells):
            self.unfit.add(name)
            return column
        return cells

    def _find(self, name: str, column: pa.ChunkedArray) -> "pd.Series[Any]":
        """Return the column of a CSV table as the kind that fits all of its cells."""
        known = self.kinds.get(name)
        if known in ("category", "date"):
            return _to_series(self._standardise(column, known))
        if _is_no_text(find_kind(self._standardise(column.slice(0, _HEAD), "number"))):
            series = find_kind(self._standardise(column, "number"))
            if _is_no_text(series):
                self._note_zeros(name, column)
                return series
        if known == "number":
            self.unfit.add(name)
            return _to_series(column)
        if self._is_yes_no(column):
            return find_kind(self._standardise(column, "yes/no"))
        return _to_series(self._standardise(column, "category"))

    def _standardise(self, column: pa.ChunkedArray, kind: str) -> pa.ChunkedArray:
        chunks = [standardise_cells(chunk, kind, self.read) for chunk in column.chunks]
        return pa.chunked_array(chunks, chunks[0].type if chunks else column.type)

    def _is_yes_no(self, column: pa.ChunkedArray) -> bool:
        if not (self.is_text or self.read.yes):
            return False
        words = yes_no_words(self.read)
        values = pc.unique(self._standardise(column, "yes/no")).drop_null()
        return 0 < len(values) <= _MOST_WORDS and set(values.to_pylist()) <= set(words.values())

    def _note_zeros(self, name: str, column: pa.ChunkedArray) -> None:
        zeros = pc.match_substring_regex(column, _LEADING_ZERO)
        if name not in self.kinds and pc.any(zeros).as_py():
            self.codes[name] = column[pc.index(zeros, True).as_py()].as_py()


def _to_series(column: pa.ChunkedArray) -> "pd.Series[Any]":
    series: pd.Series[Any] = column.to_pandas()
    return series


def _are_numbers(cells: pa.ChunkedArray) -> bool:
    plain = ReadSettings()
    return all(
        read_numbers(c.cast(pa.string()), plain).null_count == c.null_count for c in cells.chunks
    )


def _is_no_text(series: "pd.Series[Any]") -> bool:
    if series.dtype.kind in "iuf":
        return True
    if series.dtype.kind != "O":
        return False
    # whole numbers beyond 64 bits
    return not series.map(lambda value: isinstance(value, str | bool | np.bool_ | None)).any()

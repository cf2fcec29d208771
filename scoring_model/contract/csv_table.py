"""`CsvTable`: a CSV table, read as text. Lines with a wrong number of fields are reported."""

import atexit
import csv
import io
import time
import weakref
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring_model.contract.table_reader import Open, TableBatch

# Texts that mean a missing value in CSV: the list that pandas uses, and therefore MLflow.
CSV_MISSING = [
    *("", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN"),
    *("<NA>", "N/A", "NA", "NULL", "NaN", "None", "n/a", "nan", "null"),
]
_BLOCK_BYTES = 8 << 20


class _Heading(NamedTuple):
    """The column names, the number of lines to skip for them, and whether rows follow."""

    names: list[str]
    lines: int
    has_rows: bool


@dataclass(frozen=True)
class CsvTable:
    """A `TableReader` of CSV with a heading; all columns are text.

    Attributes
    ----------
    open : callable
        Opens the CSV as a stream of bytes.
    stops_at_broken : bool
        Whether reading ends with the first broken line. To report a line takes a hundred times as
        long as to read one.
    delimiter : str
        Character between two cells.
    encoding : str
        Name of the encoding, as Python knows it. UTF-8 may begin with a mark (BOM).
    skipped : int
        Number of lines above the heading that are no part of the table.
    """

    open: Open
    stops_at_broken: bool = False
    delimiter: str = ","
    encoding: str = "utf-8"
    skipped: int = 0
    is_text = True
    row_count = None

    @cached_property
    def schema(self) -> pa.Schema:
        """Column names, all of type text. An empty name becomes `Unnamed: 0`, as in pandas."""
        return pa.schema([(name, pa.string()) for name in self._heading.names])

    @cached_property
    def _heading(self) -> _Heading:
        # stop after the heading: `read` reports the broken lines below it
        with self._open_text() as text:
            lines = csv.reader(text, strict=True, delimiter=self.delimiter)
            skipped = 0
            try:
                for names in lines:
                    skipped += 1
                    if names:
                        break
                else:
                    raise ValueError("it is empty, but must have a heading")
            except csv.Error as error:
                raise ValueError(f"its heading is not CSV: {error}") from error
            named = [name or f"Unnamed: {place}" for place, name in enumerate(names)]
            return _Heading(named, skipped, bool(text.read(1)))

    def read(self, columns: Sequence[str], first: int = 0) -> Iterator[TableBatch]:
        """Yield the rows from number `first` on; see `TableReader`."""
        first_line = self.skipped + self._heading.lines + 1
        broken = _BrokenLines(first_line, self.stops_at_broken)
        _held_by_arrow.add(broken)
        try:
            yield from self._read(columns, first, broken)
        except pa.ArrowInvalid:
            if not (self.stops_at_broken and broken.rows):
                raise
            yield _batch_of_broken(columns, broken.rows)

    def _read(
        self, columns: Sequence[str], first: int, broken: "_BrokenLines"
    ) -> Iterator[TableBatch]:
        heading = self._heading
        if not heading.has_rows:
            return
        # the last column is always read: its last value shows whether a quote is left open
        last = heading.names[-1]
        wanted = [*columns, *({last} - set(columns))]
        row, known, ends_in_lines = 0, 0, False
        with self.open() as stream, self._open_csv(stream, wanted, broken) as batches:
            for records in batches:
                rows, between = _number_rows(row, records.num_rows, broken.rows[known:])
                known += len(between)
                row = max([row - 1, *rows[-1:].tolist(), *between]) + 1
                if records.num_rows:
                    ends_in_lines = _has_lines(records.column(last)[-1].as_py())
                kept = rows >= first
                rest = records.select(list(columns))
                rest = rest if kept.all() else rest.filter(pa.array(kept))
                late = tuple(line for line in between if line >= first)
                if rest.num_rows or late:
                    yield TableBatch(rest, rows[kept], late, row)
        after = broken.rows[known:]
        if lines := [line for line in after if line >= first]:
            yield _batch_of_broken(columns, lines)
        if broken.has_lines if after else ends_in_lines:
            self._require_closed_quotes()

    def _open_csv(self, stream: Any, columns: list[str], broken: "_BrokenLines") -> Any:
        from pyarrow import csv as arrow_csv

        return arrow_csv.open_csv(
            stream,
            read_options=arrow_csv.ReadOptions(
                block_size=_BLOCK_BYTES,
                # with several threads, Arrow gives broken lines no number
                use_threads=False,
                column_names=self._heading.names,
                skip_rows=self.skipped,
                skip_rows_after_names=self._heading.lines,
                encoding=self.encoding,
            ),
            parse_options=arrow_csv.ParseOptions(
                delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=broken
            ),
            convert_options=arrow_csv.ConvertOptions(
                include_columns=columns,
                column_types=dict.fromkeys(columns, pa.string()),
                null_values=CSV_MISSING,
                strings_can_be_null=True,
            ),
        )

    def _open_text(self) -> io.TextIOWrapper:
        encoding = "utf-8-sig" if self.encoding == "utf-8" else self.encoding
        text = io.TextIOWrapper(self.open(), encoding=encoding, newline="")
        for _ in range(self.skipped):
            text.readline()
        return text

    def _require_closed_quotes(self) -> None:
        """Refuse a table that ends inside quotes: its last lines were read as a single value."""
        with self._open_text() as text:
            try:
                deque(csv.reader(text, strict=True, delimiter=self.delimiter), maxlen=0)
            except csv.Error as error:
                raise ValueError(f"its quotes are wrong: {error}") from error


@dataclass(slots=True, eq=False, weakref_slot=True)
class _BrokenLines:
    """Collects the broken lines, and makes Arrow's parser skip them.

    Attributes
    ----------
    first_line : int
        Arrow's number of the first row. It also counts the heading and all lines before it.
    stops : bool
        Whether the parser ends at the first broken line instead.
    rows : list of int
        Numbers of the broken rows, counted from 0.
    has_lines : bool
        Whether the last broken row contains line breaks, which only quoted text may.
    """

    first_line: int
    stops: bool
    rows: list[int] = field(default_factory=list)
    has_lines: bool = False

    def __call__(self, line: Any) -> str:
        self.rows.append(line.number - self.first_line)
        self.has_lines = _has_lines(line.text)
        return "error" if self.stops else "skip"


_held_by_arrow: weakref.WeakSet[_BrokenLines] = weakref.WeakSet()


@atexit.register
def _wait_for_arrow() -> None:
    # one of Arrow's threads may still hold an object of Python; to let go of it while Python ends
    # would abort the process
    end = time.monotonic() + 1.0
    while _held_by_arrow and time.monotonic() < end:
        time.sleep(0.001)


def _batch_of_broken(columns: Sequence[str], lines: list[int]) -> TableBatch:
    none = [pa.nulls(0, pa.string())] * len(columns)
    records = pa.RecordBatch.from_arrays(none, list(columns))
    return TableBatch(records, np.arange(0), tuple(lines), lines[-1] + 1)


def _has_lines(text: str | None) -> bool:
    return text is not None and ("\n" in text or "\r" in text)


def _number_rows(first: int, count: int, broken: list[int]) -> tuple[NDArray[np.int64], list[int]]:
    """Return the row numbers of `count` records from `first` on, and the broken rows between."""
    between = []
    after = first + count
    for line in broken:
        if line >= after:
            break
        between.append(line)
        after += 1
    rows = np.arange(first, after)
    return rows[~np.isin(rows, between)], between

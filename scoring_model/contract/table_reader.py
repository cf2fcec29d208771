"""`TableReader`: one interface to read every table, as Arrow record batches with row numbers.

Training uses it for the portfolio's table, `train.batch` for the loans that it scores, and the
server for requests in CSV or Parquet. It is not used for histories: DuckDB or Spark reads them,
where their SQL runs. If Spark scores the loans, its workers read them.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

BATCH_ROWS = 65_536
_BUFFER_BYTES = 1 << 20

# Opens the bytes of a table at their start; it may be called more than once.
Open = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class TableBatch:
    """Some rows of a table, in order.

    Attributes
    ----------
    records : pyarrow.RecordBatch
        The columns that were asked for.
    rows : ndarray of int64, shape (records,)
        Row number of each record in the table, counted from 0 after the heading.
    broken : tuple of int
        Numbers of rows with more or fewer fields than the heading; they are not in `records`.
    end : int
        Number of the first row after these rows.
    """

    records: pa.RecordBatch
    rows: NDArray[np.int64]
    broken: tuple[int, ...]
    end: int


class TableReader(Protocol):
    """A table in a file or in memory.

    Reading raises `OSError` or `ValueError` if the table cannot be read. `pyarrow.ArrowInvalid` is
    a `ValueError`.
    """

    @property
    def schema(self) -> pa.Schema:
        """Column names and types; all columns of CSV are text."""

    @property
    def is_text(self) -> bool:
        """Whether all columns are text, as in CSV, so that numbers must still be parsed."""

    @property
    def row_count(self) -> int | None:
        """Number of rows; None if it is unknown before reading."""

    def read(self, columns: Sequence[str], first: int = 0) -> Iterator[TableBatch]:
        """Yield the rows from number `first` on, with bounded memory.

        Parameters
        ----------
        columns : sequence of str
            Columns to read; all must be in the schema.
        first : int
            Number of the first row.
        """


@dataclass(frozen=True)
class ParquetTable:
    """A `TableReader` of Parquet, which stores the type of each column.

    Attributes
    ----------
    open : callable
        Opens the file for random access.
    texts_once : bool
        Whether equal texts are stored only once in memory, as a dictionary.
    batch_rows : int
        Maximum number of rows of a batch.
    """

    open: Open
    texts_once: bool = False
    batch_rows: int = BATCH_ROWS
    is_text = False

    @cached_property
    def _metadata(self) -> Any:
        from pyarrow.parquet import read_metadata

        with self.open() as file:
            return read_metadata(file)

    @cached_property
    def schema(self) -> pa.Schema:
        """Column names and types."""
        return self._metadata.schema.to_arrow_schema()

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return int(self._metadata.num_rows)

    def read(self, columns: Sequence[str], first: int = 0) -> Iterator[TableBatch]:
        """Yield the rows from number `first` on; see `TableReader`."""
        from pyarrow.parquet import ParquetFile

        once = self._flat_columns(columns) if self.texts_once else None
        options = {"buffer_size": _BUFFER_BYTES, "read_dictionary": once}
        # for a small table, threads cost more time than they save
        is_large = self.row_count > BATCH_ROWS
        row = 0
        with self.open() as file, ParquetFile(file, metadata=self._metadata, **options) as source:
            for group in range(source.num_row_groups):
                rows_of_group = source.metadata.row_group(group).num_rows
                if row + rows_of_group <= first:
                    row += rows_of_group
                    continue
                # one reader per row group: a single one would keep all buffers in memory
                for records in source.iter_batches(
                    self.batch_rows, [group], list(columns), use_threads=is_large
                ):
                    # Parquet requires UTF-8, but Arrow does not check it
                    records.validate(full=True)
                    end = row + records.num_rows
                    # if columns are named a and a.b, Arrow returns both when asked for a
                    rest = records.select(list(columns)).slice(max(first - row, 0))
                    if rest.num_rows:
                        yield TableBatch(rest, np.arange(end - rest.num_rows, end), (), end)
                    row = end

    def _flat_columns(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that Arrow can make dictionaries of: flat ones without deltas."""
        metadata = self._metadata
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        places = {
            metadata.schema.column(place).path: place for place in range(metadata.num_columns)
        }
        return [
            name
            for name in columns
            if name in places
            and not any(
                encoding.startswith("DELTA")
                for group in groups
                for encoding in group.column(places[name]).encodings
            )
        ]

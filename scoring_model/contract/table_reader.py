"""`TableReader`: one way to read every table, as Arrow record batches of numbered rows.

Training reads the portfolio's table by it, `train.batch` the bodies that it scores, and the server
what is sent as CSV or Parquet. Histories are not read here but where their SQL runs, by DuckDB or
Spark; a body that Spark scores is read on its workers.
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

# Gives the bytes of a table from their start; it may be called more than once.
Open = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class TableBatch:
    """Some rows of a table, in order.

    Attributes
    ----------
    records : pyarrow.RecordBatch
        The columns that were asked for.
    rows : ndarray of int64, shape (records,)
        Number of each record's row in the table, from 0, headings not counted.
    broken : tuple of int
        Rows, between the others, that have more or fewer fields than the heading.
    end : int
        Number of the row after the last.
    """

    records: pa.RecordBatch
    rows: NDArray[np.int64]
    broken: tuple[int, ...]
    end: int


class TableReader(Protocol):
    """A table in a file or in memory.

    A table that cannot be read raises `OSError` or `ValueError`, `pyarrow.ArrowInvalid` among them.
    """

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns; of CSV all are text."""

    @property
    def is_text(self) -> bool:
        """Whether numbers are still to be parsed from text, as those of CSV are."""

    @property
    def row_count(self) -> int | None:
        """How many rows there are, None where only reading them would tell."""

    def read(self, columns: Sequence[str], first: int = 0) -> Iterator[TableBatch]:
        """Yield the rows from number `first` on, with bounded memory.

        Parameters
        ----------
        columns : sequence of str
            To read, all of them in the schema.
        first : int
            Number of the first row.
        """


@dataclass(frozen=True)
class ParquetTable:
    """A table in Parquet, which knows its types: a `TableReader`.

    Attributes
    ----------
    open : callable
        Gives the file, opened for reading at any place.
    texts_once : bool
        Whether equal texts are held once, as a dictionary, however often they stand there.
    """

    open: Open
    texts_once: bool = False
    is_text = False

    @cached_property
    def _metadata(self) -> Any:
        from pyarrow.parquet import read_metadata

        with self.open() as file:
            return read_metadata(file)

    @cached_property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return self._metadata.schema.to_arrow_schema()

    @property
    def row_count(self) -> int:
        """How many rows there are."""
        return int(self._metadata.num_rows)

    def read(self, columns: Sequence[str], first: int = 0) -> Iterator[TableBatch]:
        """Yield the rows from number `first` on; see `TableReader`."""
        from pyarrow.parquet import ParquetFile

        once = self._flat_columns(columns) if self.texts_once else None
        options = {"buffer_size": _BUFFER_BYTES, "read_dictionary": once}
        # threads cost a small table more than they save
        is_large = self.row_count > BATCH_ROWS
        row = 0
        with self.open() as file, ParquetFile(file, metadata=self._metadata, **options) as source:
            for group in range(source.num_row_groups):
                rows_of_group = source.metadata.row_group(group).num_rows
                if row + rows_of_group <= first:
                    row += rows_of_group
                    continue
                # a reader for each group: one for all keeps the buffers of all it has read
                for records in source.iter_batches(
                    BATCH_ROWS, [group], list(columns), use_threads=is_large
                ):
                    # Parquet promises UTF-8, but Arrow does not look
                    records.validate(full=True)
                    end = row + records.num_rows
                    # of columns named a and a.b, Arrow gives both to who asks for a
                    rest = records.select(list(columns)).slice(max(first - row, 0))
                    if rest.num_rows:
                        yield TableBatch(rest, np.arange(end - rest.num_rows, end), (), end)
                    row = end

    def _flat_columns(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that hold one value a row: of others Arrow makes no dictionary."""
        stored = self._metadata.schema
        paths = {stored.column(place).path for place in range(len(stored))}
        return [name for name in columns if name in paths]

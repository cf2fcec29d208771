"""Readers of tables in memory, and of rows that were kept as Parquet."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
import pyarrow as pa
from pydantic import TypeAdapter

from scoring_model.contract import BATCH_ROWS, ParquetTable, TableBatch, TableReader
from train.portfolio.sections import ReadSettings

# the entry of a Parquet file's metadata that says how its text is written
KEPT = b"credit_scoring"


@dataclass(frozen=True)
class ArrowTable:
    """A `TableReader` of a table in memory.

    Attributes
    ----------
    table : pyarrow.Table
    """

    table: pa.Table
    is_text = False

    @property
    def schema(self) -> pa.Schema:
        """Column names and types."""
        return self.table.schema

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return int(self.table.num_rows)

    def read(self, columns: Sequence[str], first: int = 0) -> Iterator[TableBatch]:
        """Yield the rows from number `first` on; see `TableReader`."""
        row = first
        for records in self.table.slice(first).to_batches(BATCH_ROWS):
            end = row + records.num_rows
            yield TableBatch(records.select(list(columns)), np.arange(row, end), (), end)
            row = end


class KeptRows(NamedTuple):
    """What a Parquet file says about rows that were kept in it.

    Attributes
    ----------
    reader : TableReader
    read : ReadSettings
        How their text is written.
    notes : tuple of str
        What was found when they were read.
    """

    reader: TableReader
    read: ReadSettings
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class KeptText:
    """A `TableReader` of rows of CSV that were kept as Parquet: numbers must still be parsed.

    Attributes
    ----------
    table : ParquetTable
    """

    table: ParquetTable
    is_text = True

    @cached_property
    def schema(self) -> pa.Schema:
        """Column names, all of type text."""
        return self.table.schema.remove_metadata()

    @property
    def row_count(self) -> int:
        """Number of rows."""
        return self.table.row_count

    def read(self, columns: Sequence[str], first: int = 0) -> Iterator[TableBatch]:
        """Yield the rows from number `first` on; see `TableReader`."""
        return self.table.read(columns, first)


def read_kept(table: ParquetTable, given: ReadSettings) -> KeptRows:
    """Return the reader and the reading of a Parquet file; `given` holds if nothing was kept."""
    note = (table.schema.metadata or {}).get(KEPT)
    if note is None:
        return KeptRows(table, given)
    content = json.loads(note)
    read = TypeAdapter(ReadSettings).validate_python(content["read"])
    reader = KeptText(table) if content["is_text"] else table
    return KeptRows(reader, read, tuple(content["notes"]))

"""Read the input tables of batch scoring in order, in batches with table and row numbers."""

import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from train.errors import InputError, reason_of
from train.tables import NamedTable, OpenedSource, Source, open_tables


@dataclass(frozen=True, slots=True)
class Position:
    """The next row to read.

    Attributes
    ----------
    file, row : int
        Number of the table and of its row, both from 0.
    before : int
        Number of rows in the tables before it.
    """

    file: int = 0
    row: int = 0
    before: int = 0


@dataclass(frozen=True, slots=True)
class InputBatch:
    """Some rows of one table.

    Attributes
    ----------
    table : NamedTable
    records : pyarrow.RecordBatch
        The rows. All columns of a CSV file are text.
    rows : ndarray of int64, shape (records,)
        Row number of each record in its table, from 0, without the heading.
    broken : tuple of int
        Numbers of the rows in this range that have more or fewer fields than the heading. They are
        not in `records`.
    end : Position
        Position of the next row after this batch.
    """

    table: NamedTable
    records: pa.RecordBatch
    rows: NDArray[np.int64]
    broken: tuple[int, ...]
    end: Position

    @property
    def file(self) -> str:
        """Name of the table without its folder, for the file of rejected rows."""
        return PurePath(self.table.name).name


def open_input(source: Source) -> OpenedSource:
    """Open the tables to score; raises `InputError` if one cannot be read."""
    try:
        return open_tables(source)
    except InputError as error:
        raise InputError(f"input {error}") from error


def stamp_tables(opened: OpenedSource) -> list[Any]:
    """Return what changes when the tables of a source change.

    For files on this machine it is path, size and time of last change. Nobody knows whether a table
    on the web or in a database has changed, so that each call gives another stamp.
    """
    return stamp_files(opened.paths) if opened.paths else [uuid.uuid4().hex]


def stamp_files(files: Iterable[Path]) -> list[list[Any]]:
    """Return path, size and time of last change of each file, so that a later run sees changes."""
    stats = [(file.resolve(), file.stat()) for file in files]
    return [[str(path), stat.st_size, stat.st_mtime_ns] for path, stat in stats]


def read_schema(table: NamedTable) -> pa.Schema:
    """Return names and types of a table's columns.

    Parameters
    ----------
    table : NamedTable

    Raises
    ------
    InputError
        The table cannot be read, or the name of a column repeats in text.
    """
    try:
        names = (schema := table.reader.schema).names
    except (OSError, ValueError) as error:
        raise _unreadable(table, error) from error
    if table.reader.is_text and (repeated := [name for name in names if names.count(name) > 1]):
        raise InputError(f"input {table.name}: column {repeated[0]!r} must not repeat")
    return schema


def count_rows(tables: Sequence[NamedTable]) -> int | None:
    """Return the number of rows, or None if all rows must be read to count them (CSV)."""
    rows = 0
    for table in tables:
        if (count := table.reader.row_count) is None:
            return None
        rows += count
    return rows


def read_batches(
    tables: Sequence[NamedTable], columns: Sequence[str], start: Position
) -> Iterator[InputBatch]:
    """Yield the rows of tables in order, from a position on, with bounded memory.

    Parameters
    ----------
    tables : sequence of NamedTable
    columns : sequence of str
        Columns to read. Columns that a table does not have are left out.
    start : Position
        The first row to read.

    Raises
    ------
    InputError
        A table cannot be read to its end.
    """
    row, before = start.row, start.before
    for number in range(start.file, len(tables)):
        table = tables[number]
        names = set(read_schema(table).names)
        try:
            for batch in table.reader.read([name for name in columns if name in names], row):
                row = batch.end
                end = Position(number, row, before)
                yield InputBatch(table, batch.records, batch.rows, batch.broken, end)
        except (OSError, ValueError) as error:
            raise _unreadable(table, error) from error
        row, before = 0, before + row


def _unreadable(table: NamedTable, error: Exception) -> InputError:
    return InputError(f"input {table.name}: cannot be read: {reason_of(error)}")

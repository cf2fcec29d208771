"""Read the input files of batch scoring in order, in batches with file and row numbers."""

import glob
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from scoring_model.contract import CsvTable, ParquetTable, TableReader
from train.errors import InputError, reason_of
from train.tables import CSV_ENDINGS, ENDINGS


@dataclass(frozen=True, slots=True)
class Position:
    """The next row to read: number of the file and of its row, both from 0."""

    file: int = 0
    row: int = 0


@dataclass(frozen=True, slots=True)
class InputBatch:
    """Some rows of one file.

    Attributes
    ----------
    file : Path
    records : pyarrow.RecordBatch
        The rows. All columns of a CSV file are text.
    rows : ndarray of int64, shape (records,)
        Row number of each record in its file, from 0, without the heading.
    broken : tuple of int
        Numbers of the rows in this range that have more or fewer fields than the heading. They are
        not in `records`.
    end : Position
        Position of the next row after this batch.
    """

    file: Path
    records: pa.RecordBatch
    rows: NDArray[np.int64]
    broken: tuple[int, ...]
    end: Position


def is_text(file: Path) -> bool:
    """Return whether a file is CSV, by the ending of its name."""
    return file.name.endswith(CSV_ENDINGS)


def find_files(pattern: str) -> list[Path]:
    """Return the files of a pattern, sorted by name.

    Parameters
    ----------
    pattern : str
        A file, a folder or a glob. Other files of a folder are ignored.

    Raises
    ------
    InputError
        There is no such file, or a file is neither Parquet nor CSV by its ending.
    """
    path = Path(pattern)
    if path.is_dir():
        files = sorted(file for file in path.iterdir() if file.name.endswith(ENDINGS))
    elif path.exists():
        files = [path]
    else:
        files = sorted(Path(name) for name in glob.glob(pattern, recursive=True))  # noqa: PTH207
    if not files:
        raise InputError(f"input {pattern}: no such file")
    for file in files:
        if not file.name.endswith(ENDINGS):
            raise InputError(f"input {file}: must end in {', '.join(ENDINGS)}")
    return files


def stamp_files(files: Iterable[Path]) -> list[list[Any]]:
    """Return path, size and time of last change of each file, so that a later run sees changes."""
    stats = [(file.resolve(), file.stat()) for file in files]
    return [[str(path), stat.st_size, stat.st_mtime_ns] for path, stat in stats]


def read_schema(file: Path) -> pa.Schema:
    """Return names and types of a file's columns.

    Parameters
    ----------
    file : Path
        A Parquet file, or a CSV file, whose columns are all text.

    Raises
    ------
    InputError
        The file cannot be read, or a column's name repeats.
    """
    return _read_schema(file, _open(file))


def _read_schema(file: Path, table: TableReader) -> pa.Schema:
    try:
        names = (schema := table.schema).names
    except (OSError, ValueError) as error:
        raise _unreadable(file, error) from error
    if table.is_text and (repeated := [name for name in names if names.count(name) > 1]):
        raise InputError(f"input {file}: column {repeated[0]!r} must not repeat")
    return schema


def count_rows(files: Sequence[Path]) -> int | None:
    """Return the number of rows, or None if all rows must be read to count them (CSV)."""
    rows = 0
    for file in files:
        if (count := _open(file).row_count) is None:
            return None
        rows += count
    return rows


def read_batches(
    files: Sequence[Path], columns: Sequence[str], start: Position
) -> Iterator[InputBatch]:
    """Yield the rows of files in order, from a position on, with bounded memory.

    Parameters
    ----------
    files : sequence of Path
    columns : sequence of str
        Columns to read. Columns that a file does not have are left out.
    start : Position
        The first row to read.

    Raises
    ------
    InputError
        A file cannot be read to its end.
    """
    for number in range(start.file, len(files)):
        file = files[number]
        first = start.row if number == start.file else 0
        table = _open(file)
        names = set(_read_schema(file, table).names)
        try:
            for batch in table.read([name for name in columns if name in names], first):
                end = Position(number, batch.end)
                yield InputBatch(file, batch.records, batch.rows, batch.broken, end)
        except (OSError, ValueError) as error:
            raise _unreadable(file, error) from error


def _open(file: Path) -> TableReader:
    if is_text(file):
        # a stream: it unpacks a file that ends in .gz
        return CsvTable(partial(pa.input_stream, str(file)))
    return ParquetTable(partial(pa.OSFile, str(file)))


def _unreadable(file: Path, error: Exception) -> InputError:
    return InputError(f"input {file}: cannot be read: {reason_of(error)}")

"""A body of loans in files: record batches in order, each row known by its file and number."""

import csv
import glob
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq
from numpy.typing import NDArray

from train.errors import InputError
from train.reading import CSV_MISSING
from train.tables import CSV_ENDINGS, ENDINGS

BATCH_ROWS = 65_536
BLOCK_BYTES = 8 << 20


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
        Of a CSV file all columns are text.
    rows : ndarray of int64, shape (records,)
        Number of each record's row in the file, from 0, headings not counted.
    broken : tuple of int
        Rows, between the others, that have more or fewer fields than the heading.
    end : Position
        Of the row after the last.
    """

    file: Path
    records: pa.RecordBatch
    rows: NDArray[np.int64]
    broken: tuple[int, ...]
    end: Position


def is_text(file: Path) -> bool:
    """Return whether a file is CSV, by its ending."""
    return file.name.endswith(CSV_ENDINGS)


def find_files(pattern: str) -> list[Path]:
    """Return the files that a path, a folder or a glob names, in the order of their names.

    Raises
    ------
    InputError
        There is none, or one is neither Parquet nor CSV.
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


def read_schema(file: Path) -> pa.Schema:
    """Return names and types of a file's columns; of a CSV file all are text."""
    try:
        if not is_text(file):
            return pq.read_schema(file)
        # the heading alone: a broken line after it is its row's affair, not the file's
        with pa.input_stream(file) as stream:
            names = next(csv.reader(io.TextIOWrapper(stream, encoding="utf-8-sig", newline="")), [])
    except (OSError, pa.ArrowInvalid, UnicodeDecodeError) as error:
        raise InputError(f"input {file}: cannot be read: {_first_line(error)}") from error
    if not names:
        raise InputError(f"input {file}: must have a heading")
    if repeated := [name for name in names if names.count(name) > 1]:
        raise InputError(f"input {file}: column {repeated[0]!r} must not repeat")
    return pa.schema([(name, pa.string()) for name in names])


def count_rows(files: Sequence[Path]) -> int | None:
    """Return how many rows there are, or None where only reading them would tell."""
    if any(is_text(file) for file in files):
        return None
    return sum(int(pq.read_metadata(file).num_rows) for file in files)


def read_batches(
    files: Sequence[Path], columns: Sequence[str], start: Position
) -> Iterator[InputBatch]:
    """Yield the rows of files in order, from a position on, with bounded memory.

    Parameters
    ----------
    files : sequence of Path
    columns : sequence of str
        To read; those that a file lacks are left out.
    start : Position

    Raises
    ------
    InputError
        A file cannot be read to its end.
    """
    for number in range(start.file, len(files)):
        file = files[number]
        first = start.row if number == start.file else 0
        names = set(read_schema(file).names)
        wanted = [name for name in columns if name in names]
        read = _read_csv if is_text(file) else _read_parquet
        try:
            yield from read(file, number, wanted, first)
        except (OSError, pa.ArrowInvalid) as error:
            raise InputError(f"input {file}: cannot be read: {_first_line(error)}") from error


def _read_parquet(file: Path, number: int, columns: list[str], first: int) -> Iterator[InputBatch]:
    with pq.ParquetFile(file, buffer_size=1 << 20) as source:
        row = 0
        for group in range(source.num_row_groups):
            rows_of_group = source.metadata.row_group(group).num_rows
            if row + rows_of_group <= first:
                row += rows_of_group
                continue
            # a reader for each group: one for all keeps the buffers of every group it has read
            for records in source.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns):
                end = row + records.num_rows
                rest = records.slice(max(first - row, 0))
                if rest.num_rows:
                    rows = np.arange(end - rest.num_rows, end)
                    yield InputBatch(file, rest, rows, (), Position(number, end))
                row = end


@dataclass(slots=True)
class _BrokenLines:
    """Remembers the lines that Arrow's parser is told to leave out."""

    rows: list[int] = field(default_factory=list)

    def __call__(self, line: Any) -> str:
        # Arrow counts the heading as line 1
        self.rows.append(line.number - 2)
        return "skip"


def _read_csv(file: Path, number: int, columns: list[str], first: int) -> Iterator[InputBatch]:
    broken = _BrokenLines()
    reader = pacsv.open_csv(
        file,
        # one thread, or a broken line does not know its number
        read_options=pacsv.ReadOptions(block_size=BLOCK_BYTES, use_threads=False),
        parse_options=pacsv.ParseOptions(newlines_in_values=True, invalid_row_handler=broken),
        convert_options=pacsv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.string()),
            null_values=CSV_MISSING,
            strings_can_be_null=True,
        ),
    )
    row, known = 0, 0
    with reader:
        for records in reader:
            rows, between = _number_rows(row, records.num_rows, broken.rows[known:])
            known += len(between)
            row = max([row - 1, *rows[-1:].tolist(), *between]) + 1
            kept = rows >= first
            rest = records.filter(pa.array(kept)) if not kept.all() else records
            late = tuple(line for line in between if line >= first)
            if rest.num_rows or late:
                yield InputBatch(file, rest, rows[kept], late, Position(number, row))
    if late := tuple(line for line in broken.rows[known:] if line >= first):
        empty = records.slice(0, 0)
        yield InputBatch(file, empty, rows[:0], late, Position(number, late[-1] + 1))


def _number_rows(first: int, count: int, broken: list[int]) -> tuple[NDArray[np.int64], list[int]]:
    """Return the row numbers of `count` records from `first` on, and the broken ones between."""
    between = []
    after = first + count
    for line in broken:
        if line >= after:
            break
        between.append(line)
        after += 1
    rows = np.arange(first, after)
    return rows[~np.isin(rows, between)], between


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__

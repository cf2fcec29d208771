"""`DuckdbTables`: tables of facts in DuckDB, larger than memory."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from train.errors import InputError, reason_of

# each group of a Parquet file costs time and memory
_GROUP_ROWS = 100_000


class DuckdbTables:
    """Implements `FactTables` in one DuckDB.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    folder : Path
        For files of this process.
    memory_limit : str
        For messages. Every method raises `InputError` if DuckDB or a file fails.
    """

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, folder: Path, memory_limit: str
    ) -> None:
        self._connection = connection
        self._folder = folder
        self._memory_limit = memory_limit

    def load(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """Make a table of record batches; they pass through a file."""
        path = self._folder / f"{name}.parquet"
        with _errors(self._memory_limit):
            file = pq.ParquetWriter(path, schema, compression="zstd")
        try:
            for group in _group_batches(batches):
                table = pa.Table.from_batches(group, schema)
                with _errors(self._memory_limit):
                    file.write_table(table, _GROUP_ROWS)
        finally:
            with _errors(self._memory_limit):
                file.close()
        with _errors(self._memory_limit):
            self._connection.read_parquet(str(path)).create_view(name)

    def define(self, name: str, sql: str) -> None:
        """Make a table of the rows that a query returns."""
        with _errors(self._memory_limit):
            self._connection.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}")

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        found: list[dict[str, Any]] = self.columns(sql).to_pylist()
        return found

    def columns(self, sql: str) -> pa.Table:
        """Return the rows of a query as a table."""
        with _errors(self._memory_limit):
            return self._connection.sql(sql).to_arrow_table()


def _group_batches(batches: Iterable[pa.RecordBatch]) -> Iterator[list[pa.RecordBatch]]:
    group, rows = [], 0
    for batch in batches:
        group.append(batch)
        rows += batch.num_rows
        if rows >= _GROUP_ROWS:
            yield group
            group, rows = [], 0
    yield group


@contextmanager
def _errors(memory_limit: str) -> Iterator[None]:
    """Turn the errors of DuckDB, and of files, into an `InputError` of one line."""
    try:
        yield
    except duckdb.OutOfMemoryException as error:
        raise InputError(
            f"memory_limit {memory_limit}: DuckDB needs more memory, or more disk for what does "
            f"not fit into it: set a larger one, such as -P memory_limit=4GB: {reason_of(error)}"
        ) from error
    except (duckdb.Error, OSError) as error:
        raise InputError(f"DuckDB cannot count the decisions: {reason_of(error)}") from error


@contextmanager
def open_duckdb_tables(memory_limit: str, threads: int) -> Iterator[DuckdbTables]:
    """Yield empty tables; what does not fit into the memory goes to a temporary folder.

    Parameters
    ----------
    memory_limit : str
        Such as `2GB`.
    threads : int

    Raises
    ------
    InputError
        `memory_limit` is no size, or DuckDB does not start.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        settings: dict[str, str | bool | int | float | list[str]] = {
            "threads": threads,
            "temp_directory": name,
        }
        with _errors(memory_limit):
            connection = duckdb.connect(str(folder / "facts.duckdb"), config=settings)
        with connection:
            _limit_memory(connection, memory_limit)
            connection.execute("SET preserve_insertion_order = false")
            yield DuckdbTables(connection, folder, memory_limit)


def _limit_memory(connection: duckdb.DuckDBPyConnection, memory_limit: str) -> None:
    try:
        connection.execute("SET memory_limit = ?", [memory_limit])
    except duckdb.Error as error:
        raise InputError(
            f"memory_limit must be a size such as 4GB, got {memory_limit!r}"
        ) from error

"""Compute a portfolio's features from its histories, for training and for a body of loans."""

import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq

from scoring_model.errors import FeatureError
from scoring_model.features import FeatureSql, compute_features, open_duckdb, write_rows
from train.data.history_sql import (
    find_tables,
    read_sql,
    with_used_columns,
    with_whole_application,
)
from train.data.table_files import scan
from train.errors import InputError
from train.portfolio import Portfolio

if TYPE_CHECKING:
    import duckdb

# enough to read types and to join small tables
DEFAULT_MEMORY = "4GB"


@dataclass(frozen=True, slots=True)
class JoinedTable:
    """The applications with the features of their histories.

    Attributes
    ----------
    frame : DataFrame, shape (applications, columns of the source and features)
    features : FeatureSql
        What computed them, with the columns that it reads.
    notes : tuple of str
        What the user should hear, a line each.
    """

    frame: pd.DataFrame
    features: FeatureSql
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DescribedJoin:
    """What is to be joined, before it is.

    Attributes
    ----------
    features : FeatureSql
        With the columns that scoring needs.
    read : FeatureSql
        The same with all columns of the application, as training reads them.
    files : mapping of str to str
        Where each table lies.
    """

    features: FeatureSql
    read: FeatureSql
    files: Mapping[str, str]


def describe_join(portfolio: Portfolio) -> DescribedJoin:
    """Read the SQL of a portfolio with histories and the types of its tables' columns.

    Raises
    ------
    InputError
        A table or a file is missing.
    """
    with input_errors(portfolio.path), open_duckdb(DEFAULT_MEMORY) as connection:
        described, files = read_sql(connection, portfolio)
    features = with_used_columns(described, portfolio)
    return DescribedJoin(features, with_whole_application(features, described), files)


def join_histories(portfolio: Portfolio, memory_limit: str = DEFAULT_MEMORY) -> JoinedTable:
    """Compute the features of a portfolio's source and histories in DuckDB.

    Parameters
    ----------
    portfolio : Portfolio
        With histories.
    memory_limit : str
        The most that DuckDB may take, such as `4GB`; beyond it DuckDB spills to disk.

    Raises
    ------
    InputError
        A table or column is missing, no row of a table joins, or the SQL fails.
    """
    described = describe_join(portfolio)
    notes = JoinNotes(portfolio)
    with (
        input_errors(portfolio.path),
        tempfile.TemporaryDirectory() as folder,
        open_duckdb(memory_limit, folder) as connection,
    ):
        scans = _scans(described.read, described.files)
        query = compute_features(connection, described.read, scans, notes.add)
        frame = _to_frame(connection, query, f"{folder}/rows.parquet")
    return JoinedTable(frame, described.features, tuple(notes.texts))


class JoinNotes:
    """What the user should hear of the rows that join; in training it must be some.

    Parameters
    ----------
    portfolio : Portfolio, optional
        That a table without any row that joins is a mistake in; None for a body of loans.
    """

    def __init__(self, portfolio: Portfolio | None = None) -> None:
        self._portfolio = portfolio
        self.texts: list[str] = []

    def add(self, table: str, rows: int, unknown: int) -> None:
        """Note a table with rows of no applicant in the source."""
        if self._portfolio and rows == unknown:
            raise InputError(f"{self._portfolio.path}: table {table!r} has no row that joins")
        if unknown:
            self.texts.append(
                f"{table}: {unknown} of {rows} rows are of no applicant in the source"
            )

    def add_all(self, joined: Mapping[str, tuple[int, int]]) -> None:
        """Note all tables: rows, and those of no applicant, by table."""
        for table, (rows, unknown) in joined.items():
            self.add(table, rows, unknown)


def _scans(features: FeatureSql, files: Mapping[str, str]) -> dict[str, str]:
    return {h.table: scan(files[h.table], h.columns) for h in features.histories}


def _to_frame(connection: "duckdb.DuckDBPyConnection", query: str, path: str) -> pd.DataFrame:
    """Return the rows of a query by way of a file: engine and rows never share the memory."""
    write_rows(connection, query, path)
    connection.close()
    # a column's Arrow memory is freed once pandas has it
    frame: pd.DataFrame = pq.read_table(path).to_pandas(split_blocks=True, self_destruct=True)
    return frame


def write_features(
    features: FeatureSql, folder: Path, output: Path, memory_limit: str
) -> tuple[str, ...]:
    """Compute the finished rows of a folder of tables into a Parquet file; return notes.

    The table of applicants is the folder's only file `application*.parquet`, `.csv` or `.csv.gz`.

    Raises
    ------
    InputError
        As `join_histories` does.
    """
    with (
        input_errors(folder),
        tempfile.TemporaryDirectory() as spill,
        open_duckdb(memory_limit, spill) as connection,
    ):
        notes = JoinNotes()
        scans = _scans(features, find_tables(features, folder))
        query = compute_features(connection, features, scans, notes.add)
        write_rows(connection, query, str(output))
    return tuple(notes.texts)


@contextmanager
def input_errors(path: Path) -> Iterator[None]:
    """Turn the errors of an engine into wrong input, with the file that they are about."""
    try:
        yield
    except FeatureError as error:
        raise InputError(f"{path}: {error}") from error

"""Compute features from histories with DuckDB, for training and for batch scoring."""

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
from train.data.table_frames import to_frame
from train.errors import InputError
from train.portfolio import Portfolio

if TYPE_CHECKING:
    import duckdb

# enough for reading the types of columns and for joining small tables
DEFAULT_MEMORY = "4GB"


@dataclass(frozen=True, slots=True)
class JoinedTable:
    """The applications with the features of their histories.

    Attributes
    ----------
    frame : DataFrame, shape (applications, columns of the source and features)
    features : FeatureSql
        The SQL that computed the features, with the columns that it reads.
    notes : tuple of str
        Notes for the user, one line each.
    """

    frame: pd.DataFrame
    features: FeatureSql
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DescribedJoin:
    """The SQL and the files of a join that has not run yet.

    Attributes
    ----------
    features : FeatureSql
        The SQL with the columns that scoring needs.
    read : FeatureSql
        The same SQL with all columns of the application, which training reads.
    files : mapping of str to str
        Path of each table, by its name.
    """

    features: FeatureSql
    read: FeatureSql
    files: Mapping[str, str]


def describe_join(portfolio: Portfolio) -> DescribedJoin:
    """Read the SQL of a portfolio with histories, and the types of its tables' columns.

    Parameters
    ----------
    portfolio : Portfolio
        With histories.

    Raises
    ------
    InputError
        A table or a file is missing.
    """
    with input_errors(portfolio.path), open_duckdb(DEFAULT_MEMORY) as databases:
        described, files = read_sql(databases.reading, portfolio)
    features = with_used_columns(described, portfolio)
    return DescribedJoin(features, with_whole_application(features, described), files)


def join_histories(portfolio: Portfolio, memory_limit: str = DEFAULT_MEMORY) -> JoinedTable:
    """Compute the features of a portfolio's source and histories in DuckDB.

    Parameters
    ----------
    portfolio : Portfolio
        With histories.
    memory_limit : str
        Most memory that DuckDB may use, such as `4GB`. Beyond it DuckDB writes to disk.

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
        open_duckdb(memory_limit, folder, rows := f"{folder}/rows.parquet") as databases,
    ):
        scans = _scans(described.read, described.files)
        query = compute_features(databases, described.read, scans, notes.add)
        frame = _to_frame(databases.sealed, query, rows)
    return JoinedTable(frame, described.features, tuple(notes.texts))


class JoinNotes:
    """Collects a note for each table with rows that belong to no applicant.

    Parameters
    ----------
    portfolio : Portfolio, optional
        Given in training: a table without a single row that joins is then an error, and the
        message names this portfolio. None in batch scoring, where such a table is allowed.
    """

    def __init__(self, portfolio: Portfolio | None = None) -> None:
        self._portfolio = portfolio
        self.texts: list[str] = []

    def add(self, table: str, rows: int, unknown: int) -> None:
        """Add a note if `unknown` of the table's `rows` rows belong to no applicant."""
        if self._portfolio and rows == unknown:
            raise InputError(
                f"{self._portfolio.path}: table {table!r} has no row that joins an applicant "
                "in the source"
            )
        if unknown:
            self.texts.append(
                f"table {table}: {unknown} of {rows} rows belong to no applicant in the source"
            )

    def add_all(self, joined: Mapping[str, tuple[int, int]]) -> None:
        """Add the notes of several tables; `joined` holds (rows, unknown) by table."""
        for table, (rows, unknown) in joined.items():
            self.add(table, rows, unknown)


def _scans(features: FeatureSql, files: Mapping[str, str]) -> dict[str, str]:
    return {h.table: scan(files[h.table], h.columns) for h in features.histories}


def _to_frame(connection: "duckdb.DuckDBPyConnection", query: str, path: str) -> pd.DataFrame:
    """Return the rows of a query, read from a file after DuckDB has freed its memory."""
    write_rows(connection, query, path)
    connection.close()
    return to_frame(pq.read_table(path), split_blocks=True)


def write_features(
    features: FeatureSql, folder: Path, output: Path, memory_limit: str
) -> tuple[str, ...]:
    """Compute the finished rows (applications with all features) of a folder of tables.

    Parameters
    ----------
    features : FeatureSql
        The SQL of the version that scores.
    folder : Path
        The folder of the tables. The table of applicants is its only file `application*.parquet`,
        `application*.csv` or `application*.csv.gz`.
    output : Path
        The Parquet file to write.
    memory_limit : str
        Most memory that DuckDB may use, such as `4GB`.

    Returns
    -------
    tuple of str
        Notes for the user, one line each.

    Raises
    ------
    InputError
        A table or column is missing, or the SQL fails.
    """
    with (
        input_errors(folder),
        tempfile.TemporaryDirectory() as spill,
        open_duckdb(memory_limit, spill, str(output)) as databases,
    ):
        notes = JoinNotes()
        scans = _scans(features, find_tables(features, folder))
        query = compute_features(databases, features, scans, notes.add)
        write_rows(databases.sealed, query, str(output))
    return tuple(notes.texts)


@contextmanager
def input_errors(path: Path) -> Iterator[None]:
    """Turn a `FeatureError` into an `InputError` whose message begins with `path`."""
    try:
        yield
    except FeatureError as error:
        raise InputError(f"{path}: {error}") from error

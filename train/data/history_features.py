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
from scoring_model.feature_sql import FeatureSql
from scoring_model.features import compute_features, open_engine, write_rows
from train.errors import InputError
from train.history_sql import find_tables, read_sql, with_used_columns, with_whole_application
from train.portfolio import Portfolio
from train.spark_features import ROW, compute_on_spark, one_line
from train.spark_session import open_session
from train.tables import scan

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import DataFrame, SparkSession

MEMORY_LIMIT = "4GB"


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


def join_histories(
    portfolio: Portfolio, memory_limit: str, *, on_spark: bool = False
) -> JoinedTable:
    """Compute the features of a portfolio's source and histories.

    Parameters
    ----------
    portfolio : Portfolio
        With histories.
    memory_limit : str
        Of DuckDB, such as `4GB`; beyond it it spills to disk. Spark's is its settings' affair.
    on_spark : bool
        Run the SQL on Spark and fetch the finished rows.

    Raises
    ------
    InputError
        A table or column is missing, no row of a table joins, or the SQL fails.
    """
    with (
        _input_errors(portfolio.path),
        tempfile.TemporaryDirectory() as folder,
        open_engine(memory_limit, folder) as engine,
    ):
        described, files = read_sql(engine, portfolio)
        features = with_used_columns(described, portfolio)
        read = with_whole_application(features, described)
        if on_spark:
            return _join_on_spark(portfolio, features, read, files)
        notes = _Notes(portfolio)
        query = compute_features(engine, read, _scans(read, files), notes.add)
        frame = _to_frame(engine, query, f"{folder}/rows.parquet")
    return JoinedTable(frame, features, tuple(notes.texts))


class _Notes:
    """What the user should hear of the rows that join, and, in training, of none that does."""

    def __init__(self, portfolio: Portfolio | None = None) -> None:
        self._portfolio = portfolio
        self.texts: list[str] = []

    def add(self, table: str, rows: int, unknown: int) -> None:
        if self._portfolio and rows == unknown:
            raise InputError(f"{self._portfolio.path}: table {table!r} has no row that joins")
        if unknown:
            self.texts.append(
                f"{table}: {unknown} of {rows} rows are of no applicant in the source"
            )

    def add_all(self, joined: Mapping[str, tuple[int, int]]) -> None:
        for table, (rows, unknown) in joined.items():
            self.add(table, rows, unknown)


def _scans(features: FeatureSql, files: Mapping[str, str]) -> dict[str, str]:
    return {h.table: scan(files[h.table], h.columns) for h in features.histories}


def _to_frame(engine: "duckdb.DuckDBPyConnection", query: str, path: str) -> pd.DataFrame:
    """Return the rows of a query by way of a file: engine and rows never share the memory."""
    write_rows(engine, query, path)
    engine.close()
    # a column's Arrow memory is freed once pandas has it
    frame: pd.DataFrame = pq.read_table(path).to_pandas(split_blocks=True, self_destruct=True)
    return frame


def _join_on_spark(
    portfolio: Portfolio, features: FeatureSql, read: FeatureSql, files: Mapping[str, str]
) -> JoinedTable:
    notes = _Notes(portfolio)
    with open_session() as session, compute_on_spark(session, read, files) as computed:
        notes.add_all(computed.joined)
        with one_line("finished rows"):
            rows = computed.rows.toArrow().to_pandas()
    frame = rows.sort_values(ROW, ignore_index=True).drop(columns=ROW)
    return JoinedTable(frame, features, tuple(notes.texts))


def read_features(portfolio: Portfolio) -> FeatureSql:
    """Return the SQL of a portfolio with histories and the types of its tables' columns."""
    with _input_errors(portfolio.path), open_engine(MEMORY_LIMIT) as engine:
        return with_used_columns(read_sql(engine, portfolio)[0], portfolio)


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
        _input_errors(folder),
        tempfile.TemporaryDirectory() as spill,
        open_engine(memory_limit, spill) as engine,
    ):
        notes = _Notes()
        scans = _scans(features, find_tables(features, folder))
        query = compute_features(engine, features, scans, notes.add)
        write_rows(engine, query, str(output))
    return tuple(notes.texts)


@contextmanager
def features_on_spark(
    session: "SparkSession", features: FeatureSql, folder: Path
) -> "Iterator[tuple[DataFrame, tuple[str, ...]]]":
    """Compute what `write_features` does on Spark.

    Yields
    ------
    rows : pyspark.sql.DataFrame
        As `SparkRows.rows`.
    notes : tuple of str
    """
    with _input_errors(folder):
        files = find_tables(features, folder)
        with compute_on_spark(session, features, files) as computed:
            notes = _Notes()
            notes.add_all(computed.joined)
            yield computed.rows, tuple(notes.texts)


class _input_errors:  # noqa: N801  # used as a function
    """Say the engine's errors as wrong input, with the file that they are about."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, FeatureError):
            raise InputError(f"{self._path}: {error}") from error

"""Compute a portfolio's features from its histories, for training and for a body of loans."""

import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import pyarrow.parquet as pq

from scoring_model.errors import FeatureError
from scoring_model.features import (
    APPLICATION,
    ROW,
    FeatureSql,
    History,
    check_keys,
    compute_features,
    count_joined,
    load_table,
    open_engine,
    write_rows,
)
from train.errors import InputError
from train.portfolio import Portfolio
from train.spark_features import compute_on_spark
from train.spark_session import open_session
from train.tables import find_table, scan

if TYPE_CHECKING:
    import duckdb
    from pyspark.sql import DataFrame, SparkSession

MEMORY_LIMIT = "4GB"
INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
DOUBLES = ("FLOAT", "DOUBLE", "HUGEINT", "UBIGINT")


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
        features, files = _read_sql(engine, portfolio)
        if on_spark:
            return _join_on_spark(portfolio, features, files)
        for history in features.histories:
            load_table(engine, history, scan(files[history.table], history.columns))
        check_keys(engine, portfolio.key)
        joined = count_joined(engine, features)
        _check_joined(portfolio, joined)
        frame = _to_frame(engine, compute_features(engine, features), f"{folder}/rows.parquet")
    return JoinedTable(frame, _with_used_columns(features, portfolio), _unknown_notes(joined))


def _to_frame(engine: "duckdb.DuckDBPyConnection", query: str, path: str) -> pd.DataFrame:
    """Return the rows of a query by way of a file: engine and rows never share the memory."""
    write_rows(engine, query, path)
    engine.close()
    # a column's Arrow memory is freed once pandas has it
    frame: pd.DataFrame = pq.read_table(path).to_pandas(split_blocks=True, self_destruct=True)
    return frame


def _join_on_spark(
    portfolio: Portfolio, features: FeatureSql, files: Mapping[str, str]
) -> JoinedTable:
    with open_session() as session, compute_on_spark(session, features, files) as computed:
        _check_joined(portfolio, computed.joined)
        rows = computed.rows.toArrow().to_pandas()
    frame = rows.sort_values(ROW, ignore_index=True).drop(columns=ROW)
    used, notes = _with_used_columns(features, portfolio), _unknown_notes(computed.joined)
    return JoinedTable(frame, used, notes)


def _check_joined(portfolio: Portfolio, joined: Mapping[str, tuple[int, int]]) -> None:
    for table, (rows, unknown) in joined.items():
        if rows == unknown:
            raise InputError(f"{portfolio.path}: table {table!r} has no row that joins")


def read_features(portfolio: Portfolio) -> FeatureSql:
    """Return the SQL of a portfolio with histories and the types of its tables' columns."""
    with _input_errors(portfolio.path), open_engine(MEMORY_LIMIT) as engine:
        return _with_used_columns(_read_sql(engine, portfolio)[0], portfolio)


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
        files = _find_tables(features, folder)
        for history in features.histories:
            load_table(engine, history, scan(files[history.table], history.columns))
        check_keys(engine, features.key)
        joined = count_joined(engine, features)
        query = compute_features(engine, features)
        write_rows(engine, query, str(output))
    return _unknown_notes(joined)


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
        files = _find_tables(features, folder)
        with compute_on_spark(session, features, files) as computed:
            yield computed.rows, _unknown_notes(computed.joined)


class _input_errors:  # noqa: N801  # used as a function
    """Say the engine's errors as wrong input, with the file that they are about."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if isinstance(error, FeatureError):
            raise InputError(f"{self._path}: {error}") from error


def _find_tables(features: FeatureSql, folder: Path) -> dict[str, str]:
    return {
        history.table: (
            _find_application(folder)
            if history.table == APPLICATION
            else find_table(folder, history.table)
        )
        for history in features.histories
    }


def _find_application(folder: Path) -> str:
    endings = (".parquet", ".csv", ".csv.gz")
    files = [f for f in sorted(folder.glob("application*")) if f.name.endswith(endings)]
    if len(files) != 1:
        raise InputError(f"{folder}: must hold one file application*, found {len(files)}")
    return str(files[0])


def _read_sql(
    engine: "duckdb.DuckDBPyConnection", portfolio: Portfolio
) -> tuple[FeatureSql, Mapping[str, str]]:
    """Read every SQL file and the types of every table; return where each table lies, too."""
    folder = Path(portfolio.source).parent
    files, histories = {}, []
    sql = {s.table: s.features.read_text(encoding="utf-8") for s in portfolio.histories}
    for table, text in ({APPLICATION: ""} | sql).items():
        if table == APPLICATION:
            if not Path(portfolio.source).is_file():
                raise InputError(
                    f"{portfolio.path}: [portfolio] source {portfolio.source}: no such file"
                )
            files[table] = portfolio.source
        else:
            files[table] = find_table(folder, table)
        described = engine.execute(f"DESCRIBE SELECT * FROM {scan(files[table])}").fetchall()
        columns = {str(row[0]): _plain_type(str(row[1])) for row in described}
        histories.append(History(table, text, columns))
    return FeatureSql(portfolio.key, tuple(histories)), files


def _plain_type(kind: str) -> str:
    """Return the type that a column keeps in the artifact: files differ in width, not in kind."""
    if kind in INTEGERS:
        return "BIGINT"
    return "DOUBLE" if kind in DOUBLES or kind.startswith("DECIMAL") else kind


def _with_used_columns(features: FeatureSql, portfolio: Portfolio) -> FeatureSql:
    """Leave out columns that scoring does not need: outcomes, protected, not read by any SQL."""
    words = {word for h in features.histories for word in re.findall(r"\w+", h.sql)}
    words.add(portfolio.key)
    histories = []
    for history in features.histories:
        wanted = {
            name: kind
            for name, kind in history.columns.items()
            if name in words
            or (history.table == APPLICATION and name not in portfolio.not_features)
        }
        unread = set(history.columns) - set(wanted) - {portfolio.target}
        histories.append(replace(history, columns=wanted, unread=tuple(sorted(unread))))
    return FeatureSql(features.key, tuple(histories))


def _unknown_notes(joined: Mapping[str, tuple[int, int]]) -> tuple[str, ...]:
    return tuple(
        f"{table}: {unknown} of {rows} rows are of no applicant in the source"
        for table, (rows, unknown) in joined.items()
        if unknown
    )

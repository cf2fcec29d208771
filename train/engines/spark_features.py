"""Features from histories on Spark: the same SQL as for DuckDB, translated to Spark's dialect.

Both read the same files and give the same values, up to a difference of 1e-9. The module
`scoring_model.features` explains the SQL.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from scoring_model.errors import FeatureError
from scoring_model.features import (
    APPLICATION,
    FeatureSql,
    History,
    joined_queries,
    statements_of,
)
from train.data import HISTORY_MISSING

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

ROW = "row_of_application"
GAVE_UP = (
    "Spark failed; its own messages above say why. If it ran out of memory, raise "
    "spark.driver.memory, spark.driver.maxResultSize or spark.executor.memory"
)


@dataclass(frozen=True, slots=True)
class SparkRows:
    """The finished rows of all applicants: applications with all features.

    Attributes
    ----------
    rows : pyspark.sql.DataFrame
        The columns of `scoring_model.features.compute_features`, then `ROW`: the row's number in
        the table of applicants, from 0. The rows have no order.
    joined : mapping of str to (int, int)
        For each history: its number of rows, and how many of them belong to no applicant.
    """

    rows: "DataFrame"
    joined: Mapping[str, tuple[int, int]]


@contextmanager
def compute_on_spark(
    session: "SparkSession", features: FeatureSql, files: Mapping[str, str]
) -> Iterator[SparkRows]:
    """Run the SQL on tables that Spark reads. Cached tables are released at the end.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
        A session from `train.engines.spark_session.open_session`, in ANSI mode and without views.
    features : FeatureSql
    files : mapping of str to str
        File or glob of each table. Every machine of the cluster must be able to read it.

    Raises
    ------
    FeatureError
        For the same reasons as in `scoring_model.features.compute_features`.
    """
    # let Spark choose the number of partitions by the number of rows, also for cached tables
    session.conf.set("spark.sql.optimizer.canChangeCachedPlanOutputPartitioning", "true")
    with ExitStack() as kept:
        for history in features.histories:
            with spark_errors(f"table {history.table}"):
                table = _read_table(session, features, history, files[history.table])
                if history.table == APPLICATION:
                    table = _keep(kept, table)
                table.createTempView(history.table)
        with spark_errors("tables"):
            _check_keys(session, features.key)
            joined = _count_joined(session, features)
        families: dict[str, DataFrame] = {}
        for history in features.histories:
            with spark_errors(f"features of {history.table}", partial(_misfit, session, history)):
                _add_families(session, history, features.key, families, kept)
        yield SparkRows(_finished_rows(session, features, families), joined)


def _keep(kept: ExitStack, table: "DataFrame") -> "DataFrame":
    """Cache a table, because otherwise each use would compute it again."""
    persisted = table.persist()
    kept.callback(persisted.unpersist)
    return persisted


def read_files(session: "SparkSession", files: str | list[str], text: bool) -> "DataFrame":
    """Return a lazy table from Parquet files, or from CSV files with every column as text."""
    if not text:
        return session.read.parquet(*([files] if isinstance(files, str) else files))
    # multiLine: one task reads each file, so values may hold line breaks and rows can be numbered.
    # enforceSchema=False: files with different headings fail; else Spark would match by position.
    return session.read.csv(
        files,
        header=True,
        multiLine=True,
        quote='"',
        escape='"',
        enforceSchema=False,
        mode="FAILFAST",
    )


def _read_table(session: "SparkSession", sql: FeatureSql, table: History, file: str) -> "DataFrame":
    """Return a table with the types that training found."""
    text = not file.endswith(".parquet")
    nulls = ", ".join(f"'{word}'" for word in HISTORY_MISSING)
    columns = []
    for name, kind in table.columns.items():
        column = f"CASE WHEN `{name}` NOT IN ({nulls}) THEN `{name}` END" if text else f"`{name}`"
        column = f"NULLIF({column}, '')" if kind == "VARCHAR" and sql.empty_is_missing else column
        columns.append(f"CAST({column} AS {_spark_type(kind)}) AS `{name}`")
    if table.table == APPLICATION:
        row = "monotonically_increasing_id()" if text else "_metadata.row_index"
        columns.append(f"{row} AS {ROW}")
    # without a scheme Spark would look on its default file system
    return read_files(session, f"file://{Path(file).absolute()}", text).selectExpr(*columns)


def _spark_type(kind: str) -> str:
    from sqlglot import exp

    return str(exp.DataType.build(kind, dialect="duckdb").sql("spark"))


def _check_keys(session: "SparkSession", key: str) -> None:
    query = (
        f"SELECT count(*) - count(`{key}`), count(`{key}`) - count(DISTINCT `{key}`) "
        f"FROM {APPLICATION}"
    )
    missing, repeated = session.sql(query).collect()[0]
    if missing or repeated:
        what = f"{missing} rows have none" if missing else f"{repeated} rows repeat an earlier one"
        raise FeatureError(f"table {APPLICATION}: each row must have its own key {key!r}: {what}")


def _count_joined(session: "SparkSession", features: FeatureSql) -> dict[str, tuple[int, int]]:
    from sqlglot import transpile

    counts = {}
    for table, query in joined_queries(features).items():
        (translated,) = transpile(query, read="duckdb", write="spark")
        rows, known = session.sql(translated).collect()[0]
        counts[table] = (rows, rows - known)
    return counts


def _add_families(
    session: "SparkSession",
    history: History,
    key: str,
    families: dict[str, "DataFrame"],
    kept: ExitStack,
) -> None:
    """Run the statements of one table, and add the result of each SELECT to `families`."""
    from sqlglot import transpile

    for statement in statements_of(history):
        (translated,) = transpile(statement, read="duckdb", write="spark")
        result = session.sql(translated)
        if not result.columns:
            continue
        where = f"features of {history.table}"
        if key not in result.columns:
            raise FeatureError(f"{where}: every SELECT must return the column {key!r}")
        names = [name for name in result.columns if name != key]
        known = {name for family in families.values() for name in family.columns}
        if again := [n for n in result.columns if names.count(n) > 1 or n in known - {key}]:
            raise FeatureError(f"{where}: feature {again[0]!r} must not repeat")
        family = f"family_{len(families)}"
        families[family] = _keep(kept, result)
        families[family].createTempView(family)
        query = f"SELECT count(`{key}`) - count(DISTINCT `{key}`) FROM {family}"
        if session.sql(query).collect()[0][0]:
            raise FeatureError(f"{where}: a SELECT returns several rows for one {key!r}")


def _misfit(session: "SparkSession", history: History) -> str | None:
    """Return the column with a value that a cast in the SQL refuses; Spark names only the value."""
    from sqlglot import exp, parse

    casts = [cast for part in parse(history.sql, read="duckdb") for cast in part.find_all(exp.Cast)]
    for cast in casts:
        if isinstance(cast.this, exp.Column) and cast.this.name in history.columns:
            column = f"`{cast.this.name}`"
            kind = cast.to.sql("spark")
            refused = f"{column} IS NOT NULL AND TRY_CAST({column} AS {kind}) IS NULL"
            if session.table(history.table).filter(refused).head():
                return f"column {cast.this.name!r}"
    return None


def _finished_rows(
    session: "SparkSession", features: FeatureSql, families: Mapping[str, "DataFrame"]
) -> "DataFrame":
    """Combine the values of each applicant in one shuffle.

    With a join for each family, a task would sort all families at once and use too much memory.
    """
    from pyspark.sql import functions

    key = features.key
    quoted = f"`{key}`"
    application = session.table(APPLICATION)
    named = {name: [n for n in family.columns if n != key] for name, family in families.items()}
    computed = {n for names in named.values() for n in names}
    own = [f"`{name}`" for name in application.columns if name not in {*computed, ROW}]
    whole = functions.struct(*own, ROW)
    rows = application.select(quoted, whole.alias(APPLICATION))
    for name, family in families.items():
        values = functions.struct(*(family[n].cast("double").alias(n) for n in named[name]))
        part = family.select(quoted, values.alias(name))
        rows = rows.unionByName(part, allowMissingColumns=True)
    parts = [functions.first(n, ignorenulls=True).alias(n) for n in (APPLICATION, *families)]
    together = rows.groupBy(quoted).agg(*parts).filter(f"{APPLICATION} IS NOT NULL")
    fields = [f"{APPLICATION}.{name}" for name in own]
    fields += [f"{family}.`{name}`" for family, names in named.items() for name in names]
    return together.select(*fields, f"{APPLICATION}.{ROW}")


@contextmanager
def spark_errors(
    where: str, find_misfit: Callable[[], str | None] = lambda: None
) -> Iterator[None]:
    """Turn Spark's errors into one line that contains no value of a row."""
    from py4j.protocol import Py4JError
    from pyspark.errors import AnalysisException, PySparkException

    try:
        yield
    except AnalysisException as error:
        # Spark found it before it read a row, so the message holds no value
        raise FeatureError(f"{where}: {str(error).partition(chr(10))[0]}") from error
    except PySparkException as error:
        fragments = [context.fragment() for context in error.getQueryContext() or ()]
        if what := find_misfit() or next(iter(fragments), None):
            raise FeatureError(f"{where}: {what} holds a value of the wrong type") from error
        raise FeatureError(f"{where}: {error.getCondition() or GAVE_UP}") from error
    except (Py4JError, ConnectionError) as error:
        # not an error of a query: the JVM is gone, most often because its memory ran out
        raise FeatureError(f"{where}: {GAVE_UP}") from error

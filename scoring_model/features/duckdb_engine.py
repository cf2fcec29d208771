"""Features from histories: DuckDB runs the SQL of a version on tables of applicants.

Training and batch scoring on one machine compute their features here. `applicant_engine` runs the
same SQL for requests.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from scoring_model.contract import MOST_WHOLE
from scoring_model.errors import FeatureError
from scoring_model.features.feature_sql import (
    APPLICATION,
    FeatureSql,
    History,
    is_select,
    joined_queries,
    tables_read,
)
from scoring_model.features.sealed_duckdb import (
    ROUNDED,
    FeatureDatabases,
    duckdb_errors,
    statements_of,
    to_literal,
)

if TYPE_CHECKING:
    import duckdb

# rows that pass from one database to the other at a time
_BATCH_ROWS = 20_480
_INCOMING = "incoming_rows"
# types of whole numbers that a double may not hold
_LONG = ("BIGINT", "UBIGINT", "HUGEINT", "UHUGEINT")


def load_table(
    databases: FeatureDatabases, features: FeatureSql, history: History, source: str
) -> None:
    """Copy a table into the sealed database, with the types that training found.

    A history is sorted by its key: aggregating unsorted rows by applicant takes longer than
    sorting them first.

    Parameters
    ----------
    databases : FeatureDatabases
    features : FeatureSql
    history : History
        The table, one of `features`.
    source : str
        The SQL after FROM in the reading database: a file, or one of its tables.

    Raises
    ------
    FeatureError
        A column is missing, or a value does not fit its type.
    """
    names = ", ".join(f'"{name}"' for name in history.columns)
    # a cursor of its own: temporary views of the version cannot stand in for the rows
    with duckdb_errors(f"table {history.table}"), databases.sealed.cursor() as loading:
        found = databases.reading.sql(f"SELECT {names} FROM {source}")
        kinds = zip(history.columns.items(), map(str, found.types), strict=True)
        columns = [
            _cast(name, given, kind, features.empty_is_missing) for (name, kind), given in kinds
        ]
        query = f"CREATE TABLE {history.table} AS SELECT {', '.join(columns)} FROM {_INCOMING}"
        if history.table != APPLICATION and features.key in history.columns:
            query += f' ORDER BY "{features.key}"'
        loading.register(_INCOMING, found.to_arrow_reader(_BATCH_ROWS))
        loading.execute(query)


def _cast(name: str, given: str, kind: str, empty_is_missing: bool) -> str:
    """Return the SQL that gives a column of the type `given` the type `kind`."""
    column = f'"{name}"'
    if kind == "VARCHAR" and empty_is_missing:
        return f"NULLIF(CAST({column} AS VARCHAR), '') AS {column}"
    if kind == "DOUBLE" and (given in _LONG or given.startswith("DECIMAL")):
        # the same rule as for a number of a request
        fits = f"coalesce(TRY_CAST(CAST({column} AS DOUBLE) AS {given}) = {column}, FALSE)"
        is_right = f"{column} BETWEEN -{MOST_WHOLE} AND {MOST_WHOLE} OR {column} <> trunc({column})"
        refused = f"{column} IS NOT NULL AND NOT ({is_right} OR {fits})"
        rule = to_literal(f'{ROUNDED} source column "{name}"')
        column = f"CASE WHEN {refused} THEN error({rule}) ELSE {column} END"
    return f'CAST({column} AS {kind}) AS "{name}"'


def check_keys(connection: "duckdb.DuckDBPyConnection", key: str) -> None:
    """Raise `FeatureError` if the key column is missing, or a key is missing or repeated."""
    query = (
        f'SELECT count(*) - count("{key}"), count("{key}") - count(DISTINCT "{key}") '
        f"FROM {APPLICATION}"
    )
    with duckdb_errors(f"table {APPLICATION}"):
        missing, repeated = connection.execute(query).fetchone() or (0, 0)
    if missing or repeated:
        what = f"{missing} rows have none" if missing else f"{repeated} rows repeat an earlier one"
        raise FeatureError(f"table {APPLICATION}: each row must have its own key {key!r}: {what}")


def compute_features(
    databases: FeatureDatabases,
    features: FeatureSql,
    sources: Mapping[str, str],
    on_joined: Callable[[str, int, int], None],
) -> str:
    """Load the tables and run the SQL on them, one history after the other.

    Each table is loaded just before its first use and dropped after its last use, so that only
    few tables are in memory at the same time.

    Parameters
    ----------
    databases : FeatureDatabases
    features : FeatureSql
    sources : mapping of str to str
        For each table, the SQL after FROM in the reading database.
    on_joined : callable
        Called for each history that can be joined to the applicants, with the name of its table,
        its number of rows, and the number of rows whose applicant is unknown.

    Returns
    -------
    str
        The query of the finished rows (applications with all features) in the sealed database, in
        the order of the application. First come the columns of the application, without those that
        have the name of a feature, and then all features as doubles.

    Raises
    ------
    FeatureError
        A column is missing or a value does not fit its type; a key is missing or repeated; a
        statement is not allowed, fails or returns several rows for a key; or the name of a feature
        is repeated.
    """
    connection = databases.sealed
    statements = [statements_of(history) for history in features.histories]
    application = next(h for h in features.histories if h.table == APPLICATION)
    load_table(databases, features, application, sources[APPLICATION])
    check_keys(connection, features.key)
    queries, loaded = joined_queries(features), {APPLICATION}
    families: list[str] = []
    columns: dict[str, str] = {}
    reads = tables_read(features)
    for position, history in enumerate(features.histories):
        for read in features.histories:
            if read.table in reads[position] - loaded:
                load_table(databases, features, read, sources[read.table])
                loaded.add(read.table)
        if history.table in queries:
            rows, known = connection.execute(queries[history.table]).fetchone() or (0, 0)
            on_joined(history.table, rows, rows - known)
        _compute_families(
            connection, history, statements[position], features.key, families, columns
        )
        for table in loaded.difference({APPLICATION}, *reads[position + 1 :]):
            connection.execute(f"DROP TABLE {table}")
            loaded.remove(table)
    return _finished_rows(application, columns, families)


def _compute_families(
    connection: "duckdb.DuckDBPyConnection",
    history: History,
    statements: list[str],
    key: str,
    families: list[str],
    columns: dict[str, str],
) -> None:
    """Run a history's statements; add its `families`, and each feature's family to `columns`."""
    for statement in statements:
        with duckdb_errors(f"features of {history.table}"):
            if not is_select(statement):
                connection.execute(statement)
                continue
            family = f"family_{len(families)}"
            names = _compute_family(connection, family, statement, key, history.table)
        for name in names:
            if name in columns:
                raise FeatureError(f"features of {history.table}: feature {name!r} must not repeat")
            columns[name] = family
        families.append(family)


def _compute_family(
    connection: "duckdb.DuckDBPyConnection", family: str, statement: str, key: str, table: str
) -> list[str]:
    """Store the result of a SELECT, with one row per applicant in order; return its names.

    Each family is sorted separately. Sorting the finished rows would need all of them in memory,
    and joining the families by their key would need a hash table of each.
    """
    described = connection.execute(f"DESCRIBE {statement}").fetchall()
    names = [str(row[0]) for row in described]
    if key not in names:
        raise FeatureError(f"features of {table}: every SELECT must return the column {key!r}")
    names.remove(key)
    items = ", ".join(f'CAST(computed."{name}" AS DOUBLE) AS "{name}"' for name in names)
    connection.execute(
        f"CREATE TABLE {family} AS SELECT {items} FROM {APPLICATION} "
        f'LEFT JOIN ({statement}) AS computed ON computed."{key}" = {APPLICATION}."{key}" '
        f"ORDER BY {APPLICATION}.rowid"
    )
    query = f"SELECT (SELECT count(*) FROM {family}) - (SELECT count(*) FROM {APPLICATION})"
    if (connection.execute(query).fetchone() or (0,))[0]:
        raise FeatureError(f"features of {table}: a SELECT returns several rows for one {key!r}")
    return names


def _finished_rows(application: History, columns: Mapping[str, str], families: list[str]) -> str:
    kept = [name for name in application.columns if name not in columns]
    items = [f'{APPLICATION}."{name}"' for name in kept]
    items += [f'{family}."{name}"' for name, family in columns.items()]
    # all these tables have the same applicants in the same order
    tables = " POSITIONAL JOIN ".join([APPLICATION, *families])
    return f"SELECT {', '.join(items)} FROM {tables}"


def write_rows(connection: "duckdb.DuckDBPyConnection", query: str, path: str) -> None:
    """Write the rows of `compute_features` to a Parquet file, in order, as they are computed.

    The sealed database must have been opened with this path as its output.
    """
    with duckdb_errors("features"):
        # a temporary file with a name of its own would not be allowed. With hundreds of columns, a
        # row group of the default size takes 800 MB
        options = "FORMAT parquet, ROW_GROUP_SIZE 10240, DICTIONARY_SIZE_LIMIT 0"
        connection.execute(f"COPY ({query}) TO {to_literal(path)} ({options}, USE_TMP_FILE false)")

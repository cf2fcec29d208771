"""Features from histories: the SQL that a version carries, run by DuckDB on any body of rows.

Training, batch and request compute features here and nowhere else.
"""

import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoring_model.errors import FeatureError
from scoring_model.versioned import read_versioned

if TYPE_CHECKING:
    import duckdb

FORMAT_VERSION = 1
# what the SQL calls the table of applicants, whatever its file is called
APPLICATION = "application"
ROW = "row_of_application"

_COMMENT = re.compile(r"--[^\n]*")
_LABEL = re.compile(r"\bAS (\w+),? -- (.+)$", re.MULTILINE)
_VALUE_ERRORS = ("ConversionException", "InvalidInputException", "OutOfRangeException")
_SOURCE_COLUMN = re.compile(r"(?:source|converting) column \"?(\w+)")


@dataclass(frozen=True, slots=True)
class History:
    """One table of the applicants' histories, and the features that are computed from it.

    Attributes
    ----------
    table : str
        Name of the table in the SQL; `application` is the table of applicants itself.
    sql : str
        Statements separated by `;`: views, and one SELECT for each family of features that gives
        at most one row per key. A line `... AS name, -- label` names and labels a feature.
    columns : mapping of str to str
        Columns that the SQL may read, and their DuckDB types as training found them.
    unread : tuple of str
        Other columns that the table had in training: a request may give them all the same.
    """

    table: str
    sql: str
    columns: Mapping[str, str]
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeatureSql:
    """All SQL of a version.

    Attributes
    ----------
    key : str
        Column that identifies an applicant in every table that has it.
    histories : tuple of History
        In the order in which their SQL runs; one is `application`.
    """

    key: str
    histories: tuple[History, ...]

    def labels(self) -> dict[str, str]:
        """Return the label of every feature, with its table as the source."""
        return {
            name: f"{label.strip()} ({history.table})"
            for history in self.histories
            for name, label in _LABEL.findall(history.sql)
        }

    def to_json(self) -> str:
        """Return the SQL as JSON text that `from_json` reads back."""
        tables = [
            {
                "table": h.table,
                "columns": dict(h.columns),
                "unread": list(h.unread),
                "sql": h.sql.splitlines(),
            }
            for h in self.histories
        ]
        document = {"format_version": FORMAT_VERSION, "key": self.key, "tables": tables}
        return json.dumps(document, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "FeatureSql":
        """Read the SQL from JSON text.

        Raises
        ------
        ArtifactError
            The text's `format_version` is not one this code can read.
        """
        document = read_versioned(text, "features.json", FORMAT_VERSION)
        histories = tuple(
            History(t["table"], "\n".join(t["sql"]) + "\n", t["columns"], tuple(t["unread"]))
            for t in document["tables"]
        )
        return cls(document["key"], histories)


@contextmanager
def open_engine(
    memory_limit: str, folder: str | None = None
) -> "Iterator[duckdb.DuckDBPyConnection]":
    """Open DuckDB with a limit to its memory, in a folder where it may spill.

    Parameters
    ----------
    memory_limit : str
        Such as `4GB`.
    folder : str, optional
        For the tables and what spills; without one all stays in memory.

    Raises
    ------
    FeatureError
        The limit is not one.
    """
    import duckdb

    connection = duckdb.connect(f"{folder}/features.duckdb" if folder else ":memory:")
    try:
        if folder:
            connection.execute(f"SET temp_directory = '{folder}/spill'")
        try:
            connection.execute("SET memory_limit = ?", [memory_limit])
        except duckdb.Error as error:
            raise FeatureError(f"memory_limit must be such as 4GB, got {memory_limit!r}") from error
        yield connection
    finally:
        connection.close()


def load_table(connection: "duckdb.DuckDBPyConnection", history: History, source: str) -> None:
    """Copy a table into the engine, with the types that training found.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
    history : History
    source : str
        What stands after FROM: a file, or a table of the connection.

    Raises
    ------
    FeatureError
        A column is missing, or a value does not fit its type.
    """
    columns = [f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in history.columns.items()]
    if history.table == APPLICATION:
        columns.append(f"row_number() OVER () AS {ROW}")
    query = f"CREATE TABLE {history.table} AS SELECT {', '.join(columns)} FROM {source}"
    with one_line(f"table {history.table}"):
        connection.execute(query)


def check_keys(connection: "duckdb.DuckDBPyConnection", key: str) -> None:
    """Raise `FeatureError` where an applicant has no key or shares it."""
    query = (
        f'SELECT count(*) - count("{key}"), count("{key}") - count(DISTINCT "{key}") '
        f"FROM {APPLICATION}"
    )
    missing, repeated = connection.execute(query).fetchone() or (0, 0)
    if missing or repeated:
        what = f"be missing: {missing} rows are" if missing else f"repeat: {repeated} rows do"
        raise FeatureError(f"table {APPLICATION}: key {key!r} must not {what}")


def count_joined(
    connection: "duckdb.DuckDBPyConnection", features: FeatureSql
) -> dict[str, tuple[int, int]]:
    """Return, for each history, its rows and those whose applicant is not there."""
    counts = {}
    for table, query in joined_queries(features).items():
        rows, known = connection.execute(query).fetchone() or (0, 0)
        counts[table] = (rows, rows - known)
    return counts


def joined_queries(features: FeatureSql) -> dict[str, str]:
    """Return the SQL that counts each history's rows, and those of an applicant who is there.

    A table without the key belongs to the first table before it that shares a column with it.
    """
    key, queries = f'"{features.key}"', {}
    known = f"{key} IN (SELECT {key} FROM {APPLICATION})"
    before: list[History] = []
    for history in features.histories:
        if history.table == APPLICATION:
            continue
        joins = known
        if features.key not in history.columns:
            shared = [(h.table, name) for h in before for name in h.columns]
            links = [(table, f'"{name}"') for table, name in shared if name in history.columns]
            if not links:
                continue
            (table, link), *_ = links
            joins = f"{link} IN (SELECT {link} FROM {table} WHERE {known})"
        rows = f"SELECT count(*) FROM {history.table}"
        queries[history.table] = f"SELECT ({rows}), ({rows} WHERE {joins})"
        before += [history] if features.key in history.columns else []
    return queries


def compute_features(connection: "duckdb.DuckDBPyConnection", features: FeatureSql) -> str:
    """Run the SQL on the loaded tables.

    Returns
    -------
    str
        The query of the finished rows: the columns of the application, those that a feature is
        named like replaced by it, then the other features as doubles, in the order of the rows.

    Raises
    ------
    FeatureError
        A statement fails, gives two rows for a key, or a name twice.
    """
    families: list[str] = []
    columns: dict[str, str] = {}
    for history in features.histories:
        for statement in split_statements(history.sql):
            with one_line(f"features of {history.table}"):
                if not is_select(statement):
                    connection.execute(statement)
                    continue
                family = f"family_{len(families)}"
                names = _compute_family(connection, family, statement, features.key, history.table)
            for name in names:
                if name in columns:
                    raise FeatureError(f"features of {history.table}: {name} must not repeat")
                columns[name] = family
            families.append(family)
    return _finished_rows(features, columns, families)


def split_statements(sql: str) -> list[str]:
    """Return the statements of a file, without comments."""
    return [text for part in _COMMENT.sub("", sql).split(";") if (text := part.strip())]


def is_select(statement: str) -> bool:
    """Return whether a statement gives a family of features."""
    return statement.split(None, 1)[0].upper() in ("SELECT", "WITH")


def _compute_family(
    connection: "duckdb.DuckDBPyConnection", family: str, statement: str, key: str, table: str
) -> list[str]:
    """Keep what a SELECT gives, a row for each application and in their order; return its names.

    Each family is put in order by itself, since to sort the finished rows takes the memory of all
    of them, and to join them by their key a hash table of each.
    """
    described = connection.execute(f"DESCRIBE {statement}").fetchall()
    names = [str(row[0]) for row in described]
    if key not in names:
        raise FeatureError(f"features of {table}: every SELECT must give {key!r}")
    names.remove(key)
    items = ", ".join(f'CAST(computed."{name}" AS DOUBLE) AS "{name}"' for name in names)
    # a TEMP table is not compressed, which takes longer than to write what exceeds the memory
    connection.execute(
        f"CREATE TEMP TABLE {family} AS SELECT {items} FROM {APPLICATION} "
        f'LEFT JOIN ({statement}) AS computed ON computed."{key}" = {APPLICATION}."{key}" '
        f"ORDER BY {APPLICATION}.{ROW}"
    )
    query = f"SELECT (SELECT count(*) FROM {family}) - (SELECT count(*) FROM {APPLICATION})"
    if (connection.execute(query).fetchone() or (0,))[0]:
        raise FeatureError(f"features of {table}: a SELECT gives more than one row for a {key!r}")
    return names


def _finished_rows(features: FeatureSql, columns: Mapping[str, str], families: list[str]) -> str:
    application = next(h for h in features.histories if h.table == APPLICATION)
    kept = [name for name in application.columns if name not in columns]
    items = [f'{APPLICATION}."{name}"' for name in kept]
    items += [f'{family}."{name}"' for name, family in columns.items()]
    # all of them have the same rows in the same order
    tables = " POSITIONAL JOIN ".join([APPLICATION, *families])
    return f"SELECT {', '.join(items)} FROM {tables}"


@contextmanager
def one_line(where: str) -> Iterator[None]:
    """Turn DuckDB's errors into one line that holds no value of a row."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        text = str(error)
        if type(error).__name__ in _VALUE_ERRORS:
            column = _SOURCE_COLUMN.search(text)
            named = f"column {column[1]!r}" if column else "a column"
            raise FeatureError(f"{where}: {named} holds a value that does not fit") from error
        raise FeatureError(f"{where}: {text.partition(chr(10))[0]}") from error


def write_rows(connection: "duckdb.DuckDBPyConnection", query: str, path: str) -> None:
    """Write the rows of `compute_features` to a Parquet file, in order, as they are computed."""
    with one_line("features"):
        # with hundreds of columns, a row group of the default size takes 800 MB
        options = "FORMAT parquet, ROW_GROUP_SIZE 10240"
        connection.execute(f"COPY ({query}) TO '{path}' ({options})")

"""`open_sealed`: DuckDB for SQL that is not trusted. It can neither read nor write files.

The SQL comes with a version. Batch scoring, training and the server run it here, with the same
settings. `open_duckdb` adds a second database, which reads the tables and never sees that SQL.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

from scoring_model.contract import NOT_EXACT
from scoring_model.errors import FeatureError
from scoring_model.features.feature_sql import History, split_statements

if TYPE_CHECKING:
    import duckdb

_VALUE_ERRORS = ("ConversionException", "InvalidInputException", "OutOfRangeException")
_FILE_ERRORS = ("IOException", "HTTPException")
_SOURCE_COLUMN = re.compile(r"(?:source|converting) column \"?(\w+)")
_CREATES = re.compile(
    r"CREATE\s+(OR\s+REPLACE\s+)?(TEMP\s+|TEMPORARY\s+)?(TABLE|VIEW|MACRO|FUNCTION)\b",
    re.IGNORECASE,
)
# DuckDB's parser calls `WITH x AS (COPY ...) SELECT` a SELECT; the function can hide one in text
_WRITES = re.compile(r"\b(COPY|json_execute_serialized_sql)\b", re.IGNORECASE)
# begins the error of a whole number that a double cannot hold
ROUNDED = "rounded number:"
_LOCKED: Mapping[str, Any] = {
    "python_enable_replacements": False,
    "allow_persistent_secrets": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    # must come after the paths: they can only be set while files are allowed
    "enable_external_access": False,
}


class FeatureDatabases(NamedTuple):
    """Two databases in memory.

    Attributes
    ----------
    reading : duckdb.DuckDBPyConnection
        Reads the tables from files. Never run the SQL of a version in it.
    sealed : duckdb.DuckDBPyConnection
        Runs the SQL of a version. It gets the tables from `reading`, row by row.
    """

    reading: "duckdb.DuckDBPyConnection"
    sealed: "duckdb.DuckDBPyConnection"


def open_sealed(
    memory_limit: str, *, folder: str = "", output: str = "", first: Sequence[str] = ()
) -> "duckdb.DuckDBPyConnection":
    """Open an empty database for the SQL of a version.

    DuckDB itself refuses every file, address, extension and change of settings.

    Parameters
    ----------
    memory_limit : str
        Such as `4GB`.
    folder : str
        An empty folder for data that exceed the limit. Without it, all data stay in memory.
    output : str
        The one file that `write_rows` may write. It must not exist yet: DuckDB cannot tell reading
        it from writing it.
    first : sequence of str
        Statements to run before the settings are locked.

    Raises
    ------
    FeatureError
        `memory_limit` is not a valid size.
    """
    import duckdb

    # a database in a file would compress its tables, which takes longer than moving the data that
    # exceed the memory to disk
    connection = duckdb.connect(":memory:")
    paths = {
        "temp_directory": f"{folder}/spill" if folder else "",
        "allowed_paths": [output] if output else [],
    }
    try:
        _limit_memory(connection, memory_limit)
        for statement in first:
            connection.execute(statement)
        for name, value in {**paths, **_LOCKED}.items():
            connection.execute(f"SET {name} = ?", [value])
        connection.execute("SET lock_configuration = true")
    except BaseException:
        connection.close()
        raise
    return connection


def _limit_memory(connection: "duckdb.DuckDBPyConnection", memory_limit: str) -> None:
    import duckdb

    try:
        connection.execute("SET memory_limit = ?", [memory_limit])
    except duckdb.Error as error:
        raise FeatureError(
            f"memory_limit must be a size such as 4GB, got {memory_limit!r}"
        ) from error


@contextmanager
def open_duckdb(
    memory_limit: str, folder: str = "", output: str = ""
) -> Iterator[FeatureDatabases]:
    """Open a database that reads tables, and a sealed one; for parameters see `open_sealed`."""
    import duckdb

    with (
        closing(open_sealed(memory_limit, folder=folder, output=output)) as sealed,
        closing(duckdb.connect(":memory:")) as reading,
    ):
        # it only passes rows on, so it needs little memory and no folder
        _limit_memory(reading, memory_limit)
        reading.execute("SET temp_directory = ''")
        yield FeatureDatabases(reading, sealed)


def statements_of(history: History) -> list[str]:
    """Return the statements of a history; refuse those that could do more than compute.

    Parameters
    ----------
    history : History

    Raises
    ------
    FeatureError
        A statement is neither a SELECT nor creates a table, view or macro, or it has the word COPY.
    """
    import duckdb

    statements = split_statements(history.sql)
    for statement in statements:
        with duckdb_errors(f"features of {history.table}"):
            kinds = {part.type for part in duckdb.extract_statements(statement)}
        creates = kinds == {duckdb.StatementType.CREATE} and _CREATES.match(statement)
        if _WRITES.search(statement) or not (creates or kinds == {duckdb.StatementType.SELECT}):
            raise FeatureError(
                f"features of {history.table}: each statement must be a SELECT or create a table, "
                "a view or a macro, without the word COPY"
            )
    return statements


def to_literal(text: str) -> str:
    """Return text as an SQL literal, for statements that accept no bound parameters."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def duckdb_errors(where: str) -> Iterator[None]:
    """Turn DuckDB's errors into one line that holds no value of a row and no path."""
    import duckdb

    try:
        yield
    except duckdb.Error as error:
        raise FeatureError(f"{where}: {_explain(error)}") from error


def _explain(error: "duckdb.Error") -> str:
    text, kind = str(error), type(error).__name__
    if kind == "PermissionException" or "configuration has been locked" in text:
        return "the SQL of a version must not use files, extensions or settings"
    if kind in _FILE_ERRORS:
        return "a file cannot be read or written"
    if kind in _VALUE_ERRORS:
        column = _SOURCE_COLUMN.search(text)
        named = f"column {column[1]!r}" if column else "a column"
        if ROUNDED in text:
            return f"{named} {NOT_EXACT}"
        return f"{named} holds a value of the wrong type"
    return text.partition("\n")[0]

"""`spool`: ask a database once, and keep its answer as a Parquet file with exact types."""

import os
import re
import shutil
import tempfile
import warnings
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pyarrow as pa
import pyarrow.parquet as pq
import sqlalchemy as sa
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, NoSuchTableError, SQLAlchemyError

from scoring_model.contract import BATCH_ROWS, ParquetTable
from train.errors import InputError, reason_of
from train.tables.files import hide_password
from train.tables.typed_cells import common_schema, to_column

_VARIABLE = re.compile(r"\$\{([^}]*)\}")
# a colon that SQLAlchemy would take for the sign of a parameter
_COLON = re.compile(r"(?<![:\w\\]):(?=\w)")
_NAME_PARTS = re.compile(r'"((?:[^"]|"")+)"|([^."]+)')


class _Spool:
    """The answer of a database on disk; the file goes with the last reader."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="table-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)

    def __call__(self) -> Any:
        return pa.OSFile(str(self.folder / "rows.parquet"))


def fill_variables(url: str) -> str:
    """Replace each `${NAME}` by the environment variable; raises `InputError` if one is not set."""

    def value(match: re.Match[str]) -> str:
        if (text := os.environ.get(match[1])) is None:
            shown = hide_password(url)
            raise InputError(f"{shown}: the environment variable {match[1]} is not set")
        # a user or a password may hold signs that mean something in a URL
        is_account = "@" in url[match.end() :] and "://" in url[: match.start()]
        return quote_plus(text) if is_account else text

    return _VARIABLE.sub(value, url)


def read_database(url: str, query: str, table: str) -> ParquetTable:
    """Return the rows of a query or a table, read once with bounded memory.

    Parameters
    ----------
    url : str
        SQLAlchemy URL. `${NAME}` is replaced by the environment variable.
    query, table : str
        SQL, or the name of a table with its schema if needed; one of them.

    Raises
    ------
    InputError
        The database cannot be reached or asked. No message holds the password.
    """
    spool = _Spool()
    with connect(url) as connection:
        asked = connection.execution_options(stream_results=True, max_row_buffer=BATCH_ROWS)
        with warnings.catch_warnings():
            # of types that SQLAlchemy does not know; their values come as the driver gives them
            warnings.simplefilter("ignore", sa.exc.SAWarning)
            statement = sa.text(_COLON.sub(r"\\:", query)) if query else _select(connection, table)
            result = asked.execute(statement)
        names = list(result.keys())
        parts = (_to_batch(names, rows) for rows in result.partitions(BATCH_ROWS))
        _write_parts(names, parts, spool.folder)
    return ParquetTable(spool)


@contextmanager
def connect(url: str, deed: str = "read") -> Iterator[sa.Connection]:
    """Open a connection; all errors of the block become an `InputError` without the password.

    `deed` is `read` or `written`, for messages. A file of SQLite must exist to be read.
    """
    shown = hide_password(url)
    try:
        address = sa.make_url(fill_variables(url))
        if deed == "read":
            _require_file(address)
        engine = sa.create_engine(address, poolclass=sa.NullPool)
    except NoSuchModuleError as error:
        raise InputError(
            f"{shown}: cannot be read: {url.partition('://')[0]}:// is neither a place of files "
            "nor a database that SQLAlchemy knows"
        ) from error
    except ArgumentError as error:
        raise InputError(f"{shown}: is not the URL of a database") from error
    except ImportError as error:
        raise InputError(
            f"{shown}: the Python package {error.name}, the driver of this database, is not "
            "installed"
        ) from error
    try:
        with engine.connect() as connection:
            yield connection
    except NoSuchTableError as error:
        raise InputError(f"{shown}: there is no table {str(error)!r}") from error
    except (SQLAlchemyError, OSError, ValueError, pa.ArrowException) as error:
        reason = _without_password(reason_of(getattr(error, "orig", None) or error), address)
        raise InputError(f"{shown}: cannot be {deed}: {reason}") from None


def _without_password(message: str, address: sa.URL) -> str:
    # a password with an at that is not written as %40 goes on into the host
    host = (address.host or "").rpartition("@")[0]
    for secret in (address.password, host, address.query.get("password")):
        message = message.replace(str(secret), "***") if secret else message
    return message


def split_name(table: str) -> tuple[str | None, str]:
    """Return schema and name of a table; a part with a dot stands in double quotes."""
    parts = [quoted.replace('""', '"') or plain for quoted, plain in _NAME_PARTS.findall(table)]
    if len(parts) not in (1, 2):
        raise InputError(f"table {table!r} must be a name, or a schema and a name with a dot")
    return (parts[0] if len(parts) == 2 else None), parts[-1]


def _require_file(address: sa.URL) -> None:
    """Refuse a file of SQLite that does not exist: to connect would create an empty one."""
    name = address.database or ":memory:"
    is_file = address.get_backend_name() == "sqlite" and not name.startswith((":memory:", "file:"))
    if is_file and not Path(name).is_file():
        raise InputError(f"{address}: no such file")


def _select(connection: sa.Connection, name: str) -> Any:
    schema, bare = split_name(name)
    table = sa.Table(bare, sa.MetaData(), schema=schema, autoload_with=connection)
    if connection.dialect.name == "sqlite":
        for column in table.columns:
            if isinstance(column.type, sa.Numeric):
                # SQLite stores no decimal numbers, but doubles
                column.type = sa.Float()
    return sa.select(table)


def _to_batch(names: list[str], rows: Any) -> pa.RecordBatch:
    columns = [to_column(cells) for cells in zip(*rows, strict=True)]
    return pa.RecordBatch.from_arrays(columns, names)


def _write_parts(names: list[str], parts: Iterator[pa.RecordBatch], folder: Path) -> None:
    """Write batches into one file. Their types are known only after the last one."""
    schemas = []
    for number, part in enumerate(parts):
        schemas.append(part.schema)
        name = str(folder / f"{number}.arrow")
        with pa.OSFile(name, "wb") as file, pa.ipc.new_file(file, part.schema) as writer:
            writer.write_batch(part)
    schema = common_schema(schemas or [pa.schema([(name, pa.null()) for name in names])])
    with pq.ParquetWriter(folder / "rows.parquet", schema) as writer:
        for number in range(len(schemas)):
            path = folder / f"{number}.arrow"
            with pa.OSFile(str(path)) as file, pa.ipc.open_file(file) as reader:
                writer.write_table(reader.read_all().cast(schema))
            path.unlink()

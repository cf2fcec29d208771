"""`write_batches`: write rows into a new table of a database, all of them or none."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from train.errors import InputError
from train.tables.database import connect, split_name

# any other type becomes text
_SQL_TYPES = (
    (pa.types.is_boolean, sa.Boolean),
    (pa.types.is_integer, sa.BigInteger),
    (pa.types.is_floating, sa.Double),
    (pa.types.is_date, sa.Date),
)


def write_batches(
    batches: Iterable[pa.RecordBatch], schema: pa.Schema, url: str, table: str
) -> None:
    """Create a table and write rows into it in one transaction.

    Parameters
    ----------
    batches : iterable of pyarrow.RecordBatch
        All with the names of `schema`.
    schema : pyarrow.Schema
        Names and types: numbers, text, yes/no, days and times.
    url : str
        SQLAlchemy URL. `${NAME}` is replaced by the environment variable.
    table : str
        Name of the table, with its schema if needed. It must not exist.

    Raises
    ------
    InputError
        The table exists, or the database refuses. Nothing is then written.
    """
    where, name = split_name(table)
    columns = [sa.Column(field.name, _sql_type(field.type)) for field in schema]
    target = sa.Table(name, sa.MetaData(), *columns, schema=where)
    with connect(url, "written") as connection:
        if connection.dialect.name == "sqlite":
            # Python's driver would commit a new table at once
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        if sa.inspect(connection).has_table(name, schema=where):
            raise InputError(f"table {table!r} exists: name a new one, or drop it first")
        target.create(connection)
        for batch in batches:
            if rows := batch.to_pylist():
                connection.execute(sa.insert(target), rows)
        connection.commit()


def _sql_type(kind: pa.DataType) -> Any:
    if pa.types.is_decimal(kind):
        return sa.Numeric(kind.precision, kind.scale)
    if pa.types.is_timestamp(kind):
        return sa.DateTime(timezone=kind.tz is not None)
    return next((make() for is_kind, make in _SQL_TYPES if is_kind(kind)), sa.Text())

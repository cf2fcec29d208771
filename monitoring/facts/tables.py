"""`FactTables`: tables of facts that SQL is asked about, wherever they are stored."""

import datetime
from collections.abc import Iterable
from typing import Any, Protocol

import pyarrow as pa

DECISIONS = pa.schema(
    [
        ("id", pa.string()),
        # text, or a digest of it; null if there is none, or it was erased
        ("reference", pa.string()),
        # whether the reference is a digest; false without a reference
        ("is_digest", pa.bool_()),
        ("is_erased", pa.bool_()),
        ("month", pa.int32()),
        ("day", pa.date32()),
        ("manifest", pa.string()),
        ("probability", pa.float64()),
        ("score", pa.int32()),
        # costs of a wrong decision; null if they are not known
        ("false_negative_cost", pa.float64()),
        ("false_positive_cost", pa.float64()),
        # raw log-odds of the booster; null unless they were asked for
        ("margin", pa.float64()),
    ]
)
"""Columns of the table `decisions`."""

OUTCOMES = pa.schema(
    [
        # the id of the decision, or the reference as the log keeps it
        ("key", pa.string()),
        # the reference itself; null if the key is an id. Decisions from a time without a secret
        # have it, also if the key is its digest
        ("plain", pa.string()),
        ("observed_on", pa.date32()),
        ("defaulted", pa.int32()),
        ("amount_lost", pa.float64()),
    ]
)
"""Columns of the table `outcomes`."""


class FactTables(Protocol):
    """Tables that SQL is asked about. The SQL must mean the same in DuckDB and in Spark."""

    def load(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """Make a table of record batches."""
        ...

    def define(self, name: str, sql: str) -> None:
        """Make a table of the rows that a query returns; they are computed once."""
        ...

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query, few enough for this process."""
        ...

    def columns(self, sql: str) -> pa.Table:
        """Return the rows of a query as a table, for queries with many rows."""
        ...


def sql_date(day: datetime.date) -> str:
    """Return a day as SQL."""
    return f"DATE '{day.isoformat()}'"

"""`ApplicantEngine`: runs the feature SQL of a version on the rows of one applicant."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from scoring_model.errors import FeatureError
from scoring_model.features.feature_sql import FeatureSql, History, is_select
from scoring_model.features.sealed_duckdb import (
    duckdb_errors,
    open_sealed,
    statements_of,
    to_literal,
)

Rows = Sequence[Mapping[str, Any]]
MEMORY_LIMIT = "1GB"


class ApplicantEngine:
    """Computes one applicant's features with prepared statements; for one thread at a time.

    Planning hundreds of aggregates takes longer than computing them for one applicant. Therefore
    they are planned only once, on empty tables. The rows of an applicant are inserted in a
    transaction that is always rolled back.

    Parameters
    ----------
    features : FeatureSql

    Raises
    ------
    FeatureError
        A statement of the SQL is not allowed, or fails.
    """

    def __init__(self, features: FeatureSql) -> None:
        statements = {h.table: statements_of(h) for h in features.histories}
        # without the optimizer a plan is good enough for a few rows, and it starts faster: DuckDB
        # makes an optimized plan again at every run
        first = ("SET threads = 1", "PRAGMA disable_optimizer")
        self._connection = open_sealed(MEMORY_LIMIT, first=first)
        self._key = features.key
        self._families: list[tuple[str, tuple[str, ...]]] = []
        for history in features.histories:
            self._prepare_table(history)
        for history in features.histories:
            with duckdb_errors(f"features of {history.table}"):
                self._prepare_families(history, statements[history.table])

    def compute(self, tables: Mapping[str, Rows]) -> dict[str, float | None]:
        """Return the features of one applicant, with None for a missing value.

        Parameters
        ----------
        tables : mapping of str to sequence of mapping
            Rows of each table, with the columns that the SQL reads. All rows have the same key.

        Raises
        ------
        FeatureError
            A statement fails on these rows, or gives more than one row.
        """
        self._connection.execute("BEGIN")
        try:
            for table, rows in tables.items():
                if rows:
                    text = to_literal(orjson.dumps(rows).decode())
                    with duckdb_errors(f"table {table}"):
                        self._connection.execute(f"EXECUTE put_{table}({text})")
            computed: dict[str, float | None] = {}
            for number, (table, names) in enumerate(self._families):
                with duckdb_errors(f"features of {table}"):
                    found = self._connection.execute(f"EXECUTE family_{number}").fetchmany(2)
                if len(found) > 1:
                    raise FeatureError(
                        f"features of {table}: a SELECT returns several rows for one {self._key!r}"
                    )
                values = found[0] if found else (None,) * len(names)
                computed.update(zip(names, map(_as_double, values), strict=True))
        finally:
            self._connection.execute("ROLLBACK")
        del computed[self._key]
        return computed

    def _prepare_table(self, history: History) -> None:
        columns = [f'"{name}" {kind}' for name, kind in history.columns.items()]
        values = [f'r."{name}"' for name in history.columns]
        shape = to_literal(json.dumps([dict(history.columns)]))
        rows = f"SELECT unnest(from_json($1, {shape})) AS r"
        put = f"PREPARE put_{history.table} AS INSERT INTO {history.table}"
        self._connection.execute(f"CREATE TABLE {history.table} ({', '.join(columns)})")
        self._connection.execute(f"{put} SELECT {', '.join(values)} FROM ({rows})")

    def _prepare_families(self, history: History, statements: list[str]) -> None:
        for statement in statements:
            if not is_select(statement):
                self._connection.execute(statement)
                continue
            described = self._connection.execute(f"DESCRIBE {statement}").fetchall()
            self._connection.execute(f"PREPARE family_{len(self._families)} AS {statement}")
            self._families.append((history.table, tuple(str(row[0]) for row in described)))


def _as_double(value: Any) -> float | None:
    """Return a value as batch scoring casts it to DOUBLE; NaN becomes missing there too."""
    if value is None:
        return None
    number = float(value)
    return None if math.isnan(number) else number

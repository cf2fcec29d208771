"""`ApplicantEngine`: runs the feature SQL of a version on the rows of one applicant."""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from scoring_model.errors import FeatureError
from scoring_model.features.duckdb_engine import duckdb_errors
from scoring_model.features.feature_sql import (
    FeatureSql,
    History,
    is_select,
    split_statements,
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
        A statement of the SQL fails.
    """

    def __init__(self, features: FeatureSql) -> None:
        import duckdb

        # the SQL comes with a version and is not trusted: it must not read files
        settings: dict[str, Any] = {
            "threads": 1,
            "memory_limit": MEMORY_LIMIT,
            "enable_external_access": False,
        }
        self._connection = duckdb.connect(":memory:", config=settings)
        # without the optimizer a plan is good enough for a few rows, and it starts faster: DuckDB
        # makes an optimized plan again at every run
        self._connection.execute("PRAGMA disable_optimizer")
        self._connection.execute("SET lock_configuration = true")
        self._key = features.key
        self._families: list[tuple[str, tuple[str, ...]]] = []
        for history in features.histories:
            self._prepare_table(history)
        for history in features.histories:
            with duckdb_errors(f"features of {history.table}"):
                self._prepare_families(history)

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
                    text = _literal(orjson.dumps(rows).decode())
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
        shape = _literal(json.dumps([dict(history.columns)]))
        rows = f"SELECT unnest(from_json($1, {shape})) AS r"
        put = f"PREPARE put_{history.table} AS INSERT INTO {history.table}"
        self._connection.execute(f"CREATE TABLE {history.table} ({', '.join(columns)})")
        self._connection.execute(f"{put} SELECT {', '.join(values)} FROM ({rows})")

    def _prepare_families(self, history: History) -> None:
        for statement in split_statements(history.sql):
            if not is_select(statement):
                self._connection.execute(statement)
                continue
            described = self._connection.execute(f"DESCRIBE {statement}").fetchall()
            self._connection.execute(f"PREPARE family_{len(self._families)} AS {statement}")
            self._families.append((history.table, tuple(str(row[0]) for row in described)))


def _literal(text: str) -> str:
    """Return text as an SQL literal, since EXECUTE does not accept bound parameters."""
    return "'" + text.replace("'", "''") + "'"


def _as_double(value: Any) -> float | None:
    """Return a value as batch scoring casts it to DOUBLE; NaN becomes missing there too."""
    if value is None:
        return None
    number = float(value)
    return None if math.isnan(number) else number

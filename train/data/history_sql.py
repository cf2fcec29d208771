"""Read the SQL of a portfolio's histories, and find the tables and columns that it reads."""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from scoring_model.features import APPLICATION, FeatureSql, History
from train.data.table_files import find_table, scan
from train.errors import InputError
from train.portfolio import Portfolio
from train.tables import ENDINGS

if TYPE_CHECKING:
    import duckdb

INTEGERS = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
DOUBLES = ("FLOAT", "DOUBLE", "HUGEINT", "UBIGINT")


def find_tables(features: FeatureSql, folder: Path) -> dict[str, str]:
    """Return the path of each table in a folder.

    The table of applicants is the only file whose name begins with `application`.
    """
    return {
        history.table: (
            _find_application(folder)
            if history.table == APPLICATION
            else find_table(folder, history.table)
        )
        for history in features.histories
    }


def _find_application(folder: Path) -> str:
    files = [f for f in sorted(folder.glob("application*")) if f.name.endswith(ENDINGS)]
    if len(files) != 1:
        raise InputError(f"{folder}: must hold one file application*, found {len(files)}")
    return str(files[0])


def read_sql(
    connection: "duckdb.DuckDBPyConnection", portfolio: Portfolio
) -> tuple[FeatureSql, Mapping[str, str]]:
    """Return the SQL of all tables with the types of their columns, and the path of each table."""
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
        described = connection.execute(f"DESCRIBE SELECT * FROM {scan(files[table])}").fetchall()
        columns = {str(row[0]): _plain_type(str(row[1])) for row in described}
        histories.append(History(table, text, columns))
    return FeatureSql(portfolio.key, tuple(histories)), files


def digest_histories(features: FeatureSql, folder: Path) -> str:
    """Return the SHA-256 of the SQL and of the histories' files.

    The computed features are no fingerprint: the last bits of a sum depend on which of DuckDB's
    threads ends first.
    """
    digest = hashlib.sha256(features.to_json().encode())
    for table in (h.table for h in features.histories if h.table != APPLICATION):
        path = Path(find_table(folder, table))
        for file in sorted(path.parent.glob(path.name)):
            with file.open("rb") as opened:
                digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()


def _plain_type(kind: str) -> str:
    """Return BIGINT for any integer type and DOUBLE for other numbers, as widths vary."""
    if kind in INTEGERS:
        return "BIGINT"
    return "DOUBLE" if kind in DOUBLES or kind.startswith("DECIMAL") else kind


def with_used_columns(features: FeatureSql, portfolio: Portfolio) -> FeatureSql:
    """Leave out columns that scoring does not need.

    These are the target, protected and excluded columns, and columns of histories that no SQL
    reads. A column stays if its name occurs anywhere in the SQL.
    """
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


def with_whole_application(features: FeatureSql, described: FeatureSql) -> FeatureSql:
    """Add all columns of the application, which training needs; histories stay as they are."""
    whole = {h.table: h for h in described.histories if h.table == APPLICATION}
    return replace(features, histories=tuple(whole.get(h.table, h) for h in features.histories))

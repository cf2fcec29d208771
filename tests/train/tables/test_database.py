"""Tables of a database: PostgreSQL and SQLite, with exact types, and no password in messages."""

import datetime as dt
import sqlite3
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
import sqlalchemy as sa

from tests.made import make_loans, write_portfolio
from tests.postgres import start_postgres
from train.errors import InputError
from train.portfolio import load_portfolio
from train.tables import Source, hide_password, open_tables, write_batches

ROWS = 70_000
EXPECTED = {
    "loan id": [1, 2, 3],
    "amount": [Decimal("1200.50"), None, Decimal("99999999.99")],
    "rate": [0.25, None, 1e-300],
    "decided": [dt.date(2021, 12, 31), dt.date(1999, 1, 1), None],
    "seen": [dt.datetime(2022, 1, 2, 3, 4, 5), None, None],
    "is_new": [True, False, None],
    "note": ["12:30 :x %s", "", None],
}


def rows_of(source: Source) -> dict[str, list[Any]]:
    (table,) = open_tables(source).tables
    names = table.reader.schema.names
    batches = [batch.records for batch in table.reader.read(names)]
    return dict(pa.Table.from_batches(batches, table.reader.schema).to_pydict())


@pytest.fixture(scope="module")
def postgres() -> Iterator[str]:
    with start_postgres() as uri:
        engine = sa.create_engine(uri)
        with engine.begin() as connection:
            connection.exec_driver_sql(
                'CREATE SCHEMA risk; CREATE TABLE risk."my.loans" ("loan id" bigint, amount '
                "numeric(10, 2), rate double precision, decided date, seen timestamp, is_new "
                "boolean, note text)"
            )
            for row in zip(*EXPECTED.values(), strict=True):
                marks = ", ".join(["%s"] * len(row))
                connection.exec_driver_sql(f'INSERT INTO risk."my.loans" VALUES ({marks})', row)
            connection.exec_driver_sql(
                "CREATE TABLE late AS "
                "SELECT n AS id, CASE WHEN n > 69990 THEN n / 4.0 END AS ratio "
                f"FROM generate_series(1, {ROWS}) AS n"
            )
        engine.dispose()
        yield uri


@pytest.mark.slow
def test_a_table_of_postgres_keeps_values_and_types(postgres: str) -> None:
    assert rows_of(Source(postgres, table='risk."my.loans"')) == EXPECTED


@pytest.mark.slow
def test_a_query_keeps_its_signs(postgres: str) -> None:
    query = (
        'SELECT "loan id", amount::text AS t, \'12:30\' AS h FROM risk."my.loans" '
        "WHERE note LIKE '12:30 :x %' OR note = '%(a)s'"
    )
    assert rows_of(Source(postgres, query=query)) == {
        "loan id": [1],
        "t": ["1200.50"],
        "h": ["12:30"],
    }


@pytest.mark.slow
def test_values_that_come_late_have_their_type(postgres: str) -> None:
    rows = rows_of(Source(postgres, query="SELECT * FROM late ORDER BY id"))
    assert rows["id"] == list(range(1, ROWS + 1))
    assert rows["ratio"][:69_990] == [None] * 69_990
    assert [float(ratio) for ratio in rows["ratio"][69_990:]] == [
        n / 4 for n in range(69_991, 70_001)
    ]


@pytest.mark.slow
def test_reading_changes_nothing(postgres: str) -> None:
    query = "WITH gone AS (DELETE FROM late RETURNING id) SELECT count(*) AS n FROM gone"
    with pytest.raises(InputError):
        rows_of(Source(postgres, query=query))
    assert rows_of(Source(postgres, query="SELECT count(*) AS n FROM late")) == {"n": [ROWS]}


@pytest.mark.slow
def test_what_was_written_to_postgres_is_read_back(postgres: str) -> None:
    written = pa.table(
        {
            "key": ["a", "b"],
            "probability": [0.1, 2 / 3],
            "score": pa.array([1, None], pa.int64()),
            "on": pa.array([dt.date(2021, 1, 2), None]),
            "is_new": [True, None],
        }
    )
    write_batches(iter(written.to_batches()), written.schema, postgres, "risk.decisions")
    assert rows_of(Source(postgres, table="risk.decisions")) == written.to_pydict()
    with pytest.raises(InputError, match=r"table 'risk.decisions' exists: name a new one"):
        write_batches(iter(written.to_batches()), written.schema, postgres, "risk.decisions")


@pytest.fixture
def sqlite(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "loans.db") as connection:
        connection.execute(
            "CREATE TABLE loans (id INTEGER, amount NUMERIC, on_day DATE, ok BOOLEAN)"
        )
        rows = [(1, 2.5, "2021-01-02", 1), (2, None, None, None)]
        connection.executemany("INSERT INTO loans VALUES (?, ?, ?, ?)", rows)
    connection.close()
    return f"sqlite:///{tmp_path}/loans.db"


def test_a_table_of_sqlite_has_its_declared_types(sqlite: str) -> None:
    assert rows_of(Source(sqlite, table="loans")) == {
        "id": [1, 2],
        "amount": [2.5, None],
        "on_day": [dt.date(2021, 1, 2), None],
        "ok": [True, None],
    }


def test_a_table_without_rows_has_its_columns(sqlite: str) -> None:
    assert rows_of(Source(sqlite, query="SELECT id FROM loans WHERE id > 9")) == {"id": []}


def test_all_rows_are_written_or_none(sqlite: str) -> None:
    schema = pa.schema([("id", pa.int64())])

    def batches() -> Iterator[pa.RecordBatch]:
        yield pa.record_batch({"id": [1, 2]})
        raise ValueError("the second part is broken")

    with pytest.raises(InputError, match="the second part is broken"):
        write_batches(batches(), schema, sqlite, "decisions")
    write_batches(iter([pa.record_batch({"id": [3]})]), schema, sqlite, "decisions")
    assert rows_of(Source(sqlite, table="decisions")) == {"id": [3]}


def test_a_relative_file_of_sqlite_lies_beside_the_portfolio(sqlite: str) -> None:
    folder = Path(sqlite.removeprefix("sqlite:///")).parent
    path = write_portfolio(folder, make_loans(10))
    text = path.read_text(encoding="utf-8")
    text = text.replace('"loans.parquet"', '"sqlite:///loans.db"\ntable = "loans"')
    path.write_text(text, encoding="utf-8")
    assert rows_of(Source.of(load_portfolio(path)))["id"] == [1, 2]


@pytest.mark.parametrize(
    ("url", "rule"),
    [
        ("mysql://u:secret@h/x", "the Python package MySQLdb, the driver of this database"),
        (
            "what://u:secret@h/x",
            "cannot be read: what:// is neither a place of files nor a database",
        ),
        ("postgresql://u:${H4_NOT_SET}@h/x", "the environment variable H4_NOT_SET is not set"),
        ("postgresql://u:sec@ret@127.0.0.1:1/x", "cannot be read: "),
        ("postgresql://u:${SECRET}@127.0.0.1:1/x", "cannot be read: connection failed"),
        ("sqlite:///{folder}/loans.db", "there is no table 'none'"),
        ("sqlite:///{folder}/nowhere/loans.db", "no such file"),
    ],
)
def test_what_is_wrong_with_a_database_is_one_line(
    sqlite: str, monkeypatch: pytest.MonkeyPatch, url: str, rule: str
) -> None:
    monkeypatch.setenv("SECRET", "sec@ret")
    url = url.replace("{folder}", str(Path(sqlite.removeprefix("sqlite:///")).parent))
    with pytest.raises(InputError) as raised:
        open_tables(Source(url, table="none"))
    message = str(raised.value)
    assert rule in message
    assert "\n" not in message
    assert "sec" not in message
    assert "ret" not in message


def test_a_file_that_does_not_exist_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none.db: no such file$"):
        open_tables(Source(f"sqlite:///{tmp_path}/none.db", table="loans"))
    assert list(tmp_path.iterdir()) == []


def test_two_columns_of_one_name_are_named(sqlite: str) -> None:
    with pytest.raises(InputError, match=r"loans.db: column 'id' must not repeat$"):
        open_tables(Source(sqlite, query="SELECT id, amount AS id FROM loans"))


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p@h:1/d", "postgresql://u:***@h:1/d"),
        ("postgresql://u:p@q/w@h/d", "postgresql://u:***@h/d"),
        ("postgresql://h/d?user=u&password=p&x=1", "postgresql://h/d?user=u&password=***&x=1"),
        ("https://h/x.csv?X-Amz-Signature=p", "https://h/x.csv?X-Amz-Signature=***"),
        ("https://h:8080/x.csv", "https://h:8080/x.csv"),
        ("/folder/a:b@c.csv", "/folder/a:b@c.csv"),
    ],
)
def test_a_password_is_hidden(url: str, shown: str) -> None:
    assert hide_password(url) == shown

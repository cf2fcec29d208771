"""Files are read in order, in bounded batches, and every row keeps its number."""

import sqlite3
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from train.batch.input_tables import Position, read_batches, read_schema, stamp_tables
from train.errors import InputError
from train.tables import NamedTable, Source, open_tables


def write_csv(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(["key,value", *lines]) + "\n", encoding="utf-8")
    return path


def open_all(place: object) -> tuple[NamedTable, ...]:
    return open_tables(Source(str(place))).tables


def test_the_stamps_of_tables_change_with_their_files(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", ["1,2"])
    opened = open_tables(Source(str(write_csv(tmp_path / "b.csv", ["1,2"]))))
    before = stamp_tables(opened)
    assert before == stamp_tables(opened)
    write_csv(tmp_path / "a.csv", ["5,6"])
    assert before == stamp_tables(opened)
    write_csv(tmp_path / "b.csv", ["1,2", "3,4"])
    assert before != stamp_tables(opened)


def test_nobody_knows_whether_a_database_has_changed(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "loans.db") as database:
        database.execute("CREATE TABLE loans AS SELECT 1 AS key, 2 AS value")
    opened = open_tables(Source(f"sqlite:///{tmp_path}/loans.db", table="loans"))
    assert stamp_tables(opened) != stamp_tables(opened)


def test_parquet_can_be_read_from_any_row(tmp_path: Path) -> None:
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for number, file in enumerate(files):
        table = pa.table({"key": np.arange(100) + 100 * number, "other": np.zeros(100)})
        pq.write_table(table, file, row_group_size=30)
    starts = (Position(), Position(0, 45), Position(0, 100), Position(1, 60, 100))
    for start in starts:
        batches = list(read_batches(open_all(tmp_path), ["key", "absent"], start))
        keys = np.concatenate([batch.records.column("key").to_numpy() for batch in batches])
        np.testing.assert_array_equal(keys, np.arange(start.file * 100 + start.row, 200))
        assert batches[-1].end == Position(1, 100, 100)
        assert all(batch.records.schema.names == ["key"] for batch in batches)


def test_broken_csv_lines_do_not_change_the_numbers_of_other_rows(tmp_path: Path) -> None:
    lines = ["0,a", "1", '2,"b\n,c"', "3,d,e", "4,", "5", "6"]
    file = write_csv(tmp_path / "body.csv", lines)
    for first in range(7):
        rows: list[int] = []
        broken: list[int] = []
        for batch in read_batches(open_all(file), ["key", "value"], Position(0, first)):
            assert batch.rows.tolist() == [int(k) for k in batch.records.column("key").to_pylist()]
            rows += batch.rows.tolist()
            broken += batch.broken
            end = batch.end
        assert rows == [row for row in (0, 2, 4) if row >= first]
        assert broken == [row for row in (1, 3, 5, 6) if row >= first]
        assert end == Position(0, 7)


def test_csv_values_are_text_or_missing(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "body.csv", ["007,NaN", "008,", "009,0"])
    (batch,) = read_batches(open_all(file), ["key", "value"], Position())
    assert batch.records.to_pydict() == {"key": ["007", "008", "009"], "value": [None, None, "0"]}


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "must have a heading"),
        (b"key,key\n1,2\n", "must not repeat"),
    ],
)
def test_a_csv_file_that_cannot_be_used_is_refused(
    tmp_path: Path, content: bytes, rule: str
) -> None:
    file = tmp_path / "body.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match=rule):
        read_schema(*open_all(file))


def test_an_incomplete_file_is_named_in_the_error(tmp_path: Path) -> None:
    file = tmp_path / "body.parquet"
    pq.write_table(pa.table({"key": np.arange(10)}), file)
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(InputError, match=r"body\.parquet: cannot be read"):
        list(read_batches(open_all(file), ["key"], Position()))

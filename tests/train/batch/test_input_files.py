"""Files are read in order, in bounded batches, and every row keeps its number."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from train.batch.input_files import Position, find_files, read_batches, read_schema
from train.errors import InputError


def write_csv(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(["key,value", *lines]) + "\n", encoding="utf-8")
    return path


def test_a_path_a_folder_or_a_glob_gives_files_in_order(tmp_path: Path) -> None:
    for name in ("b.csv", "a.parquet", "notes.txt"):
        (tmp_path / name).touch()
    assert find_files(str(tmp_path / "b.csv")) == [tmp_path / "b.csv"]
    assert [f.name for f in find_files(str(tmp_path))] == ["a.parquet", "b.csv"]
    assert [f.name for f in find_files(f"{tmp_path}/*.csv")] == ["b.csv"]


@pytest.mark.parametrize(
    ("pattern", "rule"),
    [("none.csv", "no such file"), ("*.orc", "no such file"), ("notes.txt", "must end in")],
)
def test_a_pattern_without_files_is_refused(tmp_path: Path, pattern: str, rule: str) -> None:
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=rule):
        find_files(str(tmp_path / pattern))


def test_parquet_can_be_read_from_any_row(tmp_path: Path) -> None:
    files = [tmp_path / "a.parquet", tmp_path / "b.parquet"]
    for number, file in enumerate(files):
        table = pa.table({"key": np.arange(100) + 100 * number, "other": np.zeros(100)})
        pq.write_table(table, file, row_group_size=30)
    for start in (Position(), Position(0, 45), Position(0, 100), Position(1, 60), Position(1, 99)):
        batches = list(read_batches(files, ["key", "absent"], start))
        keys = np.concatenate([batch.records.column("key").to_numpy() for batch in batches])
        np.testing.assert_array_equal(keys, np.arange(start.file * 100 + start.row, 200))
        assert batches[-1].end == Position(1, 100)
        assert all(batch.records.schema.names == ["key"] for batch in batches)


def test_broken_csv_lines_do_not_change_the_numbers_of_other_rows(tmp_path: Path) -> None:
    lines = ["0,a", "1", '2,"b\n,c"', "3,d,e", "4,", "5", "6"]
    file = write_csv(tmp_path / "body.csv", lines)
    for first in range(7):
        rows: list[int] = []
        broken: list[int] = []
        for batch in read_batches([file], ["key", "value"], Position(0, first)):
            assert batch.rows.tolist() == [int(k) for k in batch.records.column("key").to_pylist()]
            rows += batch.rows.tolist()
            broken += batch.broken
            end = batch.end
        assert rows == [row for row in (0, 2, 4) if row >= first]
        assert broken == [row for row in (1, 3, 5, 6) if row >= first]
        assert end == Position(0, 7)


def test_csv_values_are_text_or_missing(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "body.csv", ["007,NaN", "008,", "009,0"])
    (batch,) = read_batches([file], ["key", "value"], Position())
    assert batch.records.to_pydict() == {"key": ["007", "008", "009"], "value": [None, None, "0"]}


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "must have a heading"),
        (b"k\xe9y\n1\n", "not in UTF-8"),
        (b"key,key\n1,2\n", "must not repeat"),
    ],
)
def test_a_csv_file_that_cannot_be_used_is_refused(
    tmp_path: Path, content: bytes, rule: str
) -> None:
    file = tmp_path / "body.csv"
    file.write_bytes(content)
    with pytest.raises(InputError, match=rule):
        read_schema(file)


def test_an_incomplete_file_is_named_in_the_error(tmp_path: Path) -> None:
    file = tmp_path / "body.parquet"
    pq.write_table(pa.table({"key": np.arange(10)}), file)
    file.write_bytes(file.read_bytes()[:-8])
    with pytest.raises(InputError, match=r"body\.parquet: cannot be read"):
        list(read_batches([file], ["key"], Position()))

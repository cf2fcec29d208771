"""One reader interface for Parquet and CSV, in files and in memory, from any first row."""

import gzip
import io
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pandas._libs.parsers import STR_NA_VALUES  # type: ignore[import-not-found]  # no stub

from scoring_model.contract import CSV_MISSING, CsvTable, ParquetTable, TableReader

ROWS = 100
TABLE = pa.table({"key": np.arange(ROWS), "text": [f"t{row % 7}" for row in range(ROWS)]})


def parquet(**options: Any) -> bytes:
    buffer = io.BytesIO()
    pq.write_table(TABLE, buffer, row_group_size=30, **options)
    return buffer.getvalue()


def csv(content: str | bytes) -> CsvTable:
    body = content.encode() if isinstance(content, str) else content
    return CsvTable(partial(pa.BufferReader, body))


def csv_of_table() -> bytes:
    return bytes(TABLE.to_pandas().to_csv(index=False).encode())


def of_file(name: str, content: bytes) -> Callable[[Path], TableReader]:
    def make(folder: Path) -> TableReader:
        path = folder / name
        path.write_bytes(gzip.compress(content) if name.endswith(".gz") else content)
        if ".csv" in name:
            return CsvTable(partial(pa.input_stream, str(path)))
        return ParquetTable(partial(pa.OSFile, str(path)))

    return make


READERS: dict[str, Callable[[Path], TableReader]] = {
    "parquet file": of_file("table.parquet", parquet()),
    "parquet bytes": lambda _: ParquetTable(partial(pa.BufferReader, parquet())),
    "texts once": lambda _: ParquetTable(partial(pa.BufferReader, parquet()), texts_once=True),
    "csv file": of_file("table.csv", csv_of_table()),
    "csv.gz file": of_file("table.csv.gz", csv_of_table()),
    "csv bytes": lambda _: csv(csv_of_table()),
}


@pytest.mark.parametrize("first", [0, 1, 29, 30, 75, 99, 100])
@pytest.mark.parametrize("make", READERS.values(), ids=READERS)
def test_reading_starts_at_any_row(
    tmp_path: Path, make: Callable[[Path], TableReader], first: int
) -> None:
    table = make(tmp_path)
    assert table.schema.names == ["key", "text"]
    assert table.row_count == (None if table.is_text else ROWS)
    batches = list(table.read(["text", "key"], first))
    assert all(batch.records.schema.names == ["text", "key"] for batch in batches)
    rows = [row for batch in batches for row in batch.rows.tolist()]
    keys = [int(key) for batch in batches for key in batch.records.column("key").to_pylist()]
    texts = [text for batch in batches for text in batch.records.column("text").to_pylist()]
    assert rows == keys == list(range(first, ROWS))
    assert texts == [f"t{row % 7}" for row in rows]
    assert not batches or batches[-1].end == ROWS


@pytest.mark.parametrize("make", READERS.values(), ids=READERS)
def test_rows_are_counted_without_columns_too(
    tmp_path: Path, make: Callable[[Path], TableReader]
) -> None:
    batches = list(make(tmp_path).read([], 10))
    assert sum(batch.records.num_rows for batch in batches) == ROWS - 10
    assert all(batch.records.num_columns == 0 for batch in batches)


def test_equal_texts_are_stored_once() -> None:
    table = ParquetTable(partial(pa.BufferReader, parquet()), texts_once=True)
    for batch in table.read(["key", "text"]):
        assert len(batch.records.column("text").dictionary) == 7
        assert batch.records.column("key").type == pa.int64()


@pytest.mark.parametrize("encoding", ["DELTA_BYTE_ARRAY", "DELTA_LENGTH_BYTE_ARRAY"])
def test_texts_stored_as_deltas_are_read(encoding: str) -> None:
    body = parquet(use_dictionary=False, column_encoding={"text": encoding})
    table = ParquetTable(partial(pa.BufferReader, body), texts_once=True)
    texts = [text for batch in table.read(["text"]) for text in batch.records["text"].to_pylist()]
    assert texts == TABLE["text"].to_pylist()


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_broken_lines_do_not_change_the_numbers_of_other_rows(end: str) -> None:
    lines = ["", "key,value", "0,a", "", "1", '2,"b\n,c"', "3,d,e", "4,", "5", "", "6"]
    for first in range(8):
        batches = list(csv(end.join(lines)).read(["key"], first))
        rows = [row for batch in batches for row in batch.rows.tolist()]
        keys = [int(key) for batch in batches for key in batch.records.column("key").to_pylist()]
        assert rows == keys == [row for row in (0, 2, 4) if row >= first]
        broken = [row for batch in batches for row in batch.broken]
        assert broken == [row for row in (1, 3, 5, 6) if row >= first]
        assert not batches or batches[-1].end == 7


@pytest.mark.parametrize(
    ("content", "names", "rows"),
    [
        ("a,b", ["a", "b"], 0),
        ("a,b\n", ["a", "b"], 0),
        ("a,b\n\n", ["a", "b"], 0),
        ("\n\na,b\n1,2", ["a", "b"], 1),
        ("\ufeffa,b\n1,2\n", ["a", "b"], 1),
        (',"b\nc"\n1,2\n', ["Unnamed: 0", "b\nc"], 1),
        ('a\n1\n\n""\n', ["a"], 2),
        ('a,b\n1,"x\ny"\n', ["a", "b"], 1),
    ],
)
def test_headings_and_blank_lines_are_not_rows(content: str, names: list[str], rows: int) -> None:
    table = csv(content)
    assert table.schema.names == names
    assert sum(batch.records.num_rows for batch in table.read(names)) == rows


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "must have a heading"),
        (b"\n\n", "must have a heading"),
        (b'"a,b\n1,2\n', "heading is not CSV"),
        (b"a\xe9,b\n1,2\n", "can't decode"),
        (b"a,b\n" + b"1,2\n" * 9000 + b"1,\xe9\n", "invalid UTF8"),
        (b'a,b\n1,"2\n3,4\n', "quotes are wrong"),
        (b'a,b\n"1\n3,4\n', "quotes are wrong"),
    ],
)
def test_a_table_that_is_not_csv_is_refused(content: bytes, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        list(csv(content).read(["b"]))


@pytest.mark.parametrize("content", [b"", b"PAR1", parquet()[:-9], parquet()[:200]])
def test_a_table_that_is_not_parquet_is_refused(content: bytes) -> None:
    with pytest.raises((ValueError, OSError)):
        list(ParquetTable(partial(pa.BufferReader, content)).read(["key"]))


@pytest.mark.parametrize("texts_once", [False, True])
def test_text_of_parquet_that_is_not_utf_8_is_refused(texts_once: bool) -> None:
    body = parquet(compression="none").replace(b"t3", b"t\xe9")
    table = ParquetTable(partial(pa.BufferReader, body), texts_once=texts_once)
    with pytest.raises(ValueError, match="UTF8"):
        list(table.read(["text"]))


def test_the_texts_for_missing_are_those_of_pandas() -> None:
    assert sorted(CSV_MISSING) == sorted(STR_NA_VALUES)
    text = "a,b\n" + "".join(f'{word},"{word}"\n' for word in CSV_MISSING) + "NAN,-\n"
    (batch,) = csv(text).read(["a", "b"])
    expected = pd.read_csv(io.StringIO(text), dtype=str)
    for name in ("a", "b"):
        missing = batch.records.column(name).is_null().to_pylist()
        assert missing == expected[name].isna().tolist()

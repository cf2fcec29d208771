"""A portfolio's table becomes the same DataFrame that pandas would read from the file."""

import datetime
import gzip
import io
import random
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from scoring_model.contract import CsvTable, ParquetTable
from train.data.reading import digest_table
from train.data.table_frames import read_frame, to_frame

CELLS = {
    "whole numbers": ["1", "2", "-3", "007", "0", "-0", "9007199254740992"],
    "whole numbers with signs and spaces": [" 1", "+1", "2 ", "\t3"],
    "numbers": ["1.5", "-.5", "1.", "1e5", "1E-3", "0.1", "100.25", "-0.0", "+2.5", " 2.5 "],
    "numbers beyond a double": ["1e400", "1e-400", "inf", "-Infinity", "+INF"],
    "true and false": ["True", "False", "TRUE", "true", "false", "tRuE"],
    "words for missing": ["", "NA", "N/A", "nan", "null", "None", '"NA"', '""', "<NA>"],
    "text": ["x", "é", "1 000", "0x1A", "NAN", "1_0", "yes", "1e", ".", "-", " True", "1d5"],
    "dates": ["2004-01-01", "2004-12-31"],
    "other digits": ["\u0661", "\xa01", "2.5\xa0", "nan(x)"],
    "quoted": ['"1"', '"2.5"', '"true"', '"a,b"', '"a\nb"', '"a""b"', 'a"b'],
}


def read_csv(body: bytes, as_text: tuple[str, ...] = ()) -> pd.DataFrame:
    return read_frame(CsvTable(partial(pa.BufferReader, body)), as_text)


def check_csv(body: bytes, as_text: tuple[str, ...] = ()) -> None:
    expected = pd.read_csv(io.BytesIO(body), low_memory=False, dtype=dict.fromkeys(as_text, str))
    frame = read_csv(body, as_text)
    pd.testing.assert_frame_equal(frame, expected, check_exact=True)
    assert digest_table(frame) == digest_table(expected)


def csv_of(cells: list[str], end: str = "\n") -> bytes:
    lines = ["key,value", *(f"{row},{cell}" for row, cell in enumerate(cells))]
    return (end.join(lines) + end).encode()


@pytest.mark.parametrize("kind", CELLS)
def test_kinds_are_those_that_pandas_finds(kind: str) -> None:
    missing = CELLS["words for missing"]
    for cells in (CELLS[kind], [*CELLS[kind], *missing], [*missing[:2], *CELLS[kind]]):
        check_csv(csv_of(cells))
        check_csv(csv_of(cells, "\r\n"))
        check_csv(csv_of(cells), ("value",))
    for cell in CELLS[kind]:
        check_csv(csv_of([cell]))


def test_mixed_kinds_are_those_that_pandas_finds() -> None:
    rng = random.Random(0)
    for _ in range(500):
        kinds = rng.sample(list(CELLS.values()), rng.randint(2, 3))
        cells = [rng.choice(rng.choice(kinds)) for _ in range(rng.randint(2, 6))]
        check_csv(csv_of(cells))


@pytest.mark.parametrize(
    "cells",
    [
        ["9223372036854775808", "1"],
        ["18446744073709551615"],
        ["18446744073709551616", "1"],
        ["-9223372036854775809", "1", "NA"],
        ["9223372036854775807"],
        ["9223372036854775808", "1.5"],
        ["9223372036854775808", "-1"],
        ["1" * 400],
    ],
)
def test_long_whole_numbers_keep_their_digits(cells: list[str]) -> None:
    check_csv(csv_of(cells))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (["9223372036854775807", "NA"], "Int64"),
        (["9007199254740993", "NA"], "Int64"),
        (["9007199254740993", "1.5"], "object"),
    ],
)
def test_whole_numbers_that_pandas_rounds_keep_their_digits(cells: list[str], kind: str) -> None:
    values = read_csv(csv_of(cells))["value"]
    assert values.dtype == kind
    assert str(values[0]) == cells[0]


@pytest.mark.parametrize("digits", [1, 5, 15, 16, 17])
def test_numbers_are_the_nearest_doubles(digits: int) -> None:
    rng = np.random.default_rng(digits)
    numbers = rng.normal(size=2000) * 10.0 ** rng.integers(-30, 30, 2000)
    texts = [f"{number:.{digits}g}" for number in numbers]
    assert read_csv(csv_of(texts))["value"].tolist() == [float(text) for text in texts]
    check_csv(csv_of(texts))


@pytest.mark.parametrize(
    "body",
    [
        b"key,value\n",
        b"key,value",
        b"\n\nkey,value\n\n1,2\n\n",
        b"\xef\xbb\xbfkey,value\n1,2\n",
        b',"va\nlue"\n1,2\n',
        b"key\n1\n\n2\n",
        b"key,value\n1,x",
    ],
)
def test_headings_and_line_ends_are_read_as_pandas_reads_them(body: bytes) -> None:
    check_csv(body)


@pytest.mark.parametrize("last", ["2", "2.5", "two", "+2", ""])
def test_a_column_of_many_blocks_has_one_kind(last: str) -> None:
    body = csv_of([*["1"] * 1_200_000, last])
    assert len(body) > 8 << 20
    check_csv(body)


def test_packed_csv_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "loans.csv.gz"
    path.write_bytes(gzip.compress(csv_of(["1", "2"])))
    frame = read_frame(CsvTable(partial(pa.input_stream, str(path))))
    pd.testing.assert_frame_equal(frame, pd.read_csv(path))


@pytest.mark.parametrize(
    ("body", "rule"),
    [
        (b"key,value\n1,2\n3\n", "row 1 must have as many fields as the heading"),
        (b"key,value\n1,2,3\n", "row 0 must have as many fields as the heading"),
        (b"key,key\n1,2\n", "column 'key' must not repeat"),
    ],
)
def test_a_file_that_is_not_a_table_is_refused(body: bytes, rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        read_csv(body)


def parquet_frame() -> pd.DataFrame:
    """Return a frame with one column of each kind that a table may have."""
    rows = 50
    gaps = np.arange(rows) % 7 == 0
    numbers = np.arange(rows)
    columns: dict[str, Any] = {
        "int64": numbers,
        "int8": numbers.astype(np.int8),
        "uint64": numbers.astype(np.uint64) + np.uint64(2**63),
        "Int64": pd.array([None if gap else 2**60 + 1 for gap in gaps], dtype="Int64"),
        "float64": np.where(gaps, np.nan, numbers / 3),
        "float32": (numbers / 3).astype(np.float32),
        "bool": gaps,
        "bool with gaps": [None if gap else True for gap in gaps],
        "boolean": pd.array([None if gap else True for gap in gaps], dtype="boolean"),
        "text": [
            None if gap else f"é{number % 5}" for gap, number in zip(gaps, numbers, strict=True)
        ],
        "category": pd.Categorical([f"c{number // 10}" for number in numbers]),
        "codes": pd.Categorical(numbers % 3),
        "date": [datetime.date(2020, 1, 1)] * rows,
        "time": pd.date_range("2020-01-01", periods=rows, tz="Europe/Paris"),
        "list": [[1, 2]] * rows,
        "a.b": numbers,
    }
    return pd.DataFrame(columns)


@pytest.mark.parametrize("group", [7, 50])
@pytest.mark.parametrize("index", [None, "shifted", "named"])
def test_parquet_is_read_as_pandas_reads_it(tmp_path: Path, group: int, index: str | None) -> None:
    frame = parquet_frame()
    if index == "shifted":
        frame.index += 5
    elif index == "named":
        frame = frame.set_index("int64")
    path = tmp_path / "loans.parquet"
    frame.to_parquet(path, row_group_size=group)
    read = read_frame(ParquetTable(partial(pa.OSFile, str(path))))
    expected = pd.read_parquet(path)
    pd.testing.assert_frame_equal(read, expected, check_exact=True)
    plain = [name for name in expected if name != "list"]
    assert digest_table(read[plain]) == digest_table(expected[plain])


def test_decimal_numbers_become_the_doubles_nearest_to_them() -> None:
    texts = ["0.10", "123456789012345.67", "-7.35", "9999.99"]
    cells = pa.table(
        {
            "amount": pa.array([*map(Decimal, texts), None], pa.decimal128(20, 2)),
            "id": pa.array([*map(Decimal, ["7", "8", "9", "10", "11"])], pa.decimal128(12, 0)),
        }
    )
    frame = to_frame(cells)
    assert frame["amount"].tolist()[:-1] == [float(text) for text in texts]
    assert frame["amount"].isna().tolist()[-1]
    assert frame["id"].tolist() == [7, 8, 9, 10, 11]
    assert frame["id"].dtype == "int64"

"""Every kind of file, packed or not, in folders and globs; what is wrong with one is one line."""

import datetime as dt
import gzip
import zipfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.sheets import write_ods, write_xlsx
from train.errors import InputError
from train.portfolio.sections import ReadSettings
from train.tables import OpenedSource, Source, open_tables

TABLE = pa.table({"id": [1, 2, 3], "rate": [0.5, None, 2.0], "town": ["Pau", "Dax", None]})
ROWS: list[list[Any]] = [list(TABLE.schema.names), [1, 0.5, "Pau"], [2, None, "Dax"], [3, 2, None]]
OLE = bytes.fromhex("d0cf11e0a1b11ae1")
TEXTS = {"id": ["1", "2", "3"], "rate": ["0.5", None, "2"], "town": ["Pau", "Dax", None]}
JSON = (
    '{"id": 1, "rate": 0.5, "town": "Pau"}\n{"id": 2, "rate": null, "town": "Dax"}\n'
    '{"id": 3, "rate": 2}\n'
)


def csv_of(delimiter: str) -> bytes:
    rows = [[("" if cell is None else str(cell)) for cell in row] for row in ROWS]
    return "".join(delimiter.join(row) + "\n" for row in rows).encode()


def content_of(folder: Path, kind: str) -> bytes:
    path = folder / "made"
    if kind == "parquet":
        pq.write_table(TABLE, path)
    elif kind == "xlsx":
        write_xlsx(path, {"Loans": ROWS})
    elif kind == "ods":
        write_ods(path, ROWS)
    else:
        return {"csv": csv_of(","), "tsv": csv_of("\t"), "jsonl": JSON.encode()}[kind]
    content = path.read_bytes()
    path.unlink()
    return content


def zipped(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def rows_of(opened: OpenedSource) -> list[dict[str, list[Any]]]:
    return [
        pa.Table.from_batches(
            [batch.records for batch in table.reader.read(table.reader.schema.names)]
        ).to_pydict()
        for table in opened.tables
    ]


@pytest.mark.parametrize("packing", ["", "gz", "zip", "unnamed", "unnamed gz", "unnamed zip"])
@pytest.mark.parametrize("kind", ["parquet", "csv", "tsv", "jsonl", "xlsx", "ods"])
def test_every_kind_is_read_in_every_packing(tmp_path: Path, kind: str, packing: str) -> None:
    content = content_of(tmp_path, kind)
    name = "loans" if packing.startswith("unnamed") else f"Loans.{kind.upper()}"
    if packing.endswith("gz"):
        name, content = name + ("" if "unnamed" in packing else ".GZ"), gzip.compress(content)
    path = tmp_path / name
    if packing.endswith("zip"):
        path = tmp_path / ("loans" if "unnamed" in packing else "loans.Zip")
        zipped(path, {f"in/loans.{kind}": content, "__MACOSX/loans": b"x"})
    else:
        path.write_bytes(content)
    opened = open_tables(Source(str(path)))
    assert rows_of(opened) == [TEXTS if kind in ("csv", "tsv") else TABLE.to_pydict()]
    assert opened.paths == (path,)
    assert opened.is_for_local_engine == (kind in ("xlsx", "ods", "jsonl"))


def test_reading_starts_at_any_row_of_a_table_in_memory(tmp_path: Path) -> None:
    (tmp_path / "loans.json").write_text(JSON, encoding="utf-8")
    (table,) = open_tables(Source(str(tmp_path / "loans.json"))).tables
    (batch,) = table.reader.read(["town", "id"], 1)
    assert batch.records.to_pydict() == {"town": ["Dax", None], "id": [2, 3]}
    assert (batch.rows.tolist(), batch.end) == ([1, 2], 3)


def test_text_of_json_stays_text(tmp_path: Path) -> None:
    line = '{"id": "007", "on": "2021-12-31", "new": true}'
    (tmp_path / "loans.ndjson").write_text(f"\ufeff{line}\n", encoding="utf-8")
    (rows,) = rows_of(open_tables(Source(str(tmp_path / "loans.ndjson"))))
    assert list(rows.items()) == [("id", ["007"]), ("on", ["2021-12-31"]), ("new", [True])]


def test_a_folder_of_parts_is_one_source(tmp_path: Path) -> None:
    for name in ("part-00001.parquet", "part-00000.parquet"):
        pq.write_table(TABLE.slice(int(name[9]), 1), tmp_path / name)
    pq.write_table(pa.table({"x": [1]}), tmp_path / "_metadata.parquet")
    for name in ("_SUCCESS", ".part-00000.parquet.crc", "notes.md"):
        (tmp_path / name).write_text("x", encoding="utf-8")
    for place in (str(tmp_path), f"file://{tmp_path}", f"{tmp_path}/part-*.parquet"):
        opened = open_tables(Source(place))
        assert [rows["id"] for rows in rows_of(opened)] == [[1], [2]]
        assert not opened.is_for_local_engine


def test_a_sheet_has_dates_and_mixed_columns_are_text(tmp_path: Path) -> None:
    day, moment = dt.date(2021, 12, 31), dt.datetime(2021, 12, 31, 12, 30)
    heading = ["id", "on", "at", "new", "mixed", None, "NA"]
    rows: list[list[Any]] = [
        ["Loans granted in 2021"],
        [],
        heading,
        [1001, day, moment, True, "A-7", None, "x"],
        [1002, None, None, False, 12, None, "N/A"],
        [1003, day, moment, None, 0.5, None, None],
    ]
    write_xlsx(tmp_path / "loans.xlsx", {"Loans": rows, "Empty": []})
    opened = open_tables(Source(str(tmp_path / "loans.xlsx")))
    assert rows_of(opened) == [
        {
            "id": [1001, 1002, 1003],
            "on": [day, None, day],
            "at": [moment, None, moment],
            "new": [True, False, None],
            "mixed": ["A-7", "12", "0.5"],
            "NA": ["x", None, None],
        }
    ]
    assert opened.notes == ("read loans.xlsx: sheet 'Loans', heading in row 3",)


def test_one_of_several_sheets_is_named(tmp_path: Path) -> None:
    write_xlsx(tmp_path / "loans.xlsx", {"Old": [["id"], [1]], "New": [["id"], [2]]})
    place = str(tmp_path / "loans.xlsx")
    with pytest.raises(InputError, match=r'to \[read\] sheet = "Old" or sheet = "New"$'):
        open_tables(Source(place))
    with pytest.raises(InputError, match=r"\[read\] sheet 'Newer' is not one of .* 'Old', 'New'$"):
        open_tables(Source(place, ReadSettings(sheet="Newer")))
    assert rows_of(open_tables(Source(place, ReadSettings(sheet="New")))) == [{"id": [2]}]


def _fault(folder: Path, fault: str) -> Path:
    """Write a file or a folder with a fault, and return its path."""
    made = {
        "loans.xlsx": b"PK\x03\x04 no more",
        "locked.xlsx": OLE + bytes(512) + "EncryptedPackage".encode("utf-16-le"),
        "loans.parquet": csv_of(","),
        "loans.json": b'[{"id": 1}]',
        "nested.jsonl": b'{"id": {"a": 1}}\n',
        "mixed.jsonl": b'{"id": 1}\n{"id": "x"}\n',
        "twice.csv": b"id,rate,id\n1,2,3\n",
        "cut.csv.gz": gzip.compress(csv_of(",") * 5000)[:-40],
        "broken.zip": b"PK\x03\x04 no more",
    }
    path = folder / fault
    if fault in made:
        path.write_bytes(made[fault])
    elif fault == "two.zip":
        zipped(path, {"a.csv": b"a\n1\n", "b.csv": b"b\n1\n"})
    elif fault == "locked.zip":
        zipped(path, {"a.csv": b"a,b\n1,2\n"})
        content = bytearray(path.read_bytes())
        # the flag of a password, in the local and in the central header
        content[6] |= 1
        content[content.index(b"PK\x01\x02") + 8] |= 1
        path.write_bytes(content)
    elif fault == "divided":
        (path / "year=2021").mkdir(parents=True)
        pq.write_table(TABLE, path / "year=2021" / "part.parquet")
    elif fault == "differing":
        path.mkdir()
        (path / "a.csv").write_bytes(b"id,rate\n1,2\n")
        (path / "b.csv").write_bytes(b"id,town\n1,2\n")
    elif fault == "two kinds":
        path.mkdir()
        (path / "a.csv").write_bytes(csv_of(","))
        pq.write_table(TABLE, path / "b.parquet")
    else:
        path.mkdir()
    return path


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ("loans.xlsx", "cannot be read: it is no Excel file that can be read"),
        ("locked.xlsx", "cannot be read: it has a password: save it without one"),
        ("loans.parquet", "cannot be read: it is no Parquet file, although its name says so"),
        ("loans.json", "it is one JSON array: write one object on each line"),
        ("nested.jsonl", "column 'id' holds lists or objects"),
        ("mixed.jsonl", "Column(/id) changed from number to string in row 1"),
        ("twice.csv", "column 'id' must not repeat"),
        ("cut.csv.gz", "cannot be read: "),
        ("broken.zip", "the zip is broken"),
        ("two.zip", "the zip must hold one file, got 2: 'a.csv', 'b.csv'"),
        ("locked.zip", "it has a password"),
        ("divided", "its files lie in folders such as 'year=2021', whose values no column holds"),
        (
            "differing",
            "b.csv: must have the columns of {place}/a.csv, but lacks 'rate' and has 'town'",
        ),
        ("two kinds", "b.parquet: is parquet, but {place}/a.csv is csv"),
        ("nothing", "this folder holds no table"),
    ],
)
def test_what_is_wrong_with_a_file_is_one_line(tmp_path: Path, fault: str, rule: str) -> None:
    path = _fault(tmp_path, fault)
    with pytest.raises(InputError) as raised:
        rows_of(open_tables(Source(str(path))))
    message = str(raised.value)
    assert message.startswith(str(path))
    assert rule.format(place=path) in message
    assert "\n" not in message

"""Delimiter, encoding, heading and decimal sign of CSV are found if there is one sure reading."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from train.errors import InputError
from train.portfolio.sections import ReadSettings
from train.tables import NamedTable, Source, open_tables

LOANS = {
    "ref": ["A1", "A2", "A3"],
    "ville": ["Orléans", "Nîmes", "Le Puy"],
    "prêt": ["9", "8", None],
}


def write(
    folder: Path, content: str | bytes, name: str = "loans.csv", encoding: str = "utf-8"
) -> Path:
    path = folder / name
    path.write_bytes(content.encode(encoding) if isinstance(content, str) else content)
    return path


def lines_of(delimiter: str, loans: dict[str, Any] = LOANS, end: str = "\n") -> str:
    rows = [list(loans), *zip(*loans.values(), strict=True)]
    return end.join(delimiter.join(cell or "" for cell in row) for row in rows) + end


def open_one(path: Path, **read: Any) -> tuple[NamedTable, tuple[str, ...]]:
    opened = open_tables(Source(str(path), ReadSettings(**read)))
    (table,) = opened.tables
    return table, opened.notes


def cells(table: NamedTable) -> dict[str, list[str | None]]:
    names = table.reader.schema.names
    records = [batch.records for batch in table.reader.read(names)]
    found: dict[str, list[str | None]] = pa.Table.from_batches(records).to_pydict()
    return found


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("delimiter", "name"), [(",", ","), (";", ";"), ("\t", "tab"), ("|", "|")])
@pytest.mark.parametrize("title", ["", "Loans of 2021\n\n", "Loans of 2021" + ";;" + "\n;;\n"])
def test_one_table_is_read_however_it_is_written(
    tmp_path: Path, encoding: str, delimiter: str, name: str, title: str
) -> None:
    title = title.replace(";", delimiter)
    path = write(tmp_path, title + lines_of(delimiter), encoding=encoding)
    table, notes = open_one(path)
    assert cells(table) == LOANS
    said = [f"delimiter {name}"] if delimiter != "," else []
    said += [f"encoding {encoding}"] if encoding in ("utf-16", "cp1252") else []
    said += ["heading in line 3"] if title else []
    assert notes == ((f"read loans.csv: {', '.join(said)}",) if said else ())


@pytest.mark.parametrize("end", ["\r\n", "\r"])
def test_lines_may_end_otherwise(tmp_path: Path, end: str) -> None:
    table, notes = open_one(write(tmp_path, "Loans" + end + lines_of(";", end=end)))
    assert cells(table) == LOANS
    assert notes == ("read loans.csv: delimiter ;, heading in line 2",)


def test_broken_lines_below_a_title_keep_their_numbers(tmp_path: Path) -> None:
    lines = ["Loans", "", "a;b", *["1;2"] * 30, "3", "4;5"]
    table, _ = open_one(write(tmp_path, "\n".join(lines)))
    batches = list(table.reader.read(["a"]))
    assert [row for batch in batches for row in batch.broken] == [30]
    assert batches[-1].rows[-1] == 31


def test_a_given_delimiter_and_encoding_are_not_looked_for(tmp_path: Path) -> None:
    path = write(tmp_path, "a b;c\nЦдж 1;2\n", encoding="cp1251")
    table, notes = open_one(path, delimiter=" ", encoding="windows-1251")
    assert cells(table) == {"a": ["Цдж"], "b;c": ["1;2"]}
    assert notes == ()


def test_a_column_with_the_other_sign_in_it_does_not_confuse(tmp_path: Path) -> None:
    loans = {"id": ["1", "2"], "name": ["Petit, Anne", "Roy, Luc"], "tags": ["a|b", "c|d"]}
    table, _ = open_one(write(tmp_path, lines_of(";", loans)))
    assert cells(table) == loans


def test_one_column_is_a_table_too(tmp_path: Path) -> None:
    table, notes = open_one(write(tmp_path, "amount\n1\n2\n"))
    assert (cells(table), notes) == ({"amount": ["1", "2"]}, ())


@pytest.mark.parametrize(
    ("column", "decimal", "thousands"),
    [
        (["13,5", "2,25", "7"], ",", None),
        (["1.234,5", "12.500,75", "3,1"], ",", "."),
        (["1 234,5", "2,5", ""], ",", " "),
        (["1,234", "5,678", "9,012"], None, None),
        (["13,5", "2.25", "7"], None, None),
        (["13.5", "2.25", "7"], None, None),
        (["a 13,5", "b", "1;5"], None, None),
    ],
)
def test_a_decimal_comma_is_found_if_it_is_sure(
    tmp_path: Path, column: list[str], decimal: str | None, thousands: str | None
) -> None:
    rows = "".join(f'{row};"{cell}"\n' for row, cell in enumerate(column))
    table, notes = open_one(write(tmp_path, f"id;rate\n{rows}"))
    assert (table.read.decimal, table.read.thousands) == (decimal, thousands)
    assert any("decimal comma" in note for note in notes) == (decimal == ",")


def test_a_decimal_comma_of_one_file_holds_for_all(tmp_path: Path) -> None:
    write(tmp_path, "id;rate\n1;13,5\n", "a.csv")
    write(tmp_path, "rate;id\n1;2\n", "b.csv")
    opened = open_tables(Source(str(tmp_path)))
    assert [table.read.decimal for table in opened.tables] == [",", ","]
    assert opened.notes == (
        "read a.csv: delimiter ;, decimal comma",
        "read b.csv: delimiter ;",
    )


@pytest.mark.parametrize(
    ("content", "encoding", "rule"),
    [
        (
            "id;miasto\n1;Łódź\n2;Kraków\n",
            "cp1250",
            r"""encoding = "cp1250" \(it then reads 'Łódź'""",
        ),
        (
            "id;город\n1;Москва\n2;Тверь\n",
            "cp1251",
            r"""encoding = "cp1251" \(it then reads 'город""",
        ),
        ("id;ville\n1;Orléans\n2;Nîmes\n", "mac_roman", r'encoding = "mac_roman" \(it then reads'),
        ("id;ville\n1;Orléans\n", "utf-16-le", 'UTF-16 without a mark.*encoding = "utf-16-le"'),
        ("a;b,c\n1;2,3\n4;5,6\n", "utf-8", r'\[read\] delimiter = "," or delimiter = ";"$'),
        ("a;b;c\n1;2\n3\n4;5;6;7\n", "utf-8", r'under any delimiter: .* delimiter = ";"$'),
    ],
)
def test_an_unsure_reading_names_the_line_to_add(
    tmp_path: Path, content: str, encoding: str, rule: str
) -> None:
    path = write(tmp_path, content, encoding=encoding)
    with pytest.raises(InputError, match=rule) as raised:
        open_one(path)
    assert str(raised.value).startswith(f"{path}: cannot be read: it")
    assert "\n" not in str(raised.value)


def test_a_letter_far_below_tells_the_encoding_too(tmp_path: Path) -> None:
    path = write(tmp_path, "a,b\n" + "1,2\n" * 500_000 + "1,né\n", encoding="cp1252")
    table, _ = open_one(path)
    assert table.read.encoding == "cp1252"
    assert cells(table)["b"][-1] == "né"


def test_a_short_word_in_every_row_leaves_the_encoding_certain(tmp_path: Path) -> None:
    rows = "".join(f"{row},rien à signaler\n" for row in range(2000))
    path = write(tmp_path, "N°,Montant demandé\n" + rows, encoding="cp1252")
    (table,) = open_tables(Source(str(path))).tables
    assert table.read.encoding == "cp1252"


@pytest.mark.parametrize("encoding", ["klingon", "base64"])
def test_an_unknown_encoding_is_named(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(InputError, match=rf"\[read\] encoding '{encoding}' is unknown: write a"):
        open_one(write(tmp_path, "a,b\n1,2\n"), encoding=encoding)


def test_a_heading_without_the_name_of_a_column_is_no_title(tmp_path: Path) -> None:
    # R writes row names without a name in the heading
    path = write(tmp_path, "amount,town\n1,5,Pau\n2,6,Dax\n")
    with pytest.raises(InputError, match="its heading is not certain: its lines have 3 cells, but"):
        open_one(path)


def test_a_given_delimiter_that_splits_nothing_is_not_used(tmp_path: Path) -> None:
    table, notes = open_one(write(tmp_path, lines_of(";")), delimiter="|")
    assert cells(table) == LOANS
    assert notes == ("read loans.csv: delimiter ;",)
    table, _ = open_one(write(tmp_path, "a;b\n1;2\n"), delimiter=";")
    assert cells(table) == {"a": ["1"], "b": ["2"]}

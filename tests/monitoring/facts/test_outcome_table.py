"""The table of outcomes: every format, and one line for every mistake."""

import datetime
import gzip
import sqlite3
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from monitoring.facts import OutcomeSource
from monitoring.facts.outcome_table import read_outcomes
from monitoring.facts.tables import OUTCOMES
from scoring_model.decision_log import PersonalValues
from tests.sheets import write_xlsx
from train.errors import InputError
from train.portfolio.sections import ReadSettings
from train.tables import Source

CSV = """reference,observed_on,defaulted,amount_lost,officer
L-1,2006-01-31,0,,x
L-2,2006-02-28,1,1200.5,y
"""
ROWS = [
    ("L-1", datetime.date(2006, 1, 31), 0, None),
    ("L-2", datetime.date(2006, 2, 28), 1, 1200.5),
]
FRAME = pd.DataFrame(
    {
        "reference": ["L-1", "L-2"],
        "observed_on": pd.to_datetime(["2006-01-31", "2006-02-28"]),
        "defaulted": [0, 1],
        "amount_lost": [float("nan"), 1200.5],
    }
)


def read(source: Source | Path, key: bytes | None = None) -> list[tuple[Any, ...]]:
    """Return key, day, defaulted and amount of each row."""
    where = source if isinstance(source, Source) else Source(str(source))
    batches = list(read_outcomes(OutcomeSource(where, key)))
    assert all(batch.schema == OUTCOMES for batch in batches)
    columns = ("key", "observed_on", "defaulted", "amount_lost")
    return [tuple(row[c] for c in columns) for b in batches for row in b.to_pylist()]


def write_csv(folder: Path, text: str = CSV) -> Path:
    (folder / "outcomes.csv").write_text(text, encoding="utf-8")
    return folder / "outcomes.csv"


def write_german(folder: Path) -> Path:
    text = "reference;observed_on;defaulted;amount_lost;officer\n"
    text += "L-1;31.01.2006;0;;x\nL-2;28.02.2006;1;1200,5;y\n"
    return write_csv(folder, text)


def write_gzip(folder: Path) -> Path:
    (folder / "outcomes.csv.gz").write_bytes(gzip.compress(CSV.encode()))
    return folder / "outcomes.csv.gz"


def write_parquet(folder: Path) -> Path:
    FRAME.to_parquet(folder / "outcomes.parquet")
    return folder / "outcomes.parquet"


def write_parts(folder: Path) -> Path:
    """Write a folder of two files; only the second tells how the dates are written."""
    heading = "reference,observed_on,defaulted,amount_lost\n"
    (folder / "parts").mkdir()
    (folder / "parts/1.csv").write_text(f"{heading}L-0,03/04/2006,0,\n")
    (folder / "parts/2.csv").write_text(f"{heading}L-2,28/02/2006,1,1200.5\n")
    return folder / "parts"


def write_excel(folder: Path) -> Path:
    heading = ["reference", "observed_on", "defaulted", "amount_lost"]
    rows = [[key, day, defaulted, amount] for key, day, defaulted, amount in ROWS]
    write_xlsx(folder / "outcomes.xlsx", {"outcomes": [heading, *rows]})
    return folder / "outcomes.xlsx"


def write_json(folder: Path) -> Path:
    lines = [
        '{"reference": "L-1", "observed_on": "2006-01-31", "defaulted": false}',
        '{"reference": "L-2", "observed_on": "2006-02-28", "defaulted": true, "amount_lost": '
        "1200.5}",
    ]
    (folder / "outcomes.jsonl").write_text("\n".join(lines))
    return folder / "outcomes.jsonl"


@pytest.mark.parametrize(
    "write", [write_csv, write_german, write_gzip, write_parquet, write_excel, write_json]
)
def test_every_format_is_read(write: Callable[[Path], Path], tmp_path: Path) -> None:
    assert read(write(tmp_path)) == ROWS


def test_a_folder_and_a_glob_are_read_as_one_table(tmp_path: Path) -> None:
    folder = write_parts(tmp_path)
    found = [("L-0", datetime.date(2006, 4, 3), 0, None), ROWS[1]]
    assert read(folder) == read(Source(f"{folder}/*.csv")) == found


@pytest.mark.parametrize(
    ("query", "table"), [("", "outcomes"), ("SELECT * FROM outcomes WHERE defaulted < 2", "")]
)
def test_a_database_is_read(query: str, table: str, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "bank.db") as connection:
        connection.execute(
            "CREATE TABLE outcomes (reference TEXT, observed_on DATE, defaulted INTEGER, "
            "amount_lost REAL)"
        )
        rows = [(key, day.isoformat(), *rest) for key, day, *rest in ROWS]
        connection.executemany("INSERT INTO outcomes VALUES (?, ?, ?, ?)", rows)
    connection.close()
    assert read(Source(f"sqlite:///{tmp_path}/bank.db", query=query, table=table)) == ROWS


def test_decisions_may_be_named_by_their_ids_without_amounts(tmp_path: Path) -> None:
    text = "decision_id,observed_on,defaulted\n0192-a,2006-01-31,0\n"
    assert read(write_csv(tmp_path, text), b"secret") == [("0192-a", ROWS[0][1], 0, None)]


def test_words_of_the_settings_are_read(tmp_path: Path) -> None:
    text = "reference,observed_on,defaulted,amount_lost\n1,20060131,Nein,?\n2,20060228,JA,5\n"
    settings = ReadSettings(yes=("ja",), no=("nein",), missing=("?",), dates="%Y%m%d")
    found = read(Source(str(write_csv(tmp_path, text)), settings))
    assert found == [("1", ROWS[0][1], 0, None), ("2", ROWS[1][1], 1, 5.0)]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([7, 8], pa.int64()),
        ([7.0, 8.0], pa.float64()),
        ([Decimal("7.00"), Decimal("8.00")], pa.decimal128(10, 2)),
        (["7", "8"], pa.dictionary(pa.int32(), pa.string())),
    ],
)
def test_whole_numbers_are_references_without_a_point(
    values: list[Any], kind: pa.DataType, tmp_path: Path
) -> None:
    table = pa.table(
        {
            "reference": pa.array(values, kind),
            "observed_on": pa.array([each[1] for each in ROWS]),
            "defaulted": pa.array([0.0, 1.0]),
            "amount_lost": pa.array([None, Decimal("0.07")], pa.decimal128(10, 2)),
        }
    )
    pq.write_table(table, tmp_path / "outcomes.parquet")
    found = read(tmp_path / "outcomes.parquet")
    assert found == [("7", ROWS[0][1], 0, None), ("8", ROWS[1][1], 1, 0.07)]


def test_with_a_secret_references_become_the_digests_of_the_log(tmp_path: Path) -> None:
    source = OutcomeSource(Source(str(write_csv(tmp_path))), b"secret")
    [batch] = read_outcomes(source)
    digests = [PersonalValues(b"secret").identify(text) for text in ("L-1", "L-2")]
    assert batch.column("key").to_pylist() == digests
    assert batch.column("plain").to_pylist() == ["L-1", "L-2"]
    assert "b'" not in repr(source)


HEADING = "reference,observed_on,defaulted,amount_lost\n"
GOOD = "L-1,2006-01-31,0,\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "loan,observed_on,defaulted\na,2006-01-31,0\n",
            "the table needs a column 'decision_id' or 'reference': its columns are 'loan', "
            "'observed_on', 'defaulted'",
        ),
        (
            "reference,loss\na,5\n",
            "the table needs the column 'observed_on' and the column 'defaulted': its columns are "
            "'reference', 'loss'",
        ),
        (
            "reference,decision_id,observed_on,defaulted\na,b,2006-01-31,0\n",
            "the table must have only one of the columns 'decision_id' and 'reference': its "
            "columns are 'reference', 'decision_id', 'observed_on', 'defaulted'",
        ),
        (
            f"{HEADING}L-1,03/04/2005,0,\n",
            "column 'observed_on': its dates may be %d/%m/%Y or %m/%d/%Y: write them such as "
            "2005-04-03",
        ),
        (f"{HEADING}{GOOD},2006-01-31,0,\n", "row 1: column 'reference' must have a value"),
        (
            f"{HEADING}{GOOD * 20}L-2,soon,0,\n",
            "row 20: column 'observed_on' must be a date such as 2005-04-03",
        ),
        (
            f"{HEADING}{GOOD}L-2,,0,\n",
            "row 1: column 'observed_on' must be a date such as 2005-04-03",
        ),
        (f"{HEADING}{GOOD}L-2,2006-01-31,2,\n", "row 1: column 'defaulted' must be 0 or 1"),
        (f"{HEADING}{GOOD}L-2,2006-01-31,,\n", "row 1: column 'defaulted' must be 0 or 1"),
        *(
            (
                f"{HEADING}{GOOD}L-2,2006-01-31,1,{amount}\n",
                "row 1: column 'amount_lost' must be a number that is not negative, or empty",
            )
            for amount in ("-0.5", "much", '"1,500"', "inf")
        ),
        (f"{HEADING}{GOOD}L-2,2006-01-31\n", "row 1 must have as many fields as the heading"),
        (HEADING, "the table has no row: write a row for each granted loan"),
        (
            f"{HEADING}L-1,2006-01-31,1,\n",
            "no row has defaulted = 0: write a row for each granted loan, and not only for "
            "defaults",
        ),
    ],
)
def test_a_mistake_is_one_line_without_a_value(text: str, message: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path, text)
    with pytest.raises(InputError) as raised:
        read(path)
    line = str(raised.value)
    assert line.startswith(f"outcomes {path}: ")
    assert line.endswith(message)
    assert "\n" not in line
    assert not any(value in line for value in ("soon", "much", "L-2", "03/04/2005"))


def test_a_table_that_does_not_exist_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^outcomes .*nowhere\.csv: "):
        read(tmp_path / "nowhere.csv")


def test_numbers_are_no_dates(tmp_path: Path) -> None:
    FRAME.assign(observed_on=[20060131, 20060228]).to_parquet(tmp_path / "outcomes.parquet")
    with pytest.raises(InputError, match="row 0: column 'observed_on' must be a date"):
        read(tmp_path / "outcomes.parquet")


def test_a_moment_is_a_day_in_utc(tmp_path: Path) -> None:
    moments = pd.to_datetime(["2006-02-01T00:30+01:00", "2006-02-28T23:00+01:00"], utc=True)
    FRAME.assign(observed_on=moments.tz_convert("Europe/Paris")).to_parquet(tmp_path / "o.parquet")
    assert read(tmp_path / "o.parquet") == ROWS


@pytest.mark.parametrize("name", FRAME.columns)
@pytest.mark.parametrize(
    "cells",
    [
        pa.array([[1], [0]]),
        pa.array([{"a": 1}, {"a": 0}]),
        pa.array([b"1", b"0"]),
        pa.array([b"1", b"0"], pa.binary(1)),
        pa.array([[("a", 1)], []], pa.map_(pa.string(), pa.int64())),
    ],
    ids=lambda cells: str(cells.type.id),
)
def test_a_column_of_another_type_is_one_line(name: str, cells: pa.Array, tmp_path: Path) -> None:
    table = pa.Table.from_pandas(FRAME)
    table = table.set_column(table.schema.get_field_index(name), name, cells)
    pq.write_table(table, tmp_path / "outcomes.parquet")
    with pytest.raises(InputError) as raised:
        read(tmp_path / "outcomes.parquet")
    [line] = str(raised.value).splitlines()
    assert line.startswith(
        f"outcomes {tmp_path}/outcomes.parquet: column {name!r}: each cell must be text, a number, "
        "a date or a truth value: the type of the column is "
    )


def test_small_numbers_and_dictionaries_are_read(tmp_path: Path) -> None:
    table = pa.table(
        {
            "reference": pa.array(["L-1", "L-2"]).dictionary_encode(),
            "observed_on": pa.array([each[1] for each in ROWS]).dictionary_encode(),
            "defaulted": pa.array([0, 1], pa.float16()),
            "amount_lost": pa.array([None, 1200.5]),
        }
    )
    pq.write_table(table, tmp_path / "outcomes.parquet")
    assert read(tmp_path / "outcomes.parquet") == ROWS


@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx", "jsonl"])
def test_rows_count_alike_in_every_format(ending: str, tmp_path: Path) -> None:
    frame = FRAME.astype(str).iloc[[0] * 20 + [1]].assign(defaulted=["0"] * 20 + ["7"])
    path = tmp_path / f"outcomes.{ending}"
    if ending == "csv":
        frame.to_csv(path, index=False)
    elif ending == "parquet":
        frame.to_parquet(path)
    elif ending == "xlsx":
        write_xlsx(path, {"outcomes": [list(frame.columns), *frame.to_numpy().tolist()]})
    else:
        frame.to_json(path, orient="records", lines=True)
    with pytest.raises(InputError, match="row 20: column 'defaulted' must be 0 or 1"):
        read(path)

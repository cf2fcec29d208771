"""Rows of a source are kept as Parquet, and are the same rows when they are read again."""

import sys
import threading
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import sqlalchemy as sa

from tests.conftest import make_project
from tests.made import make_loans, write_portfolio
from train.data import load_data
from train.errors import InputError
from train.portfolio import load_portfolio
from train.tables import OpenedSource, Source, keep_as_parquet, kept_rows, open_tables


def cells(opened: OpenedSource) -> list[dict[str, list[object]]]:
    return [
        batch.records.select(sorted(batch.records.schema.names)).to_pydict()
        for table in opened.tables
        for batch in table.reader.read(table.reader.schema.names)
    ]


def test_text_stays_text_with_its_reading(tmp_path: Path) -> None:
    content = "Extrait;;\nid;taux;né\n007;13,5;31/12/2021\n008;NA;été\n"
    (tmp_path / "loans.csv").write_bytes(content.encode("cp1252"))
    opened = open_tables(Source(str(tmp_path / "loans.csv")))
    keep_as_parquet(opened, tmp_path / "rows.parquet")
    kept = open_tables(Source(str(tmp_path / "rows.parquet")))
    assert cells(kept) == cells(opened)
    assert cells(kept)[0]["id"] == ["007", "008"]
    assert kept.tables[0].reader.is_text
    assert kept.tables[0].reader.schema == opened.tables[0].reader.schema
    assert kept.tables[0].read == opened.tables[0].read
    assert kept.notes == opened.notes
    assert kept.notes


def test_parts_become_one_table_with_types_that_hold_all(tmp_path: Path) -> None:
    folder = tmp_path / "loans"
    folder.mkdir()
    pq.write_table(pa.table({"id": [1, 2], "ratio": [1, 2]}), folder / "a.parquet")
    pq.write_table(pa.table({"ratio": [0.5], "id": [3]}), folder / "b.parquet")
    keep_as_parquet(open_tables(Source(str(folder))), tmp_path / "rows.parquet")
    table = pq.read_table(tmp_path / "rows.parquet")
    assert table.to_pydict() == {"id": [1, 2, 3], "ratio": [1.0, 2.0, 0.5]}
    assert not open_tables(Source(str(tmp_path / "rows.parquet"))).tables[0].reader.is_text


def test_a_row_with_too_many_cells_is_not_left_out(tmp_path: Path) -> None:
    lines = ["a,b", *["1,2"] * 50, "1,2,3"]
    (tmp_path / "loans.csv").write_text("\n".join(lines), encoding="utf-8")
    opened = open_tables(Source(str(tmp_path / "loans.csv")))
    with pytest.raises(InputError, match=r"loans.csv: cannot be read: row 50 must have as many"):
        keep_as_parquet(opened, tmp_path / "rows.parquet")


def test_rows_of_the_web_are_kept_and_are_the_same_data(tmp_path: Path) -> None:
    path = write_portfolio(tmp_path, make_loans(800), source="loans.csv")
    text = (tmp_path / "loans.csv").read_text(encoding="utf-8").replace(",", ";")
    (tmp_path / "loans.csv").write_text(f"Loans of 2021\n{text}", encoding="utf-8")
    handler = partial(SimpleHTTPRequestHandler, directory=str(tmp_path))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        local = load_portfolio(path)
        address = f"http://127.0.0.1:{server.server_port}/loans.csv?page=1"
        web = replace(local, source=address)
        with kept_rows(web) as kept:
            server.shutdown()
            data = load_data(kept)
            assert kept.kept
    assert not kept.kept.exists()
    assert data.digest == load_data(local).digest
    assert "read loans.csv?page=1: delimiter ;, heading in line 2" in data.notes
    with kept_rows(local) as same:
        assert same is local


@pytest.mark.slow
def test_promote_compares_on_the_rows_that_training_read(tmp_path: Path) -> None:
    project = make_project(tmp_path, rows=1500)
    loans = pd.read_parquet(tmp_path / "loans.parquet")
    (tmp_path / "loans.parquet").unlink()
    engine = sa.create_engine(f"sqlite:///{tmp_path}/loans.db")
    loans.to_sql("loans", engine, index=False)
    text = project.portfolio.read_text(encoding="utf-8")
    source = '"sqlite:///${FOLDER}/loans.db"\ntable = "loans"'
    project.portfolio.write_text(text.replace('"loans.parquet"', source), encoding="utf-8")
    project.environment["FOLDER"] = str(tmp_path)
    for seed in ("1", "2"):
        train = ("train", "--portfolio", str(project.portfolio), "--max_evals", "1")
        project.run(sys.executable, "-m", "train", *train, "--seed", seed)
    with engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM loans")
    engine.dispose()
    command = ("promote", "--version", "latest", "--stage", "Production")
    promoted = project.run(sys.executable, "-m", "train", *command, check=False)
    assert "the data are not those" not in promoted.stderr
    assert promoted.returncode in (0, 2), promoted.stderr

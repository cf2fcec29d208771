"""A portfolio's table is opened by path or URI; a failure gives one line of error."""

import gzip
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pandas as pd
import pytest

from tests.made import make_loans, write_portfolio
from train.data.reading import read_table
from train.data.table_frames import read_frame
from train.errors import InputError
from train.portfolio import load_portfolio
from train.tables import Source, open_tables

LOANS = make_loans(50)[["loan_id", "income", "region", "has_home"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that holds one table in every format."""
    folder = tmp_path_factory.mktemp("tables")
    LOANS.to_parquet(folder / "loans.parquet")
    LOANS.to_csv(folder / "loans.csv", index=False)
    packed = gzip.compress((folder / "loans.csv").read_bytes())
    (folder / "loans.csv.gz").write_bytes(packed)
    return folder


@pytest.fixture(scope="module")
def address(folder: Path) -> Iterator[str]:
    """Serve the folder over HTTP; yield its address."""
    handler = partial(SimpleHTTPRequestHandler, directory=str(folder))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize("name", ["loans.parquet", "loans.csv", "loans.csv.gz"])
def test_a_path_and_a_uri_give_the_same_table(folder: Path, address: str, name: str) -> None:
    for source in (f"{folder}/{name}", f"file://{folder}/{name}", f"{address}/{name}"):
        (table,) = open_tables(Source(source)).tables
        pd.testing.assert_frame_equal(read_frame(table.reader), LOANS)


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("{folder}/none.csv", "no such file"),
        ("file:///none.parquet", "no such file"),
        ("{folder}/none*.csv", "no such file: nothing matches"),
        ("{address}/none.csv", "cannot be read: HTTP Error 404: File not found"),
        ("what://where/loans.csv", "a database needs a query or a table"),
        ("{folder}/empty.csv", "cannot be read: it is empty, but must have a heading"),
        ("{folder}/folder.parquet", "this folder holds no table"),
    ],
)
def test_a_source_that_cannot_be_read_gives_one_line_of_error(
    tmp_path: Path, address: str, source: str, rule: str
) -> None:
    (tmp_path / "empty.csv").touch()
    (tmp_path / "folder.parquet").mkdir()
    place = source.format(address=address, folder=tmp_path)
    with pytest.raises(InputError) as raised:
        open_tables(Source(place))
    assert str(raised.value).startswith(f"{place.removeprefix('file://')}: {rule}")
    assert "\n" not in str(raised.value)


def test_a_table_with_many_columns_is_shown_by_the_first(tmp_path: Path) -> None:
    path = write_portfolio(tmp_path, make_loans(10))
    wide = pd.DataFrame([range(13)], columns=[f"c{number}" for number in range(13)])
    wide.to_parquet(tmp_path / "loans.parquet")
    with pytest.raises(InputError, match=r"'c8', 'c9' and 3 more \(6 more mistakes"):
        read_table(load_portfolio(path))

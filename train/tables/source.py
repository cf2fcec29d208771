"""`open_source`: open a portfolio's table from a file, an object store or the web."""

import urllib.error
import urllib.request
from functools import partial
from typing import Any

import pyarrow as pa
from pyarrow import fs

from scoring_model.contract import CsvTable, ParquetTable, TableReader
from train.tables.formats import CSV_ENDINGS

_WEB = ("http://", "https://")


def open_source(source: str) -> TableReader:
    """Return the reader of a table.

    Parameters
    ----------
    source : str
        A path or a URI. `https:` and `http:` are downloaded as a whole. pyarrow opens `file:`,
        `s3:`, `gs:`, `abfs:` and `hdfs:`. A name that ends in `.csv` or `.csv.gz` is CSV, any
        other is Parquet.

    Raises
    ------
    OSError, ValueError
        The table cannot be reached, or pyarrow does not know the scheme of the URI.
    """
    is_csv = source.endswith(CSV_ENDINGS)
    if source.startswith(_WEB):
        content = _fetch(source)
        if not is_csv:
            return ParquetTable(partial(pa.BufferReader, content))
        return CsvTable(partial(_open_content, content, is_packed=source.endswith(".gz")))
    if "://" in source:
        store, path = fs.FileSystem.from_uri(source)
    else:
        store, path = fs.LocalFileSystem(), source
    if is_csv:
        # open_input_stream unpacks a file that ends in .gz
        return CsvTable(partial(store.open_input_stream, path))
    return ParquetTable(partial(store.open_input_file, path))


def _fetch(address: str) -> bytes:
    try:
        with urllib.request.urlopen(address) as answer:  # noqa: S310  # the scheme is HTTP
            content: bytes = answer.read()
            return content
    except urllib.error.HTTPError as error:
        # the error holds the answer, and with it the connection
        error.close()
        raise


def _open_content(content: bytes, *, is_packed: bool) -> Any:
    return pa.input_stream(pa.BufferReader(content), compression="gzip" if is_packed else None)

"""`encode_body`: encode a request in any of MLflow's formats.

CSV and Parquet are read like all other tables. JSON is encoded from its parsed values: converting
it to a table first would lose the JSON types, which `/predict` checks strictly.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc

from scoring_model.contract.contract import FeatureContract
from scoring_model.contract.csv_table import CsvTable
from scoring_model.contract.encoded_rows import EncodedRows, join_rows
from scoring_model.contract.json_formats import check_header, check_row_count, read_json
from scoring_model.contract.table_reader import ParquetTable, TableReader
from scoring_model.contract.typed_columns import read_levels
from scoring_model.errors import InvalidRequest, TooLarge, UnsupportedMediaType

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
# a dictionary in a small Parquet file can unpack to any amount of text
_MOST_TEXT_BYTES = 1 << 26
_TEXT_KINDS = (
    *(pa.types.is_string, pa.types.is_large_string),
    *(pa.types.is_binary, pa.types.is_large_binary),
)
# no real table of applicants has more columns
_MOST_COLUMNS = 2000


@dataclass(frozen=True, slots=True)
class EncodedBody:
    """The applicants of a request, and the body from which MLflow's app reads them.

    Attributes
    ----------
    rows : EncodedRows
    as_split : bytes or None
        The same applicants as a `dataframe_split` body. None if MLflow reads the same number of
        rows from the original body.
    """

    rows: EncodedRows
    as_split: bytes | None = None


def encode_body(
    media_type: str, body: bytes, contract: FeatureContract, max_rows: int
) -> EncodedBody:
    """Read and encode the body of a request.

    Parameters
    ----------
    media_type : str
    body : bytes
    contract : FeatureContract
        Columns that are not its features are dropped, as in MLflow.
    max_rows : int
        Maximum number of applicants.

    Raises
    ------
    InvalidRequest, TooLarge, UnsupportedMediaType
    """
    encoders: dict[str, Callable[..., EncodedBody]] = {
        JSON: _encode_json,
        CSV: _encode_csv,
        PARQUET: _encode_parquet,
    }
    if media_type not in encoders:
        raise UnsupportedMediaType(f"the Content-Type must be one of {', '.join(encoders)}")
    return encoders[media_type](body, contract, max_rows)


def _to_split(columns: Mapping[str, Sequence[Any]], names: Sequence[str], rows: int) -> bytes:
    """Return the named columns as a `dataframe_split` body, true and false as text."""
    texts = {True: "true", False: "false"}
    absent = [None] * rows
    cells = [
        [texts[v] if isinstance(v, bool) else v for v in columns.get(name, absent)]
        for name in names
    ]
    data = list(zip(*cells, strict=True))
    return orjson.dumps({"dataframe_split": {"columns": names, "data": data}})


def _encode_json(body: bytes, contract: FeatureContract, max_rows: int) -> EncodedBody:
    read = read_json(body, contract.names, max_rows)
    rows = contract.encode_columns(read.columns, read.rows)
    if rows.has_long_numbers():
        # raises an error if one of them was rounded
        exact = read_json(body, contract.names, max_rows, exactly=True)
        contract.encode_columns(exact.columns, exact.rows)
    if read.is_complete:
        return EncodedBody(rows)
    return EncodedBody(rows, _to_split(read.columns, contract.names, read.rows))


def _encode_csv(body: bytes, contract: FeatureContract, max_rows: int) -> EncodedBody:
    table = CsvTable(partial(pa.BufferReader, body))
    try:
        # the check includes the columns that are not read
        body.decode("utf-8")
        if len(table.schema) > _MOST_COLUMNS:
            raise TooLarge(f"a CSV must have at most {_MOST_COLUMNS} columns")
        batches = _read_batches(table, contract, max_rows)
    except (ValueError, OSError) as error:
        raise InvalidRequest("the body is not CSV in UTF-8 with a heading") from error
    return _encode_batches(batches, contract, from_text=True)


def _encode_parquet(body: bytes, contract: FeatureContract, max_rows: int) -> EncodedBody:
    table = ParquetTable(partial(pa.BufferReader, body), texts_once=True)
    try:
        check_row_count(table.row_count, max_rows)
        batches = _read_batches(table, contract, max_rows)
    except (pa.ArrowException, ValueError, OSError) as error:
        raise InvalidRequest("the body cannot be read as Parquet") from error
    return _encode_batches(batches, contract, from_text=False)


def _read_batches(
    table: TableReader, contract: FeatureContract, max_rows: int
) -> list[pa.RecordBatch]:
    """Read the contract's columns; refuse a body whose text unpacks to too many bytes."""
    found = table.schema.names
    check_header(found, contract.names)
    batches = []
    for batch in table.read([name for name in contract.names if name in found]):
        if batch.broken:
            row = batch.broken[0]
            raise InvalidRequest(f"row {row} of the CSV must have as many fields as the heading")
        check_row_count(batch.end, max_rows)
        batches.append(batch.records)
    columns = [column for batch in batches for column in batch.columns]
    # the exact count is made only if the quick upper bound is too high
    if all(sum(map(count, columns)) > _MOST_TEXT_BYTES for count in (_bound_text, _count_text)):
        raise TooLarge(f"the text of the columns must unpack to at most {_MOST_TEXT_BYTES} bytes")
    return batches


def _bound_text(column: pa.Array) -> int:
    """Return an upper bound for the bytes that the text of a column unpacks to."""
    if pa.types.is_dictionary(column.type):
        return int(column.dictionary.nbytes) * len(column)
    return int(column.nbytes)


def _count_text(column: pa.Array) -> int:
    """Return how many bytes the text of a column unpacks to."""
    if not pa.types.is_dictionary(column.type):
        return int(column.nbytes)
    texts = column.dictionary
    if not any(is_kind(texts.type) for is_kind in _TEXT_KINDS):
        return 0
    return int(pc.sum(pc.binary_length(texts).take(column.indices)).as_py() or 0)


def _encode_batches(
    batches: Sequence[pa.RecordBatch], contract: FeatureContract, *, from_text: bool
) -> EncodedBody:
    parts = [contract.encode_batch(batch, from_text=from_text) for batch in batches]
    rows = join_rows(parts, len(contract.names)).require_valid()
    columns: dict[str, list[Any]] = {}
    for index, feature in enumerate(contract.features):
        if feature.kind == "number":
            columns[feature.name] = rows.matrix[:, index].tolist()
        elif batches and feature.name in batches[0].schema.names:
            levels = (
                read_levels(batch.column(feature.name), feature, from_text=from_text)
                for batch in batches
            )
            columns[feature.name] = [level for part in levels for level in part.to_pylist()]
    return EncodedBody(rows, _to_split(columns, contract.names, len(rows.matrix)))

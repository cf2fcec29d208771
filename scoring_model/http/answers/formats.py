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

from scoring_model.contract import (
    CsvTable,
    EncodedRows,
    FeatureContract,
    TableReader,
    join_rows,
)
from scoring_model.errors import MOST_PROBLEMS, InvalidRequest, UnsupportedMediaType
from scoring_model.http.answers.json_formats import JsonColumns, check_header, read_json
from scoring_model.http.answers.limits import RequestLimits
from scoring_model.http.answers.parquet_body import open_parquet

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"


@dataclass(frozen=True, slots=True)
class EncodedBody:
    """The applicants of a request, and the body from which MLflow's app reads them.

    Attributes
    ----------
    rows : EncodedRows
    make_split : callable or None
        Returns the same applicants as a `dataframe_split` body with no other columns than the
        contract's. None if MLflow reads the same rows and columns from the original body.
    list_applicants : callable
        Returns each applicant as `FeatureContract.encode_records` takes it.
    references : sequence
        Values of the column of references; empty if there is none.
    """

    rows: EncodedRows
    make_split: Callable[[], bytes] | None
    list_applicants: Callable[[], list[dict[str, Any]]]
    references: Sequence[Any] = ()


def encode_body(
    media_type: str,
    body: bytes,
    contract: FeatureContract,
    limits: RequestLimits,
    reference: str = "",
) -> EncodedBody:
    """Read and encode the body of a request.

    Parameters
    ----------
    media_type : str
    body : bytes
    contract : FeatureContract
        Columns that are not its fields are dropped, as in MLflow.
    limits : RequestLimits
    reference : str
        Column of the callers' references; empty if it is not read.

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
    return encoders[media_type](body, contract, limits, reference)


def _to_split(columns: Mapping[str, Sequence[Any]], names: Sequence[str], rows: int) -> bytes:
    """Return the named columns as a `dataframe_split` body."""
    absent = [None] * rows
    data = list(zip(*(columns.get(name, absent) for name in names), strict=True))
    return orjson.dumps({"dataframe_split": {"columns": names, "data": data}})


def _encode_json(
    body: bytes, contract: FeatureContract, limits: RequestLimits, reference: str
) -> EncodedBody:
    read = read_json(body, contract.field_names, limits, also=reference)
    rows = contract.encode_columns(read.columns, read.rows)
    if rows.has_long_numbers():
        # raises an error if one of them was rounded
        exact = read_json(body, contract.field_names, limits, exactly=True)
        contract.encode_columns(exact.columns, exact.rows)
    make_split = None
    if not read.is_complete:
        make_split = partial(_to_split, read.columns, contract.field_names, read.rows)
    return EncodedBody(rows, make_split, partial(_list_applicants, read), read.also)


def _list_applicants(read: JsonColumns) -> list[dict[str, Any]]:
    applicants: list[dict[str, Any]] = [{} for _ in range(read.rows)]
    for name, column in read.columns.items():
        for applicant, value in zip(applicants, column, strict=True):
            if value is not None:
                applicant[name] = value
    return applicants


def _encode_csv(
    body: bytes, contract: FeatureContract, limits: RequestLimits, reference: str
) -> EncodedBody:
    table = CsvTable(partial(pa.BufferReader, body), stops_at_broken=True)
    try:
        # the check includes the columns that are not read
        body.decode("utf-8")
        limits.check_columns(len(table.schema))
        _require_commas(table.schema.names, contract.field_names)
        batches = _read_batches(table, contract, limits, reference)
    except (ValueError, OSError) as error:
        raise InvalidRequest("the body is not CSV in UTF-8 with a heading") from error
    rows = _encode_batches(batches, contract, from_text=True)
    return EncodedBody(
        rows,
        partial(_split_texts, batches, contract.field_names, len(rows.matrix)),
        partial(_list_records, batches, contract, from_text=True),
        _read_references(batches, reference),
    )


def _require_commas(found: Sequence[str], names: Sequence[str]) -> None:
    """Refuse a heading that holds several fields in one cell: another sign stands between them."""
    for sign, called in ((";", "a semicolon"), ("\t", "a tab"), ("|", "a vertical bar")):
        if len(found) == 1 and len(set(found[0].split(sign)) & set(names)) > 1:
            raise InvalidRequest(
                f"the cells of the CSV must be separated by commas, not by {called}"
            )


def _encode_parquet(
    body: bytes, contract: FeatureContract, limits: RequestLimits, reference: str
) -> EncodedBody:
    try:
        table = open_parquet(body, contract, limits, reference)
        batches = _read_batches(table, contract, limits, reference)
    except MemoryError:
        raise
    except (pa.ArrowException, ValueError, OSError) as error:
        raise InvalidRequest("the body cannot be read as Parquet") from error
    return EncodedBody(
        _encode_batches(batches, contract, from_text=False),
        None,
        partial(_list_records, batches, contract, from_text=False),
        _read_references(batches, reference),
    )


def _read_batches(
    table: TableReader, contract: FeatureContract, limits: RequestLimits, reference: str
) -> list[pa.RecordBatch]:
    """Read the contract's columns and the reference; count the rows while they are read."""
    found = table.schema.names
    wanted = (*contract.field_names, *((reference,) if reference else ()))
    check_header(found, wanted)
    batches = []
    for batch in table.read([name for name in wanted if name in found]):
        if batch.broken:
            row = batch.broken[0]
            raise InvalidRequest(
                f"row {row} of the CSV must have as many fields as the heading, between commas"
            )
        limits.check_rows(batch.end)
        batches.append(batch.records)
    return batches


def _encode_batches(
    batches: Sequence[pa.RecordBatch], contract: FeatureContract, *, from_text: bool
) -> EncodedRows:
    parts = [
        contract.encode_batch(batch, from_text=from_text, most_problems=MOST_PROBLEMS)
        for batch in batches
    ]
    return join_rows(parts, len(contract.names)).require_valid()


def _list_records(
    batches: Sequence[pa.RecordBatch], contract: FeatureContract, *, from_text: bool
) -> list[dict[str, Any]]:
    parts = (contract.list_records(batch, from_text=from_text) for batch in batches)
    return [record for part in parts for record in part]


def _read_references(batches: Sequence[pa.RecordBatch], reference: str) -> Sequence[Any]:
    if not batches or reference not in batches[0].schema.names:
        return ()
    values = [value for batch in batches for value in batch.column(reference).to_pylist()]
    # pandas stores whole numbers with missing ones as floats
    return [int(v) if isinstance(v, float) and v.is_integer() else v for v in values]


def _split_texts(batches: Sequence[pa.RecordBatch], names: Sequence[str], rows: int) -> bytes:
    """Return a CSV as a `dataframe_split` body."""
    found = batches[0].schema.names if batches else []
    columns = {
        name: [text for batch in batches for text in batch.column(name).to_pylist()]
        for name in found
    }
    return _to_split(columns, names, rows)

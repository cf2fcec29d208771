"""The five formats of MLflow's protocol, read strictly into columns of JSON values."""

import csv
import io
import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from scoring_model.contract import FeatureContract
from scoring_model.errors import FieldProblem, InvalidRequest, TooLarge, UnsupportedMediaType
from scoring_model.json_body import DUPLICATE, parse_json, refuse_duplicates

JSON, CSV, PARQUET = "application/json", "text/csv", "application/vnd.apache.parquet"
FORMATS = ("dataframe_records", "dataframe_split", "instances", "inputs")
# a dictionary in a small Parquet file can unpack to any amount of text
_MOST_CHARACTERS = 1 << 26
# pandas takes minutes over a header of 100,000 names
_MOST_COLUMNS = 2000
_SPLIT_KEYS = {"columns", "data", "index"}


@dataclass(frozen=True, slots=True)
class Table:
    """Applicants column by column.

    Attributes
    ----------
    columns : mapping of str to sequence
        `rows` JSON values in each.
    rows : int
    as_sent : bool
        Whether MLflow reads the body as it was sent to the same values.
    """

    columns: Mapping[str, Sequence[Any]]
    rows: int
    as_sent: bool = False

    def to_split(self, names: Sequence[str]) -> bytes:
        """Return the named columns as a `dataframe_split` body, true and false as text."""
        texts = {True: "true", False: "false"}
        absent = [None] * self.rows
        columns = [
            [texts[v] if isinstance(v, bool) else v for v in self.columns.get(name, absent)]
            for name in names
        ]
        data = list(zip(*columns, strict=True))
        return orjson.dumps({"dataframe_split": {"columns": names, "data": data}})


def read_table(media_type: str, body: bytes, contract: FeatureContract, max_rows: int) -> Table:
    """Read the body of a request.

    Parameters
    ----------
    media_type : str
    body : bytes
    contract : FeatureContract
        Other columns than its features are dropped, as MLflow does.
    max_rows : int

    Raises
    ------
    InvalidRequest, TooLarge, UnsupportedMediaType
    """
    readers: dict[str, Callable[..., Table]] = {
        JSON: _read_json,
        CSV: _read_csv,
        PARQUET: _read_parquet,
    }
    if media_type not in readers:
        raise UnsupportedMediaType(f"send {', '.join(readers)}")
    table = readers[media_type](body, contract, max_rows)
    _check_rows(table.rows, max_rows)
    return table


def _check_rows(rows: int, max_rows: int) -> None:
    if rows > max_rows:
        raise TooLarge(f"a request may have {max_rows} applicants (MAX_ROWS)")


def _read_json(body: bytes, contract: FeatureContract, max_rows: int) -> Table:
    names = contract.names
    document = parse_json(body, FORMATS)
    formats = [name for name in FORMATS if isinstance(document, dict) and name in document]
    if len(formats) != 1:
        raise InvalidRequest(f"the body must be an object with one of {', '.join(FORMATS)}")
    [kind] = formats
    value = document[kind]
    if isinstance(value, list) and kind != "dataframe_split":
        _check_rows(len(value), max_rows)
        columns, fields = _columns_of_records(value, kind, names)
        rows = len(value)
    elif isinstance(value, dict) and kind != "dataframe_records":
        read = _columns_of_split if kind == "dataframe_split" else _columns_of_columns
        columns, rows = read(value, names)
        fields = len(value)
    else:
        raise InvalidRequest(f"{kind} is not in MLflow's format")
    refuse_duplicates(body, fields + len(document), _values_of(value), FORMATS)
    plain = all(not {type(None), bool} & set(map(type, column)) for column in columns.values())
    complete = plain and rows > 0 and len(columns) == len(names)
    return Table(columns, rows, as_sent=complete and len(document) == 1)


def _values_of(value: Any) -> Iterator[Collection[Any]]:
    """Yield the values of a body, for the count of its texts."""
    rows = value if isinstance(value, list) else value.values()
    for row in rows:
        if isinstance(row, dict):
            yield row.values()
        elif isinstance(row, list) and row and isinstance(row[0], list):
            yield from (cells if isinstance(cells, list) else (cells,) for cells in row)
        else:
            yield row if isinstance(row, list) else (row,)


def _columns_of_records(
    records: list[Any], kind: str, names: Sequence[str]
) -> tuple[dict[str, list[Any]], int]:
    for row, record in enumerate(records):
        if type(record) is not dict:
            raise InvalidRequest(f"row {row} of {kind} must be an object")
    columns = {name: [record.get(name) for record in records] for name in names}
    return columns, sum(map(len, records))


def _columns_of_split(
    split: dict[str, Any], names: Sequence[str]
) -> tuple[dict[str, list[Any]], int]:
    header, data = split.get("columns"), split.get("data")
    if not set(split) <= _SPLIT_KEYS or not isinstance(header, list) or not isinstance(data, list):
        raise InvalidRequest("dataframe_split must have columns, data and at most an index")
    if not all(isinstance(name, str) for name in header):
        raise InvalidRequest("the columns of dataframe_split must be text")
    _check_header(header, names)
    for row, cells in enumerate(data):
        if type(cells) is not list or len(cells) != len(header):
            raise InvalidRequest(f"row {row} of dataframe_split must have a value per column")
    if "index" in split and not (
        isinstance(split["index"], list) and len(split["index"]) == len(data)
    ):
        raise InvalidRequest("the index of dataframe_split must have a value per row")
    places = {name: place for place, name in enumerate(header)}
    known = [name for name in names if name in places]
    return {name: [cells[places[name]] for cells in data] for name in known}, len(data)


def _check_header(header: Sequence[str], names: Sequence[str]) -> None:
    twice = [name for name in names if header.count(name) > 1]
    if twice:
        raise InvalidRequest.from_problems([FieldProblem(0, name, DUPLICATE) for name in twice])


def _columns_of_columns(
    columns: dict[str, Any], names: Sequence[str]
) -> tuple[dict[str, list[Any]], int]:
    # MLflow takes one applicant as plain values too
    known = {name: columns[name] for name in names if name in columns}
    if not any(isinstance(value, list) for value in known.values()):
        return {name: [value] for name, value in known.items()}, 1 if known else 0
    lengths = {len(value) if isinstance(value, list) else None for value in known.values()}
    if len(lengths) != 1:
        raise InvalidRequest("all columns must be arrays of the same length")
    return known, lengths.pop() or 0


def _read_csv(body: bytes, contract: FeatureContract, max_rows: int) -> Table:
    """Read CSV with pandas' markers of missing values; numbers to the last bit, as Python does."""
    import pandas as pd

    try:
        text = body.decode("utf-8")
        header = next(filter(None, csv.reader(io.StringIO(text))), [])
        if len(header) > _MOST_COLUMNS:
            raise TooLarge(f"a CSV may have {_MOST_COLUMNS} columns")
        frame = pd.read_csv(io.StringIO(text), dtype=object, nrows=max_rows + 1)
    except (ValueError, OverflowError, csv.Error, pd.errors.ParserError) as error:
        raise InvalidRequest("the body is not CSV in UTF-8 with a header") from error
    _check_header(header, contract.names)
    if not isinstance(frame.index, pd.RangeIndex):
        raise InvalidRequest("a row of the CSV has more cells than its header")
    columns: dict[str, list[Any]] = {}
    for feature in contract.features:
        if feature.name in frame.columns:
            cells = frame[feature.name]
            values = cells.where(cells.notna(), None).tolist()
            is_number = feature.kind == "number"
            columns[feature.name] = list(map(_read_number, values)) if is_number else values
    return Table(columns, len(frame))


def _read_number(text: str | None) -> float | str | None:
    """Return a cell as a number, or as it is for the contract to refuse."""
    if text is None or "_" in text:
        return text
    try:
        return float(text)
    except ValueError:
        return text


def _read_parquet(body: bytes, contract: FeatureContract, max_rows: int) -> Table:
    """Read the columns that matter, when they unpack to a size that is bearable."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(io.BytesIO(body))
        _check_rows(metadata.num_rows, max_rows)
        found = metadata.schema.to_arrow_schema().names
        _check_header(found, contract.names)
        known = [feature for feature in contract.features if feature.name in found]
        texts = [feature.name for feature in known if feature.kind == "category"]
        file = pq.ParquetFile(io.BytesIO(body), metadata=metadata, read_dictionary=texts)
        table = file.read(columns=[feature.name for feature in known])
        columns = {name: _cells_of(table[name]) for name in table.column_names}
    except (pa.ArrowException, OSError, ValueError) as error:
        raise InvalidRequest("the body is not Parquet that can be read") from error
    characters = sum(len(cell) for c in columns.values() for cell in c if isinstance(cell, str))
    if characters > _MOST_CHARACTERS:
        raise TooLarge(f"the Parquet may unpack to {_MOST_CHARACTERS} characters of text")
    return Table(columns, metadata.num_rows)


def _cells_of(column: Any) -> list[Any]:
    """Return a column as Python values: each text once, however often it stands there."""
    cells: list[Any] = []
    for chunk in column.chunks:
        if hasattr(chunk, "dictionary"):
            levels = chunk.dictionary.to_pylist()
            cells += [None if i is None else levels[i] for i in chunk.indices.to_pylist()]
        else:
            # NaN is how pandas writes a missing number
            cells += [None if _is_nan(value) else value for value in chunk.to_pylist()]
    return cells


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)

"""MLflow's JSON formats, read strictly into columns of JSON values."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scoring_model.contract import DUPLICATE, parse_exactly, parse_json, refuse_duplicates
from scoring_model.errors import FieldProblem, InvalidRequest
from scoring_model.http.answers.limits import RequestLimits

FORMATS = ("dataframe_records", "dataframe_split", "instances", "inputs")
_SPLIT_KEYS = {"columns", "data", "index"}


@dataclass(frozen=True, slots=True)
class JsonColumns:
    """Applicants column by column.

    Attributes
    ----------
    columns : mapping of str to sequence
        `rows` JSON values in each. A column that no applicant has may be absent.
    rows : int
        Number of applicants.
    is_complete : bool
        Whether MLflow reads the same rows from the original body, and no other columns than the
        fields. MLflow drops rows of `instances` with absent fields, refuses true where the
        signature has text, and writes the names of unknown columns into its log.
    also : sequence
        The values of the column that was asked for in addition; empty if there is none.
    """

    columns: Mapping[str, Sequence[Any]]
    rows: int
    is_complete: bool
    also: Sequence[Any] = ()


def read_json(
    body: bytes,
    names: Sequence[str],
    limits: RequestLimits,
    *,
    exactly: bool = False,
    also: str = "",
) -> JsonColumns:
    """Read a body in one of MLflow's JSON formats.

    Parameters
    ----------
    body : bytes
    names : sequence of str
        The fields' names. Other columns are dropped, as in MLflow.
    limits : RequestLimits
    exactly : bool
        Whether the body was read before, and long whole numbers must now be kept.
    also : str
        Name of a column to read in addition; empty for none.

    Raises
    ------
    InvalidRequest, TooLarge
    """
    document = parse_exactly(body) if exactly else parse_json(body, FORMATS)
    formats = [name for name in FORMATS if isinstance(document, dict) and name in document]
    if len(formats) != 1:
        raise InvalidRequest(
            f"the body must be an object with one of {', '.join(FORMATS)}{_advise(document)}"
        )
    [kind] = formats
    value, wanted = document[kind], (*names, *((also,) if also else ()))
    if isinstance(value, list) and kind != "dataframe_split":
        limits.check_rows(len(value))
        header = _fields_of_records(value, kind)
        limits.check_columns(len(header))
        columns = {name: [record.get(name) for record in value] for name in wanted}
        rows, fields = len(value), sum(map(len, value))
    elif isinstance(value, dict) and kind != "dataframe_records":
        is_split = kind == "dataframe_split"
        header = set(_header_of_split(value) if is_split else value)
        limits.check_columns(len(header))
        read = _columns_of_split if is_split else _columns_of_columns
        columns, rows = read(value, wanted)
        fields = len(value)
    else:
        raise InvalidRequest(f"{kind} is not in MLflow's format")
    refuse_duplicates(body, fields + len(document), _values_of(value), FORMATS)
    found = columns.pop(also, ())
    plain = all(not {type(None), bool} & set(map(type, column)) for column in columns.values())
    limits.check_rows(rows)
    known = len(columns) == len(names) and header <= set(names) and len(document) == 1
    return JsonColumns(columns, rows, plain and rows > 0 and known, found)


def _advise(document: Any) -> str:
    """Return what to send instead of a body of MLflow 1."""
    if isinstance(document, list):
        return ': send {"dataframe_records": [...]}, or the array itself to /predict'
    if isinstance(document, dict) and {"columns", "data"} <= document.keys():
        return ': send {"dataframe_split": {"columns": [...], "data": [...]}}'
    return ""


def _values_of(value: Any) -> Iterator[Collection[Any]]:
    """Yield the values of a body, so that its texts can be counted."""
    rows = value if isinstance(value, list) else value.values()
    for row in rows:
        if isinstance(row, dict):
            yield row.values()
        elif isinstance(row, list) and row and isinstance(row[0], list):
            yield from (cells if isinstance(cells, list) else (cells,) for cells in row)
        else:
            yield row if isinstance(row, list) else (row,)


def _fields_of_records(records: list[Any], kind: str) -> set[str]:
    """Return the different fields of all records."""
    for row, record in enumerate(records):
        if type(record) is not dict:
            raise InvalidRequest(f"row {row} of {kind} must be an object")
    return set[str]().union(*records)


def _header_of_split(split: dict[str, Any]) -> list[str]:
    """Return the column names of a well-formed `dataframe_split`."""
    header, data = split.get("columns"), split.get("data")
    if not set(split) <= _SPLIT_KEYS or not isinstance(header, list) or not isinstance(data, list):
        raise InvalidRequest(
            "dataframe_split must have columns and data, may have index, and must have nothing else"
        )
    if not all(isinstance(name, str) for name in header):
        raise InvalidRequest("the columns of dataframe_split must be text")
    return header


def _columns_of_split(
    split: dict[str, Any], names: Sequence[str]
) -> tuple[dict[str, list[Any]], int]:
    header, data = split["columns"], split["data"]
    check_header(header, names)
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


def _columns_of_columns(
    columns: dict[str, Any], names: Sequence[str]
) -> tuple[dict[str, list[Any]], int]:
    # MLflow also accepts a single applicant as plain values
    known = {name: columns[name] for name in names if name in columns}
    if not any(isinstance(value, list) for value in known.values()):
        return {name: [value] for name, value in known.items()}, 1 if known else 0
    lengths = {len(value) if isinstance(value, list) else None for value in known.values()}
    if len(lengths) != 1:
        raise InvalidRequest("all columns must be arrays of the same length")
    return known, lengths.pop() or 0


def check_header(header: Sequence[str], names: Sequence[str]) -> None:
    """Raise `InvalidRequest` if a heading contains a field's name twice."""
    twice = [name for name in names if header.count(name) > 1]
    if twice:
        raise InvalidRequest.from_problems([FieldProblem(0, name, DUPLICATE) for name in twice])

"""`open_parquet`: look into the footer of a Parquet body before anything is unpacked."""

import itertools
from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa

from scoring_model.contract import NOT_A_DATE, NOT_A_NUMBER, NOT_TEXT, FeatureContract, ParquetTable
from scoring_model.errors import FieldProblem, Problems
from scoring_model.http.answers.limits import RequestLimits

# items of a list in the footer: row groups, columns, entries of metadata
_MOST_ITEMS = 100_000
_RULES = {"number": NOT_A_NUMBER, "category": NOT_TEXT, "date": NOT_A_DATE}
# numbers that are stored in a fixed number of bytes
_FIXED_NUMBERS = {"DECIMAL", "FLOAT16"}


def open_parquet(
    body: bytes, contract: FeatureContract, limits: RequestLimits, reference: str = ""
) -> ParquetTable:
    """Check what the footer says about the columns that are read, and return the table.

    Parameters
    ----------
    body : bytes
    contract : FeatureContract
        Columns that are not its fields are never unpacked.
    limits : RequestLimits
    reference : str
        Column of the callers' references, if it is read; it may hold text or numbers.

    Raises
    ------
    InvalidRequest
        A field is nested, or of a type that holds no numbers, text or dates.
    TooLarge
        The footer announces too many rows, columns or bytes. It may lie about them, so the rows
        must be counted again while they are read.
    OSError, ValueError, pyarrow.ArrowException
        The footer cannot be read.
    """
    from pyarrow.parquet import ParquetFile

    with ParquetFile(
        pa.BufferReader(body),
        thrift_string_size_limit=len(body),
        thrift_container_size_limit=_MOST_ITEMS,
    ) as source:
        metadata = source.metadata
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    limits.check_columns(metadata.num_columns)
    limits.check_rows(max(metadata.num_rows, sum(group.num_rows for group in groups)))
    problems, places = Problems(), []
    kinds: dict[str, str] = {field.name: field.kind for field in contract.fields}
    if reference:
        kinds[reference] = "category"
    for place, column, name in _read_columns(metadata, kinds):
        places.append(place)
        if not _is_flat(column) or not _fits(column, kinds[name]):
            problems.append(FieldProblem(0, name, _RULES[kinds[name]]))
    problems.require_none()
    sizes = (group.column(place).total_uncompressed_size for group in groups for place in places)
    limits.check_unpacked_bytes(sum(sizes))
    return ParquetTable(partial(pa.BufferReader, body), texts_once=True, batch_rows=limits.rows + 1)


def _read_columns(metadata: Any, kinds: dict[str, Any]) -> Iterator[tuple[int, Any, str]]:
    """Yield place and description of each stored column that is read, and its field's name.

    Asked for a column `a`, Arrow reads the columns `a.b` as well, nested or not.
    """
    for place in range(metadata.num_columns):
        column = metadata.schema.column(place)
        prefixes = itertools.accumulate(column.path.split("."), "{}.{}".format)
        name = next((prefix for prefix in prefixes if prefix in kinds), None)
        if name is not None:
            yield place, column, name


def _is_flat(column: Any) -> bool:
    """Return whether a column has one value per row."""
    return bool(column.max_repetition_level == 0 and column.path == column.name)


def _fits(column: Any, kind: str) -> bool:
    """Return whether a column may hold numbers, text, true and false, or dates."""
    if column.physical_type == "FIXED_LEN_BYTE_ARRAY":
        return column.logical_type.type in _FIXED_NUMBERS
    # Spark stores times so
    return bool(column.physical_type != "INT96" or kind == "date")

"""`read_outcomes`: read the table of outcomes from any source that a portfolio may have."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from monitoring.facts.tables import OUTCOMES
from scoring_model.contract import TableBatch
from scoring_model.decision_log import PersonalValues
from train.columns import outcome_text
from train.errors import InputError, reason_of
from train.portfolio.sections import ReadSettings
from train.tables import (
    NamedTable,
    Source,
    as_whole,
    column_days,
    find_readings,
    is_text_type,
    open_tables,
    read_numbers,
    standardise_cells,
    yes_no_words,
)

_NAMES = ("decision_id", "reference")
_DATE, _DEFAULTED, _AMOUNT = "observed_on", "defaulted", "amount_lost"


@dataclass(frozen=True, slots=True)
class OutcomeSource:
    """Where the outcomes are.

    Attributes
    ----------
    source : Source
    key : bytes or None
        The secret for the log's digests of references; None if the log keeps references themselves.
    """

    source: Source
    key: bytes | None = field(repr=False)


class _Columns(NamedTuple):
    """The columns to read: `name` says which decision, `amount` is empty without amounts."""

    name: str
    amount: str

    @property
    def read(self) -> list[str]:
        return [self.name, _DATE, _DEFAULTED, *([self.amount] if self.amount else [])]


def read_outcomes(outcomes: OutcomeSource) -> Iterator[pa.RecordBatch]:
    """Read the table of outcomes in batches with bounded memory.

    Parameters
    ----------
    outcomes : OutcomeSource

    Yields
    ------
    pyarrow.RecordBatch
        With the schema `OUTCOMES`.

    Raises
    ------
    InputError
        The table cannot be read, lacks a column, has a wrong cell or no row, or has no loan that
        did not default. No message holds a value of the table.
    """
    try:
        tables = open_tables(outcomes.source).tables
    except InputError as error:
        raise InputError(f"outcomes {error}") from error
    columns = _choose_columns(tables[0])
    for table in tables:
        _check_types(table, columns)
    dates = _find_date_format(tables)
    rows = repaid = 0
    for table in tables:
        read = replace(table.read, dates=dates)
        for batch in _read_batches(table, columns.read):
            records = _read_records(table._replace(read=read), batch, columns, outcomes.key)
            rows += records.num_rows
            repaid += records.num_rows - pc.sum(records.column("defaulted"), min_count=0).as_py()
            yield records
    shown = f"outcomes {outcomes.source.shown}"
    if not rows:
        raise InputError(f"{shown}: the table has no row: write a row for each granted loan")
    if not repaid:
        raise InputError(
            f"{shown}: no row has {_DEFAULTED} = 0: write a row for each granted loan, and not "
            "only for defaults"
        )


def _choose_columns(table: NamedTable) -> _Columns:
    have = table.reader.schema.names
    names = [name for name in _NAMES if name in have]
    lacking = [f"the column {name!r}" for name in (_DATE, _DEFAULTED) if name not in have]
    if not names:
        lacking.insert(0, "a column 'decision_id' or 'reference'")
    if lacking:
        raise InputError(
            f"outcomes {table.name}: the table needs {' and '.join(lacking)}: its columns are "
            f"{', '.join(map(repr, have))}"
        )
    if len(names) > 1:
        raise InputError(
            f"outcomes {table.name}: the table must have only one of the columns 'decision_id' and "
            f"'reference': its columns are {', '.join(map(repr, have))}"
        )
    return _Columns(names[0], _AMOUNT if _AMOUNT in have else "")


def _check_types(table: NamedTable, columns: _Columns) -> None:
    for name in columns.read:
        kind = table.reader.schema.field(name).type
        value = kind.value_type if pa.types.is_dictionary(kind) else kind
        is_number = pa.types.is_primitive(value) or pa.types.is_decimal(value)
        if not (is_text_type(value) or is_number or pa.types.is_null(value)):
            raise InputError(
                f"outcomes {table.name}: column {name!r}: each cell must be text, a number, a date "
                f"or a truth value: the type of the column is {kind}"
            )


def _read_batches(table: NamedTable, columns: list[str]) -> Iterator[TableBatch]:
    try:
        for batch in table.reader.read(columns):
            if batch.broken:
                raise ValueError(f"row {batch.broken[0]} must have as many fields as the heading")
            yield batch
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"outcomes {table.name}: cannot be read: {reason_of(error)}") from error


def _find_date_format(tables: tuple[NamedTable, ...]) -> str | None:
    """Return how dates are written as text, if it is certain; None for ISO dates.

    All different dates must be known before the first is read: one may decide how to read another.
    """
    first = tables[0]
    if first.read.dates is not None:
        return first.read.dates
    found = pa.array([], pa.string())
    for table in tables:
        if is_text_type(table.reader.schema.field(_DATE).type):
            for batch in _read_batches(table, [_DATE]):
                text = batch.records.column(0).cast(pa.string())
                found = pc.unique(pa.concat_arrays([found, pc.unique(text)]))
    readings = [r for r in find_readings(found, first.read) if r.kind == "date"]
    if len(readings) > 1:
        forms = " or ".join(str(r.settings.get("dates", "%Y-%m-%d")) for r in readings)
        raise InputError(
            f"outcomes {first.name}: column {_DATE!r}: its dates may be {forms}: write them such "
            "as 2005-04-03"
        )
    return readings[0].settings.get("dates") if readings else None


def _read_records(
    table: NamedTable, batch: TableBatch, columns: _Columns, key: bytes | None
) -> pa.RecordBatch:
    cells = {name: _plain_cells(batch.records.column(name)) for name in columns.read}
    names = _read_names(cells[columns.name], table.read)
    days = column_days(cells[_DATE], table.read.dates)
    defaulted = _read_defaulted(cells[_DEFAULTED], table.read)
    amounts, is_wrong = pa.nulls(len(days), pa.float64()), pa.array([False] * len(days))
    if columns.amount:
        amounts, is_wrong = _read_amounts(cells[columns.amount], table.read)
    for column, wrong, rule in (
        (columns.name, names.is_null(), "must have a value"),
        (_DATE, days.is_null(), "must be a date such as 2005-04-03"),
        (_DEFAULTED, defaulted.is_null(), "must be 0 or 1"),
        (columns.amount, is_wrong, "must be a number that is not negative, or empty"),
    ):
        if (place := pc.index(wrong, True).as_py()) >= 0:
            row = batch.rows[place]
            raise InputError(f"outcomes {table.name}: row {row}: column {column!r} {rule}")
    plain = pa.nulls(len(names), pa.string())
    if columns.name == "reference":
        plain = names
        if key is not None:
            names = pa.array(map(PersonalValues(key).identify, names.to_pylist()), pa.string())
    return pa.RecordBatch.from_arrays([names, plain, days, defaulted, amounts], schema=OUTCOMES)


def _plain_cells(column: pa.Array) -> pa.Array:
    """Return the cells as a type that all functions of Arrow take; NaN is missing."""
    if pa.types.is_dictionary(column.type):
        column = column.dictionary_decode()
    if pa.types.is_null(column.type) or is_text_type(column.type):
        return column.cast(pa.string())
    if pa.types.is_floating(column.type):
        column = column.cast(pa.float64())
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column


def _read_names(column: pa.Array, read: ReadSettings) -> pa.Array:
    if is_text_type(column.type):
        text = standardise_cells(column, "category", read)
        return pc.if_else(pc.equal(text, ""), pa.scalar(None, pa.string()), text)
    if pa.types.is_integer(column.type):
        return column.cast(pa.string())
    names = [None if cell is None else str(as_whole(cell)) for cell in column.to_pylist()]
    return pa.array(names, pa.string())


def _read_defaulted(column: pa.Array, read: ReadSettings) -> pa.Array:
    words = {"0": 0, "1": 1}
    words |= {word: int(meaning == "true") for word, meaning in yes_no_words(read).items()}
    coded = column.dictionary_encode()
    meanings = [words.get(outcome_text(cell).casefold()) for cell in coded.dictionary.to_pylist()]
    return pa.array(meanings, pa.int32()).take(coded.indices)


def _read_amounts(column: pa.Array, read: ReadSettings) -> tuple[pa.Array, pa.Array]:
    """Return the amounts, and which cells are wrong."""
    if is_text_type(column.type):
        column = standardise_cells(column, "number", read)
        amounts = read_numbers(column, ReadSettings())
    elif pa.types.is_boolean(column.type) or pa.types.is_temporal(column.type):
        amounts = pa.nulls(len(column), pa.float64())
    else:
        is_decimal = pa.types.is_decimal(column.type)
        # through text: Arrow's own cast of decimal numbers rounds wrongly
        amounts = (column.cast(pa.string()) if is_decimal else column).cast(pa.float64())
    fits = pc.and_(pc.is_finite(amounts), pc.greater_equal(amounts, 0.0))
    return amounts, pc.and_not(column.is_valid(), pc.fill_null(fits, False))

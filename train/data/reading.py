"""Read a portfolio's table: text by its settings, then kinds, dates, outcomes and row numbers."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
import pyarrow as pa

from train.columns import (
    doubtful_columns,
    find_settings,
    list_mistakes,
)
from train.data.derived_fields import field_mistakes
from train.data.preparation import Preparation
from train.data.table_frames import read_cells
from train.data.text_columns import TextColumns
from train.errors import InputError, Mistakes, reason_of
from train.portfolio import Portfolio
from train.portfolio.sections import ReadSettings
from train.tables import OpenedSource, Source, is_text_type, open_tables


@dataclass(frozen=True, slots=True)
class ReadTable:
    """A portfolio's table as training takes it.

    Attributes
    ----------
    frame : DataFrame, shape (rows, columns of the table)
        Numbers, text, booleans, and days without a time zone. The target holds 0 and 1, rows that
        `leave_out` names are left out. Without a key there is a column `ROW_NUMBER`.
    read : ReadSettings
        The settings of the portfolio, with what was found in the table.
    notes : tuple of str
        What was found, left out or is in doubt, one line each.
    mistakes : mapping of str to str
        The mistake in each column that cannot be read as the portfolio says, one line each.
    """

    frame: pd.DataFrame
    read: ReadSettings
    notes: tuple[str, ...]
    mistakes: Mapping[str, str]


def read_table(portfolio: Portfolio) -> ReadTable:
    """Read the source and give its columns their kinds.

    Parameters
    ----------
    portfolio : Portfolio

    Returns
    -------
    ReadTable
        Without mistakes.

    Raises
    ------
    InputError
        The source cannot be read.
    Mistakes
        It lacks a column that the portfolio names, or a column does not hold what the portfolio
        says.
    """
    table = examine_table(portfolio)
    if table.mistakes:
        raise Mistakes(find_mistakes(table, portfolio))
    return table


def find_mistakes(table: ReadTable, portfolio: Portfolio) -> list[str]:
    """Return a line for each mistake: of reading, in key, target and features, and in formulas."""
    read = table.mistakes
    return [
        *read.values(),
        *list_mistakes(table.frame, portfolio, known=read),
        *field_mistakes(table.frame, portfolio, known=read),
    ]


def examine_table(portfolio: Portfolio) -> ReadTable:
    """Read the source and collect the mistakes; raise `InputError` only if it cannot be read."""
    where = f"{portfolio.path}: [portfolio] source {Source.of(portfolio).shown}"
    try:
        opened = open_tables(Source.of(portfolio))
        parts = [read_cells(table.reader) for table in opened.tables]
        cells = parts[0] if len(parts) == 1 else pa.concat_tables(parts, promote_options="default")
    except InputError as error:
        raise InputError(f"{portfolio.path}: [portfolio] source {error}") from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{where}: cannot be read: {reason_of(error)}") from error
    is_text = all(table.reader.is_text for table in opened.tables)
    read, found = find_settings(cells, portfolio, _common_read(opened, where))
    columns = TextColumns(_known_kinds(portfolio), read, is_text)
    names = [n for n in cells.schema.names if is_text_type(cells.schema.field(n).type)]
    texts = {name: cells.column(name) for name in names}
    table = Preparation(columns.to_frame(cells), portfolio, read, is_text)
    del cells
    table.prepare(columns.unfit, texts)
    notes = (*opened.notes, *found, *table.notes)
    notes = (*notes, *doubtful_columns(table.frame, portfolio, columns.codes))
    return ReadTable(table.frame, read, notes, table.mistakes)


def _common_read(opened: OpenedSource, where: str) -> ReadSettings:
    first = opened.tables[0]
    for table in opened.tables[1:]:
        if (table.read.decimal, table.read.thousands) != (first.read.decimal, first.read.thousands):
            raise InputError(
                f"{where}: {table.name} writes numbers otherwise than {first.name}: add [read] "
                "decimal and thousands if one reading is right for both, else write them alike"
            )
    return first.read


def prepare(frame: pd.DataFrame, portfolio: Portfolio) -> ReadTable:
    """Give the columns of a typed table their kinds, such as those of histories.

    Parameters
    ----------
    frame : DataFrame
    portfolio : Portfolio

    Raises
    ------
    Mistakes
        A column is missing, or does not hold what the portfolio says.
    """
    table = Preparation(frame, portfolio, portfolio.read, is_text=False)
    table.prepare(set(), {})
    if table.mistakes:
        raise Mistakes(list(table.mistakes.values()))
    return ReadTable(table.frame, portfolio.read, tuple(table.notes), {})


def _known_kinds(portfolio: Portfolio) -> dict[str, str]:
    kinds: dict[str, str] = dict(portfolio.kinds)
    for date in (portfolio.decision_date, portfolio.monitoring.outcome_date):
        if date:
            kinds[date] = "date"
    if portfolio.outcomes.are_named:
        kinds[portfolio.target] = "category"
    return kinds


def digest_table(table: pd.DataFrame) -> str:
    """Return the SHA-256 of a table's column names, kinds and values, in order."""
    digest = hashlib.sha256()
    for name in table.columns:
        column = table[name]
        digest.update(f"{name}:{column.dtype.kind};".encode())
        values = column.astype(object) if column.dtype == "category" else column
        digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
    return digest.hexdigest()

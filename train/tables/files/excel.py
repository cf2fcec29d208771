"""`read_excel`: a sheet of an Excel file as a table with types."""

import io
from collections.abc import Sequence
from typing import Any, NamedTuple

import pyarrow as pa
from python_calamine import (
    CalamineError,
    CalamineSheet,
    PasswordError,
    SheetVisibleEnum,
    load_workbook,
)

from scoring_model.contract import CSV_MISSING, MOST_WHOLE
from train.tables.files.dialect import MOST_TITLE_LINES, find_heading
from train.tables.typed_cells import common_schema, text_of_cell, to_column

_MISSING = frozenset(CSV_MISSING)
# the part of an Excel file that a password protects; its name stands in the file in UTF-16
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")


class SheetTable(NamedTuple):
    """The table of a sheet.

    Attributes
    ----------
    table : pyarrow.Table
    found : tuple of str
        What was found and not given.
    """

    table: pa.Table
    found: tuple[str, ...]


def read_excel(content: bytes, sheet: str | None) -> SheetTable:
    """Return the table of an Excel file (.xlsx, .xls, .ods).

    Parameters
    ----------
    content : bytes
    sheet : str, optional
        Name of the sheet; without it, the file must have one sheet with data.

    Returns
    -------
    SheetTable
        Whole numbers are int64, dates date32 or timestamps. A column that mixes kinds is text.
        Rows of a title above the heading are left out.

    Raises
    ------
    ValueError
        The file is broken or encrypted, has no such sheet, or several sheets have data.
    """
    if _ENCRYPTED in content:
        raise ValueError("it has a password: save it without one")
    try:
        book = load_workbook(io.BytesIO(content))
        chosen, rows = _choose(book, sheet)
    except PasswordError as error:
        raise ValueError("it has a password: save it without one") from error
    except CalamineError as error:
        raise ValueError(f"it is no Excel file that can be read: {error}") from error
    width = max(map(len, rows))
    heading = find_heading([_texts(row) for row in rows[: MOST_TITLE_LINES + 1]], width)
    table = _make_table(_texts(rows[heading]), rows[heading + 1 :])
    found = () if sheet or len(book.sheet_names) == 1 else (f"sheet {chosen.name!r}",)
    if heading:
        # `start` is the first row with a cell
        line = (chosen.start or (0, 0))[0] + heading + 1
        found = (*found, f"heading in row {line}")
    return SheetTable(table, found)


def _choose(book: Any, name: str | None) -> tuple[CalamineSheet, list[list[Any]]]:
    if name is not None and name not in book.sheet_names:
        raise ValueError(f"[read] sheet {name!r} is not one of its sheets, {_listed(book)}")
    shown = [s.name for s in book.sheets_metadata if s.visible == SheetVisibleEnum.Visible]
    # a hidden sheet often holds lists of choices
    names = (shown or book.sheet_names) if name is None else [name]
    sheets = [book.get_sheet_by_name(each) for each in names]
    filled = [sheet for sheet in sheets if sheet.total_height]
    if not filled:
        raise ValueError("it is empty, but must have a heading")
    if len(filled) > 1:
        choices = " or ".join(f'sheet = "{sheet.name}"' for sheet in filled)
        raise ValueError(f"several of its sheets have data: add to [read] {choices}")
    return filled[0], filled[0].to_python()


def _listed(book: Any) -> str:
    return ", ".join(map(repr, book.sheet_names))


def _make_table(heading: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    names, columns = [], []
    rows = [row for row in rows if any(cell != "" for cell in row)]
    for place, name in enumerate(heading):
        cells = [_cell(row[place]) for row in rows]
        if name == "" and all(cell is None for cell in cells):
            continue  # an empty column between others
        names.append(name or f"Unnamed: {place}")
        columns.append(_days(to_column(cells)))
    table = pa.table(columns, names=names)
    return table.cast(common_schema([table.schema]))


def _days(column: pa.Array) -> pa.Array:
    """Return timestamps without a time of the day as days: Excel stores both alike."""
    if not pa.types.is_timestamp(column.type):
        return column
    days = column.cast(pa.date32(), safe=False)
    return days if days.cast(column.type).equals(column) else column


def _cell(value: Any) -> Any:
    return None if isinstance(value, str) and value in _MISSING else _whole(value)


def _whole(value: Any) -> Any:
    # Excel has doubles only
    is_whole = isinstance(value, float) and value.is_integer() and abs(value) < MOST_WHOLE
    return int(value) if is_whole else value


def _texts(row: Sequence[Any]) -> list[str]:
    return [text_of_cell(_whole(cell)) for cell in row]

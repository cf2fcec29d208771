"""Read the whole table of a source as columns, in the kinds that its texts have."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import pyarrow as pa

from train.draft.columns import ColumnKind, TableColumn, describe_column
from train.draft.how_written import HowWritten, find_how_written, read_again
from train.errors import InputError, reason_of
from train.portfolio.sections import ReadSettings
from train.tables import OpenedSource, Source, is_text_type, open_tables, standardise_cells


@dataclass(frozen=True, slots=True)
class TableColumns:
    """The columns of a table, and how it is written.

    Attributes
    ----------
    columns : tuple of TableColumn
    settings : ReadSettings
        What was given, and what was found in the table.
    notes : tuple of str
        What the reader says about the table, one line each.
    kinds : mapping of str to str
        Columns of text whose kind a portfolio must name: numbers in a table that has types.
    unlike : mapping of str to str
        Columns that are written otherwise than the others, each with its first cell.
    questions : tuple of (str, str)
        A key of `[read]`, and what the table does not say about it.
    """

    columns: tuple[TableColumn, ...]
    settings: ReadSettings
    notes: tuple[str, ...]
    kinds: Mapping[str, str] = field(default_factory=dict)
    unlike: Mapping[str, str] = field(default_factory=dict)
    questions: tuple[tuple[str, str], ...] = ()


def read_columns(source: Source) -> TableColumns:
    """Read all columns of a source; raises `InputError` if it cannot be read."""
    opened = open_tables(source)
    try:
        raw = _read_raw(opened)
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{source.shown}: cannot be read: {reason_of(error)}") from error
    columns = {name: describe_column(name, cells) for name, cells in raw.items()}
    texts = {name for name, cells in raw.items() if is_text_type(cells.type)}
    doubtful = {
        name: raw[name]
        for name in raw
        if name in texts and columns[name].kind in ("category", "date")
    }
    written = find_how_written(doubtful, opened.tables[0].read)
    for name, kind in written.kinds.items():
        columns[name] = _rewrite(columns[name], raw[name], kind, written)
    # text that a table with types calls text is not read as numbers by itself
    is_typed = not opened.tables[0].reader.is_text
    typed = {n: "number" for n in texts if is_typed and columns[n].kind == "number"}
    return TableColumns(
        tuple(columns.values()),
        written.settings,
        opened.notes,
        typed,
        written.unlike,
        tuple(written.questions),
    )


def _rewrite(
    column: TableColumn, cells: pa.ChunkedArray, kind: ColumnKind, written: HowWritten
) -> TableColumn:
    if kind == "yes/no":
        # with its own words, which a target is named by
        return replace(column, kind=kind)
    rewritten = _standard(column.name, cells, kind, written)
    if rewritten.kind not in (kind, "empty"):
        read_again(column.name, cells, written)
        rewritten = _standard(column.name, cells, kind, written)
    return rewritten


def _standard(
    name: str, cells: pa.ChunkedArray, kind: ColumnKind, written: HowWritten
) -> TableColumn:
    parts = [standardise_cells(part, kind, written.settings) for part in cells.chunks]
    return describe_column(name, pa.chunked_array(parts))


def _read_raw(opened: OpenedSource) -> dict[str, pa.ChunkedArray]:
    chunks: dict[str, list[pa.Array]] = {}
    for table in opened.tables:
        names = table.reader.schema.names
        for batch in table.reader.read(names):
            if batch.broken:
                place = f"{table.name}: " if len(opened.tables) > 1 else ""
                raise ValueError(
                    f"{place}row {batch.broken[0]} must have as many fields as the heading"
                )
            for name in names:
                chunks.setdefault(name, []).append(batch.records.column(name))
        for name in names:
            chunks.setdefault(name, [])
    return {name: _joined(parts) for name, parts in chunks.items()}


def _joined(parts: list[pa.Array]) -> pa.ChunkedArray:
    if not parts:
        return pa.chunked_array([], pa.string())
    if len({part.type for part in parts}) > 1:
        # files of one folder may disagree, such as on whole numbers
        tables = [pa.table({"cells": part}) for part in parts]
        return pa.concat_tables(tables, promote_options="permissive").column("cells")
    return pa.chunked_array(parts)

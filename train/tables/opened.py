"""`open_tables`: open the tables of a source, each by the one interface `TableReader`."""

from collections import Counter
from dataclasses import replace
from functools import partial
from pathlib import PurePosixPath
from typing import NamedTuple
from urllib.parse import urlsplit

import pyarrow as pa

from scoring_model.contract import CsvTable, ParquetTable
from train.errors import InputError, reason_of
from train.portfolio.sections import ReadSettings
from train.tables.database import read_database
from train.tables.files import (
    StoredFile,
    find_dialect,
    find_files_of,
    is_place_of_files,
    read_excel,
    read_json_lines,
    read_whole,
    unpack,
)
from train.tables.readers import ArrowTable, read_kept
from train.tables.source import NamedTable, OpenedSource, Source

# as many columns are named in a message
_MOST_NAMES = 5


class _Opened(NamedTuple):
    """A table, what was found in it, and whole lines about it."""

    table: NamedTable
    found: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def open_tables(source: Source) -> OpenedSource:
    """Open all tables of a source.

    Parameters
    ----------
    source : Source
        A file, folder, glob or URI of files, or a database. All its files must have the same
        columns, in any order.

    Raises
    ------
    InputError
        A table cannot be found or read, or how it is written is not certain. The message begins
        with the place and holds no password.
    """
    if source.is_database:
        return _open_database(source)
    files = find_files_of(source.place)
    opened = [_open_file(file, source.read) for file in files]
    tables = [each.table for each in opened]
    _require_same_columns(tables)
    return OpenedSource(tuple(_same_signs(tables, source.read)), _notes(opened))


def _open_database(source: Source) -> OpenedSource:
    if not (source.query or source.table):
        raise InputError(
            f'{source.shown}: a database needs a query or a table: add query = "…" to the '
            "portfolio, or -P query= to the command"
        )
    if is_place_of_files(source.place) and "${" not in source.place:
        raise InputError(f"{source.shown}: query and table are for databases, and this is a file")
    reader = read_database(source.place, source.query, source.table)
    table = NamedTable(source.table or "query", reader, source.read, "database")
    try:
        return OpenedSource((_checked(table),))
    except ValueError as error:
        raise InputError(f"{source.shown}: {error}") from error


def _open_file(file: StoredFile, read: ReadSettings) -> _Opened:
    try:
        opened = _open_kind(file, read)
        return opened._replace(table=_checked(opened.table))
    except InputError as error:
        raise InputError(f"{file.name}: {error}") from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{file.name}: cannot be read: {reason_of(error)}") from error


def _open_kind(file: StoredFile, read: ReadSettings) -> _Opened:
    unpacked = unpack(file, _name_of(file))
    make = partial(NamedTable, file.name, kind=unpacked.kind, path=file.path)
    if unpacked.kind == "csv":
        dialect = find_dialect(unpacked.open, read, PurePosixPath(unpacked.name.lower()).suffix)
        csv = CsvTable(
            unpacked.open,
            delimiter=dialect.read.delimiter or ",",
            encoding=dialect.read.encoding or "utf-8",
            skipped=dialect.skipped,
        )
        return _Opened(make(csv, dialect.read), dialect.found)
    if unpacked.kind == "parquet":
        whole = pa.py_buffer(read_whole(unpacked)) if unpacked.packing else None
        parquet = ParquetTable(file.open if whole is None else partial(pa.BufferReader, whole))
        kept = read_kept(parquet, read)
        return _Opened(make(kept.reader, kept.read), (), kept.notes)
    if unpacked.kind == "json":
        return _Opened(make(ArrowTable(read_json_lines(read_whole(unpacked))), read))
    sheet = read_excel(read_whole(unpacked), read.sheet)
    return _Opened(make(ArrowTable(sheet.table), read), sheet.found)


def _name_of(file: StoredFile) -> str:
    """Return the name whose ending says the format: of a web address, the path alone."""
    is_web = file.name.startswith(("http://", "https://"))
    return urlsplit(file.name).path if is_web else file.name


def _checked(table: NamedTable) -> NamedTable:
    names = table.reader.schema.names
    if repeated := [name for name, times in Counter(names).items() if times > 1]:
        raise ValueError(f"column {repeated[0]!r} must not repeat")
    return table


def _require_same_columns(tables: list[NamedTable]) -> None:
    first = tables[0]
    names = first.reader.schema.names
    for table in tables[1:]:
        if table.reader.is_text != first.reader.is_text:
            raise InputError(
                f"{table.name}: is {table.kind}, but {first.name} is {first.kind}: name files of "
                "one format, such as by a glob"
            )
        others = table.reader.schema.names
        lacking = [name for name in names if name not in others]
        added = [name for name in others if name not in names]
        if lacking or added:
            parts = [f"lacks {_listed(lacking)}"] if lacking else []
            parts += [f"has {_listed(added)} more"] if added else []
            raise InputError(
                f"{table.name}: must have the columns of {first.name}, but {' and '.join(parts)}"
            )


def _listed(names: list[str]) -> str:
    more = len(names) - _MOST_NAMES
    return ", ".join(map(repr, names[:_MOST_NAMES])) + (f" and {more} others" if more > 0 else "")


def _same_signs(tables: list[NamedTable], given: ReadSettings) -> list[NamedTable]:
    """Give all files the decimal sign that was found in one: another may hold whole numbers."""
    found = {(t.read.decimal, t.read.thousands) for t in tables if t.read.decimal}
    if given.decimal or len(found) != 1:
        return tables
    decimal, thousands = found.pop()
    return [
        table._replace(read=replace(table.read, decimal=decimal, thousands=thousands))
        for table in tables
    ]


def _notes(opened: list[_Opened]) -> tuple[str, ...]:
    """Return one line for all files of which the same was found."""
    groups: dict[tuple[str, ...], list[str]] = {}
    for each in opened:
        groups.setdefault(each.found, []).append(PurePosixPath(each.table.name).name)
    lines = [
        f"read {names[0]}{f' and {len(names) - 1} more' if names[1:] else ''}: {', '.join(found)}"
        for found, names in groups.items()
        if found
    ]
    return (*lines, *(line for each in opened for line in each.notes))

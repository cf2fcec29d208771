"""`open_tables`: open the tables of a source, each by the one interface `TableReader`."""

from dataclasses import dataclass, field
from typing import NamedTuple

from scoring_model.contract import TableReader
from train.portfolio import Portfolio, ReadSettings
from train.tables.source import open_source


@dataclass(frozen=True, slots=True)
class Source:
    """Where a table is, and how it is written.

    Attributes
    ----------
    place : str
        Absolute path, folder, glob, URI or SQLAlchemy URL.
    read : ReadSettings
    query, table : str
        SQL, or a table, of a database; empty for files.
    """

    place: str
    read: ReadSettings = field(default_factory=ReadSettings)
    query: str = ""
    table: str = ""

    @classmethod
    def of(cls, portfolio: Portfolio) -> "Source":
        """Return the source of a portfolio."""
        return cls(portfolio.source, portfolio.read, portfolio.query, portfolio.table)


class NamedTable(NamedTuple):
    """One table of a source.

    Attributes
    ----------
    name : str
        Name of the file, or of the table, for messages.
    reader : TableReader
    read : ReadSettings
        The settings of the source, with what was found in this file filled in.
    """

    name: str
    reader: TableReader
    read: ReadSettings


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """The tables of a source, in order: one for each file.

    Attributes
    ----------
    tables : tuple of NamedTable
        At least one.
    notes : tuple of str
        What was found and not given, one line each, such as `read: the delimiter is ;`.
    """

    tables: tuple[NamedTable, ...]
    notes: tuple[str, ...] = ()


def open_tables(source: Source) -> OpenedSource:
    """Open all tables of a source; raises `InputError` if one cannot be read."""
    reader = open_source(source.place)
    return OpenedSource((NamedTable(source.place, reader, source.read),))

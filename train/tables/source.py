"""`Source` and `OpenedSource`: where a table is, and its tables once they are open."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, NamedTuple

from scoring_model.contract import TableReader
from train.portfolio import Portfolio
from train.portfolio.sections import ReadSettings
from train.tables.files import Kind, hide_password, is_place_of_files


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
        """Return the source of a portfolio: the rows that were kept of it, if there are any."""
        if portfolio.kept:
            return cls(str(portfolio.kept), portfolio.read)
        return cls(portfolio.source, portfolio.read, portfolio.query, portfolio.table)

    @property
    def shown(self) -> str:
        """The place, without a password."""
        return hide_password(self.place)

    @property
    def is_database(self) -> bool:
        """Whether SQLAlchemy opens it."""
        return bool(self.query or self.table) or not is_place_of_files(self.place)


class NamedTable(NamedTuple):
    """One table of a source.

    Attributes
    ----------
    name : str
        Name of the file, or of the table, for messages.
    reader : TableReader
    read : ReadSettings
        The settings of the source, with what was found in this file filled in.
    kind : str
        `csv`, `parquet`, `json`, `excel` or `database`.
    path : Path, optional
        The file, if it is on this machine.
    """

    name: str
    reader: TableReader
    read: ReadSettings
    kind: Kind | Literal["database"] = "parquet"
    path: Path | None = None


@dataclass(frozen=True, slots=True)
class OpenedSource:
    """The tables of a source, in order: one for each file.

    Attributes
    ----------
    tables : tuple of NamedTable
        At least one.
    notes : tuple of str
        What was found and not given, one line each, such as `read loans.csv: delimiter ;`.
    """

    tables: tuple[NamedTable, ...]
    notes: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files on this machine; empty for a database or another machine's files."""
        return tuple(table.path for table in self.tables if table.path)

    @property
    def is_for_local_engine(self) -> bool:
        """Whether only this machine can read it: Excel, databases and JSON lines."""
        return any(table.kind in ("excel", "database", "json") for table in self.tables)

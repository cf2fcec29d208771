"""Tables of any source: files, folders, object stores, the web and databases, by one interface."""

from train.tables.formats import CSV_ENDINGS, ENDINGS
from train.tables.opened import NamedTable, OpenedSource, Source, open_tables
from train.tables.source import open_source
from train.tables.text_cells import standardise

__all__ = [
    "CSV_ENDINGS",
    "ENDINGS",
    "NamedTable",
    "OpenedSource",
    "Source",
    "open_source",
    "open_tables",
    "standardise",
]

"""Tables of any source: files, folders, object stores, the web and databases, by one interface."""

from train.tables.database import fill_variables
from train.tables.database_writing import write_batches
from train.tables.date_cells import read_days
from train.tables.files import CSV_ENDINGS, ENDINGS, hide_password, is_local
from train.tables.keeping import KEPT_ROWS, keep_as_parquet, kept_rows
from train.tables.number_cells import cast_cells, read_numbers
from train.tables.opened import open_tables
from train.tables.readings import SURE_SHARE, Reading, find_readings
from train.tables.source import NamedTable, OpenedSource, Source
from train.tables.text_cells import is_text_type, standardise, standardise_cells, yes_no_words
from train.tables.typed_cells import as_whole, column_days

__all__ = [
    "CSV_ENDINGS",
    "ENDINGS",
    "KEPT_ROWS",
    "SURE_SHARE",
    "NamedTable",
    "OpenedSource",
    "Reading",
    "Source",
    "as_whole",
    "cast_cells",
    "column_days",
    "fill_variables",
    "find_readings",
    "hide_password",
    "is_local",
    "is_text_type",
    "keep_as_parquet",
    "kept_rows",
    "open_tables",
    "read_days",
    "read_numbers",
    "standardise",
    "standardise_cells",
    "write_batches",
    "yes_no_words",
]

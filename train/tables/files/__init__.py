"""Files of tables: where they are, how they are packed, and how text and sheets are written."""

from train.tables.files.dialect import Dialect, find_dialect, with_decimal_comma
from train.tables.files.excel import SheetTable, read_excel
from train.tables.files.formats import CSV_ENDINGS, ENDINGS, Kind, format_of_name
from train.tables.files.json_lines import read_json_lines
from train.tables.files.packed import Unpacked, read_whole, unpack
from train.tables.files.places import (
    StoredFile,
    find_files_of,
    hide_password,
    is_local,
    is_place_of_files,
)

__all__ = [
    "CSV_ENDINGS",
    "ENDINGS",
    "Dialect",
    "Kind",
    "SheetTable",
    "StoredFile",
    "Unpacked",
    "find_dialect",
    "find_files_of",
    "format_of_name",
    "hide_password",
    "is_local",
    "is_place_of_files",
    "read_excel",
    "read_json_lines",
    "read_whole",
    "unpack",
    "with_decimal_comma",
]

"""The contract: the features a model takes, and how requests and tables become rows of numbers."""

from scoring_model.contract.contract import FeatureContract
from scoring_model.contract.csv_table import CSV_MISSING, CsvTable
from scoring_model.contract.encoded_rows import EncodedRows
from scoring_model.contract.encoding import (
    MOST_WHOLE,
    NOT_EXACT,
    NOT_TEXT,
    REQUIRED,
    encode_number,
    parse_number,
)
from scoring_model.contract.feature import YES_NO, Feature
from scoring_model.contract.formats import CSV, JSON, PARQUET, encode_body
from scoring_model.contract.json_body import parse_exactly, parse_json, refuse_duplicates
from scoring_model.contract.json_formats import check_row_count
from scoring_model.contract.table_reader import ParquetTable, TableReader
from scoring_model.contract.typed_columns import read_levels
from scoring_model.contract.versioned import read_versioned

__all__ = [
    "CSV",
    "CSV_MISSING",
    "JSON",
    "MOST_WHOLE",
    "NOT_EXACT",
    "NOT_TEXT",
    "PARQUET",
    "REQUIRED",
    "YES_NO",
    "CsvTable",
    "EncodedRows",
    "Feature",
    "FeatureContract",
    "ParquetTable",
    "TableReader",
    "check_row_count",
    "encode_body",
    "encode_number",
    "parse_exactly",
    "parse_json",
    "parse_number",
    "read_levels",
    "read_versioned",
    "refuse_duplicates",
]

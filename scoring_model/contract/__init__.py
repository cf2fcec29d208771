"""The contract: the features a model takes, and how requests and tables become rows of numbers."""

from scoring_model.contract.contract import FeatureContract
from scoring_model.contract.csv_table import CSV_MISSING, CsvTable
from scoring_model.contract.encoded_rows import EncodedRows, join_rows
from scoring_model.contract.encoding import (
    MOST_WHOLE,
    NOT_A_NUMBER,
    NOT_EXACT,
    NOT_TEXT,
    REQUIRED,
    encode_number,
    parse_number,
)
from scoring_model.contract.feature import YES_NO, Feature
from scoring_model.contract.json_body import (
    DUPLICATE,
    parse_exactly,
    parse_json,
    refuse_duplicates,
)
from scoring_model.contract.notices import NEVER_SEEN, Notice
from scoring_model.contract.table_reader import ParquetTable, TableReader
from scoring_model.contract.typed_columns import read_levels
from scoring_model.contract.versioned import JsonFields, read_document, read_versioned

__all__ = [
    "CSV_MISSING",
    "DUPLICATE",
    "MOST_WHOLE",
    "NEVER_SEEN",
    "NOT_A_NUMBER",
    "NOT_EXACT",
    "NOT_TEXT",
    "REQUIRED",
    "YES_NO",
    "CsvTable",
    "EncodedRows",
    "Feature",
    "FeatureContract",
    "JsonFields",
    "Notice",
    "ParquetTable",
    "TableReader",
    "encode_number",
    "join_rows",
    "parse_exactly",
    "parse_json",
    "parse_number",
    "read_document",
    "read_levels",
    "read_versioned",
    "refuse_duplicates",
]

"""The contract: the features a model takes, and how requests and tables become rows of numbers."""

from scoring_model.contract.contract import FeatureContract
from scoring_model.contract.contract_fields import (
    ADDITIONS,
    ANSWER_NAMES,
    MOST_REFERENCE_CHARACTERS,
    AnswerFields,
    judge_reference,
)
from scoring_model.contract.csv_table import CSV_MISSING, CsvTable
from scoring_model.contract.days import NOT_A_DATE, name_day, parse_day, today
from scoring_model.contract.documents import (
    DUPLICATE,
    JsonFields,
    parse_exactly,
    parse_json,
    read_document,
    read_versioned,
    refuse_duplicates,
)
from scoring_model.contract.encoded_rows import EncodedRows, join_rows
from scoring_model.contract.encoding import parse_number
from scoring_model.contract.feature import YES_NO, Feature
from scoring_model.contract.notices import NEVER_SEEN, UNUSUAL, Notice
from scoring_model.contract.table_reader import BATCH_ROWS, ParquetTable, TableBatch, TableReader
from scoring_model.contract.typed import read_levels
from scoring_model.contract.value_rule import (
    MOST_WHOLE,
    NOT_A_NUMBER,
    NOT_EXACT,
    NOT_TEXT,
    NOT_TRUE_OR_FALSE,
    REQUIRED,
    encode_number,
)

__all__ = [
    "ADDITIONS",
    "ANSWER_NAMES",
    "BATCH_ROWS",
    "CSV_MISSING",
    "DUPLICATE",
    "MOST_REFERENCE_CHARACTERS",
    "MOST_WHOLE",
    "NEVER_SEEN",
    "NOT_A_DATE",
    "NOT_A_NUMBER",
    "NOT_EXACT",
    "NOT_TEXT",
    "NOT_TRUE_OR_FALSE",
    "REQUIRED",
    "UNUSUAL",
    "YES_NO",
    "AnswerFields",
    "CsvTable",
    "EncodedRows",
    "Feature",
    "FeatureContract",
    "JsonFields",
    "Notice",
    "ParquetTable",
    "TableBatch",
    "TableReader",
    "encode_number",
    "join_rows",
    "judge_reference",
    "name_day",
    "parse_day",
    "parse_exactly",
    "parse_json",
    "parse_number",
    "read_document",
    "read_levels",
    "read_versioned",
    "refuse_duplicates",
    "today",
]

"""Batch scoring: score tables of loans, with bounded memory."""

from train.batch.batch import WRONG_FIELDS, BatchReport, OnInvalid, score_loans
from train.batch.batch_log import BatchLog
from train.batch.batch_model import BatchModel, check_key, output_schema
from train.batch.input_tables import InputBatch, Position, open_input, read_batches
from train.batch.job import BatchJob, score_job
from train.batch.kept_features import keep_features
from train.batch.resumable_output import (
    REJECTED_HEADING,
    CsvLines,
    check_output,
    rejected_file,
    whole_file,
)
from train.batch.table_rows import (
    count_warnings,
    current_day,
    find_problems,
    standard_rows,
    write_warnings,
)

__all__ = [
    "REJECTED_HEADING",
    "WRONG_FIELDS",
    "BatchJob",
    "BatchLog",
    "BatchModel",
    "BatchReport",
    "CsvLines",
    "InputBatch",
    "OnInvalid",
    "Position",
    "check_key",
    "check_output",
    "count_warnings",
    "current_day",
    "find_problems",
    "keep_features",
    "open_input",
    "output_schema",
    "read_batches",
    "rejected_file",
    "score_job",
    "score_loans",
    "standard_rows",
    "whole_file",
    "write_warnings",
]

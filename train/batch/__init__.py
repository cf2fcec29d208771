"""Batch scoring: score the loans in files, with bounded memory."""

from train.batch.batch import (
    WRONG_FIELDS,
    BatchModel,
    BatchReport,
    OnInvalid,
    check_key,
    find_problems,
    output_schema,
    score_loans,
)
from train.batch.input_files import find_files, is_text, read_schema
from train.batch.job import BatchJob
from train.batch.kept_features import keep_features
from train.batch.resumable_output import (
    REJECTED_HEADING,
    CsvLines,
    check_output,
    rejected_file,
    whole_file,
)

__all__ = [
    "REJECTED_HEADING",
    "WRONG_FIELDS",
    "BatchJob",
    "BatchModel",
    "BatchReport",
    "CsvLines",
    "OnInvalid",
    "check_key",
    "check_output",
    "find_files",
    "find_problems",
    "is_text",
    "keep_features",
    "output_schema",
    "read_schema",
    "rejected_file",
    "score_loans",
    "whole_file",
]

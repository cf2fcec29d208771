"""Columns of typed tables, and of CSV, as numbers: Arrow arrays and pandas Series."""

from scoring_model.contract.typed.typed_columns import encode_array, encode_series, read_levels
from scoring_model.contract.typed.typed_records import list_records

__all__ = ["encode_array", "encode_series", "list_records", "read_levels"]

"""Columns of typed tables, and of CSV, as numbers: Arrow arrays and pandas Series."""

from scoring_model.contract.typed.typed_columns import encode_array, encode_series, read_levels

__all__ = ["encode_array", "encode_series", "read_levels"]

"""Which columns are features, and whether their values are numbers or categories."""

from typing import Any

import pandas as pd

from train.portfolio import Portfolio


def feature_columns(table: pd.DataFrame, portfolio: Portfolio) -> list[str]:
    """Return the columns that a model may use, in the order of the table."""
    return [column for column in table.columns if column not in portfolio.not_features]


def kind_of(column: "pd.Series[Any]") -> str:
    """Return `number` or `category`; booleans, text and pandas categories are categories."""
    return "number" if column.dtype.kind in "iuf" else "category"


def present_values(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the values of a column that are not missing; empty text is missing."""
    present = column.dropna()
    return present if column.dtype.kind in "iufmM" else present[present != ""]


def are_whole(present: "pd.Series[Any]") -> bool:
    """Return whether all values that are present are whole numbers."""
    if present.dtype.kind in "iu":
        return True
    return present.dtype.kind == "f" and bool((present % 1 == 0).all())

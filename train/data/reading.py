"""Read a portfolio's table and check it: key, target, dates and features."""

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from scoring_model.contract import MOST_WHOLE, Feature, FeatureContract, parse_number
from scoring_model.errors import InvalidRequest
from train.data.table_frames import read_frame
from train.errors import InputError, reason_of
from train.portfolio import Portfolio
from train.tables import open_source

# A text column with a different value in nearly every row is a name or a key, not a category.
IDENTIFIER_SHARE = 0.9
IDENTIFIER_LEVELS = 50
# as many names of columns are shown in an error message
MOST_NAMES = 10


def read_table(portfolio: Portfolio) -> pd.DataFrame:
    """Read the source and give its columns the kinds that the portfolio names.

    Parameters
    ----------
    portfolio : Portfolio
        Its source is CSV if the name ends in `.csv` or `.csv.gz`, else Parquet.

    Raises
    ------
    InputError
        The source cannot be read, lacks a column that the portfolio names, or a column does not
        hold the kind or the dates that the portfolio names.
    """
    where = f"{portfolio.path}: [portfolio] source {portfolio.source}"
    as_text = [name for name, kind in portfolio.kinds.items() if kind == "category"]
    try:
        table = read_frame(open_source(portfolio.source), as_text)
    except FileNotFoundError as error:
        raise InputError(f"{where}: no such file") from error
    except (OSError, ValueError, pa.ArrowException) as error:
        raise InputError(f"{where}: cannot be read: {reason_of(error)}") from error
    return prepare(table, portfolio)


def prepare(table: pd.DataFrame, portfolio: Portfolio) -> pd.DataFrame:
    """Check that the table has the portfolio's columns, and give them their kinds and dates."""
    source = portfolio.source
    for column, key in portfolio.columns_named.items():
        if column not in table.columns:
            raise InputError(
                f"{portfolio.path}: {key} names the column {column!r}, which is not in {source}: "
                f"its columns are {_listed(list(table.columns))}"
            )
    for column, kind in portfolio.kinds.items():
        table[column] = _with_kind(table[column], kind, portfolio)
    if portfolio.decision_date:
        table[portfolio.decision_date] = _as_dates(table[portfolio.decision_date], portfolio)
    return table


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:MOST_NAMES]))
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"


def _with_kind(column: "pd.Series[Any]", kind: str, portfolio: Portfolio) -> "pd.Series[Any]":
    if kind == "category":
        # through Int64: a column of codes with missing values holds floats, which would read "3.0"
        whole = column.dtype.kind == "f" and bool((column.dropna() % 1 == 0).all())
        text = (column.astype("Int64") if whole else column).astype("string")
        return text.astype("str")
    try:
        numbers = pd.to_numeric(column).astype("float64")
    except (TypeError, ValueError) as error:
        raise InputError(
            f"{portfolio.path}: [kinds] {column.name} = 'number', but the column holds text"
        ) from error
    _refuse_rounded(column, numbers, portfolio.path)
    return numbers


def _refuse_rounded(column: "pd.Series[Any]", numbers: "pd.Series[float]", source: Path) -> None:
    """Refuse a feature with a whole number that became another one in `numbers`, as doubles."""
    rows = np.flatnonzero(numbers.abs().to_numpy() >= MOST_WHOLE)
    if not len(rows):
        return
    some = column.iloc[rows].astype(object)
    exact = some.map(lambda value: parse_number(value) if isinstance(value, str) else value)
    contract = FeatureContract((Feature(str(column.name), "number", nullable=True),))
    try:
        contract.encode_frame(pd.DataFrame({str(column.name): exact}))
    except InvalidRequest as error:
        problem = error.fields[0]
        raise InputError(
            f"{source}: feature {column.name!r} {problem.problem}, but row {rows[problem.row]} "
            "does not: if it is a name or a key, add it to [exclude]"
        ) from error


def _as_dates(column: "pd.Series[Any]", portfolio: Portfolio) -> "pd.Series[Any]":
    if column.dtype.kind in "iufb":
        raise InputError(f"{portfolio.path}: column {column.name!r} must hold dates, not numbers")
    dates = pd.to_datetime(column, errors="coerce", format="ISO8601")
    if bad := int(dates.isna().sum()):
        row = int(np.flatnonzero(dates.isna())[0])
        raise InputError(
            f"{portfolio.path}: column {column.name!r} must hold dates such as 2004-01-31: "
            f"{bad} cannot be read, the first in row {row}"
        )
    return dates


def check_table(table: pd.DataFrame, portfolio: Portfolio) -> None:
    """Check key, target and features of a whole table; raise `InputError` at the first mistake."""
    source = portfolio.path
    key, target = table[portfolio.key], table[portfolio.target]
    if key.isna().any():
        raise InputError(f"{source}: key {portfolio.key!r} must not be missing")
    if repeated := int(key.duplicated().sum()):
        row = int(np.flatnonzero(key.duplicated())[0])
        raise InputError(
            f"{source}: key {portfolio.key!r} must not repeat: {repeated} rows repeat an earlier "
            f"key, the first is row {row}"
        )
    if missing := int(target.isna().sum()):
        raise InputError(
            f"{source}: target {portfolio.target!r} must not be missing: it is missing in "
            f"{missing} of {len(table)} rows"
        )
    if not target.isin([0, 1]).all() or target.dtype.kind not in "iufb":
        raise InputError(f"{source}: target {portfolio.target!r} must be 0 or 1 in every row")
    features = feature_columns(table, portfolio)
    if not features:
        raise InputError(f"{source}: no column of the table is a feature")
    for name in features:
        _check_feature(table[name], source)


def _check_feature(column: "pd.Series[Any]", source: Path) -> None:
    name = column.name
    present = present_values(column)
    if present.empty:
        raise InputError(
            f"{source}: feature {name!r} must have a value in at least one row: it is empty"
        )
    if column.dtype.kind in "mM":
        raise InputError(f"{source}: feature {name!r} is a date: add it to [exclude]")
    if column.dtype.kind in "iu" or (column.dtype == object and not present.map(_is_text).any()):
        _refuse_rounded(column, pd.to_numeric(column, errors="coerce").astype("float64"), source)
    if kind_of(column) == "number":
        if column.dtype.kind == "f" and np.isinf(present.to_numpy(dtype=np.float64)).any():
            raise InputError(f"{source}: feature {name!r} must be finite, but holds infinity")
        return
    values = present.astype(object)
    if not values.map(lambda value: isinstance(value, str | bool | np.bool_)).all():
        raise InputError(
            f"{source}: feature {name!r} mixes kinds of values: set number or category in [kinds]"
        )
    levels = present.nunique()
    if levels > max(IDENTIFIER_LEVELS, IDENTIFIER_SHARE * len(present)):
        raise InputError(
            f"{source}: feature {name!r} has a different value in nearly every row "
            f"({levels} values in {len(present)} rows): if it is a name or a key, add it to "
            "[exclude]; if it is a number with a decimal comma, write a decimal point"
        )


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def feature_columns(table: pd.DataFrame, portfolio: Portfolio) -> list[str]:
    """Return the columns that a model may use, in the order of the table."""
    return [column for column in table.columns if column not in portfolio.not_features]


def kind_of(column: "pd.Series[Any]") -> str:
    """Return `number` or `category`; booleans, text and pandas categories are categories."""
    return "number" if column.dtype.kind in "iuf" else "category"


def present_values(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return the values of a column that are not missing; empty text is missing."""
    present = column.dropna()
    return present if kind_of(column) == "number" else present[present != ""]


def digest_table(table: pd.DataFrame) -> str:
    """Return the SHA-256 of a table's column names, kinds and values, in order."""
    digest = hashlib.sha256()
    for name in table.columns:
        column = table[name]
        digest.update(f"{name}:{column.dtype.kind};".encode())
        values = column.astype(object) if column.dtype == "category" else column
        digest.update(pd.util.hash_pandas_object(values, index=False).to_numpy().tobytes())
    return digest.hexdigest()

"""`check_portfolio`: every mistake of a portfolio at once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa

from train.data import examine_table, find_mistakes
from train.draft.columns import TableColumn, describe_column
from train.draft.overview import show_columns
from train.errors import InputError
from train.portfolio import ROW_NUMBER, Portfolio, examine_portfolio
from train.portfolio.sections import ColumnSplit


def check_portfolio(path: Path, report: Callable[[str], None]) -> None:
    """Report what each column is taken for, and every mistake of file and table.

    Parameters
    ----------
    path : Path
        The `portfolio.toml`.
    report : callable
        Prints a line.

    Raises
    ------
    InputError
        There is a mistake; each was reported on a line of its own.
    """
    portfolio, of_file = examine_portfolio(path)
    of_table = _examine(portfolio, report) if portfolio else []
    mistakes = [*of_file, *of_table]
    for mistake in mistakes:
        report(f"mistake: {mistake}")
    if mistakes:
        noun = "mistake" if len(mistakes) == 1 else "mistakes"
        raise InputError(f"{path}: {len(mistakes)} {noun}, each on a line above")
    report(f"{path}: no mistake was found")


def _examine(portfolio: Portfolio, report: Callable[[str], None]) -> list[str]:
    if portfolio.histories:
        # it may name features that the SQL computes, and no SQL runs here
        portfolio = replace(portfolio, monotone={})
    try:
        table = examine_table(portfolio)
    except InputError as error:
        return [str(error)]
    columns = _describe(table.frame)
    report(show_columns(columns, lambda column: _role(portfolio, column), portfolio.kinds))
    for note in table.notes:
        report(f"note: {note}")
    return find_mistakes(table, portfolio)


def _describe(frame: pd.DataFrame) -> list[TableColumn]:
    return [
        describe_column(str(name), pa.chunked_array([_as_arrow(frame[name])]))
        for name in frame.columns
        if name != ROW_NUMBER
    ]


def _as_arrow(column: "pd.Series[Any]") -> pa.Array:
    try:
        return pa.array(column, from_pandas=True)
    except (pa.ArrowException, TypeError):
        # a column of mixed kinds is a mistake that is reported too
        return pa.array(column.astype("string"), from_pandas=True)


def _role(portfolio: Portfolio, column: str) -> str:
    if isinstance(portfolio.split, ColumnSplit) and column == portfolio.split.column:
        return "split"
    for role, names in (
        ("key", [portfolio.key]),
        ("target", [portfolio.target]),
        ("decision date", [portfolio.decision_date]),
        ("protected", portfolio.protected),
        ("excluded", portfolio.exclude),
        ("reference", [portfolio.answer.reference]),
    ):
        if column in names:
            return role
    return "feature"

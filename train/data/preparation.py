"""`Preparation`: give the columns of a frame the kinds, days and labels of the portfolio."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from scoring_model.expressions import Expression
from train.columns import explain_text, feature_columns, label_outcomes, refuse_rounded, row_of
from train.errors import InputError
from train.portfolio import ROW_NUMBER, Portfolio
from train.portfolio.sections import ReadSettings
from train.tables import hide_password

# as many names of columns are shown in an error message
MOST_NAMES = 10


class Preparation:
    """Takes a frame from the kinds of the file to those of the portfolio, step by step.

    Parameters
    ----------
    frame : DataFrame
    portfolio : Portfolio
    read : ReadSettings
    is_text : bool
        Whether all columns of the file are text, as in CSV.

    Attributes
    ----------
    frame : DataFrame
    notes : list of str
        What is to be told, one line each.
    mistakes : dict of str to str
        The mistake in each column.
    """

    def __init__(
        self, frame: pd.DataFrame, portfolio: Portfolio, read: ReadSettings, is_text: bool
    ) -> None:
        self.frame = frame
        self.notes: list[str] = []
        self.mistakes: dict[str, str] = {}
        self._portfolio, self._read, self._is_text = portfolio, read, is_text

    def prepare(self, unfit: set[str], texts: Mapping[str, pa.ChunkedArray]) -> None:
        """Take all steps, and collect the mistakes.

        Parameters
        ----------
        unfit : set of str
            Columns of a known kind with cells that cannot be read so.
        texts : mapping of str to pyarrow.ChunkedArray
            The cells of text columns as they stand in the file, for messages.
        """
        portfolio = self._portfolio
        for column, key in portfolio.columns_named.items():
            if column not in self.frame.columns:
                self.mistakes[column] = (
                    f"{portfolio.path}: {key} names the column {column!r}, which is not in "
                    f"{hide_password(portfolio.source)}: its columns are "
                    f"{_listed(list(self.frame.columns))}"
                )
        self._suspect(texts, unfit)
        for column, kind in portfolio.kinds.items():
            if column not in self.mistakes:
                self._try(column, partial(self._give_kind, column, kind))
        date = portfolio.decision_date
        if date and date not in self.mistakes:
            self._try(date, partial(self._give_dates, date, needs_all=True))
        known = portfolio.monitoring.outcome_date
        if known and known not in self.mistakes:
            self._try(known, partial(self._give_dates, known, needs_all=False))
        if portfolio.outcomes.are_named and portfolio.target not in self.mistakes:
            self._try(portfolio.target, self._label)
        if portfolio.key == ROW_NUMBER:
            self.frame[ROW_NUMBER] = np.asarray(self.frame.index)

    def _try(self, column: str, step: Callable[[], None]) -> None:
        try:
            step()
        except InputError as error:
            self.mistakes[column] = str(error)

    def _suspect(self, texts: Mapping[str, pa.ChunkedArray], unfit: set[str]) -> None:
        """Note the mistake of each text column that holds numbers or dates of no given kind."""
        portfolio = self._portfolio
        used = {c for _, e in portfolio.costs.items() for c in e.columns}
        used |= {c for f in portfolio.derive.values() for c in Expression(f).columns}
        used |= set(feature_columns(self.frame, portfolio)) - set(portfolio.kinds)
        used -= {portfolio.decision_date, portfolio.target, portfolio.key}
        for name in self.frame.columns:
            kind = portfolio.kinds.get(name)
            if name in self.mistakes or not (name in unfit or (name in used and not kind)):
                continue
            column = self.frame[name]
            if column.dtype.kind not in "O" and name not in unfit:
                continue
            text = texts.get(name)
            if text is None:
                text = _as_text(column)
            mistake = text is not None and explain_text(
                name, text, portfolio, self._read, is_text=self._is_text
            )
            if mistake:
                self.mistakes[name] = mistake
            elif name in unfit:
                self.mistakes[name] = (
                    f"{portfolio.path}: [kinds] {name} = 'number', but the column holds text"
                )

    def _give_kind(self, name: str, kind: str) -> None:
        if kind == "date":
            self._give_dates(name, needs_all=False)
            return
        column = self.frame[name]
        if kind == "category":
            # through Int64: codes with missing values are floats, which would read "3.0"
            whole = column.dtype.kind == "f" and bool((column.dropna() % 1 == 0).all())
            text = (column.astype("Int64") if whole else column).astype("string")
            self.frame[name] = text.astype("str")
            return
        path = self._portfolio.path
        try:
            numbers = pd.to_numeric(column).astype("float64")
        except (TypeError, ValueError) as error:
            raise InputError(
                f"{path}: [kinds] {name} = 'number', but the column holds text"
            ) from error
        refuse_rounded(column, numbers, path)
        self.frame[name] = numbers

    def _give_dates(self, name: str, *, needs_all: bool) -> None:
        """Make a column days without a time zone."""
        column, path = self.frame[name], self._portfolio.path
        if column.dtype.kind in "iufb" and not column.isna().all():
            raise InputError(f"{path}: column {name!r} must hold dates, not numbers")
        dates = _as_days(column)
        is_bad = dates.isna() & (column.notna() | needs_all)
        if bad := int(is_bad.sum()):
            place = int(np.flatnonzero(is_bad)[0])
            text = _as_text(column)
            advice = text is not None and explain_text(
                name, text, self._portfolio, self._read, is_text=self._is_text
            )
            if advice and "[read]" in advice:
                raise InputError(advice)
            cell = column.iloc[place]
            shown = "is empty" if pd.isna(cell) else f"holds {str(cell)!r}"
            raise InputError(
                f"{path}: column {name!r} must hold dates such as 2004-01-31, or as [read] dates "
                f"says: {bad} cannot be read, the first in row {row_of(column, place)}, which "
                f"{shown}"
            )
        self.frame[name] = dates

    def _label(self) -> None:
        target = self._portfolio.target
        named = label_outcomes(self.frame[target], self._portfolio)
        self.notes += named.notes
        self.frame[target] = named.labels.astype(np.int64)
        if not named.is_used.all():
            self.frame = self.frame[named.is_used].copy()


def _as_days(column: "pd.Series[Any]") -> "pd.Series[Any]":
    if isinstance(column.dtype, pd.DatetimeTZDtype):
        days: pd.Series[Any] = column.dt.tz_convert("UTC").dt.tz_localize(None).dt.floor("D")
        return days
    moments: pd.Series[Any] = pd.to_datetime(column, errors="coerce", format="ISO8601")
    return moments


def _as_text(column: "pd.Series[Any]") -> pa.Array | None:
    """Return a column as text, or None if it holds something else."""
    try:
        return pa.array(column.astype(object), pa.string(), from_pandas=True)
    except (pa.ArrowException, TypeError):
        return None


def _listed(names: list[str]) -> str:
    shown = ", ".join(map(repr, names[:MOST_NAMES]))
    return shown if len(names) <= MOST_NAMES else f"{shown} and {len(names) - MOST_NAMES} more"

"""Check the columns of a table: key, target and features. Every mistake is found, not the first."""

from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from scoring_model.contract import MOST_WHOLE, Feature, FeatureContract, parse_number
from scoring_model.errors import InvalidRequest
from train.columns.column_kinds import are_whole, feature_columns, kind_of, present_values
from train.columns.identifiers import is_identifier
from train.columns.outcome_labels import explain_target
from train.errors import InputError
from train.portfolio import ROW_NUMBER, Portfolio
from train.portfolio.sections import key_text, value_text

# A text column with a different value in nearly every row is a name or a key, not a category.
IDENTIFIER_SHARE = 0.9
IDENTIFIER_LEVELS = 50
# fewer whole numbers may follow one another by chance
_LEAST_CONSECUTIVE = 20


def list_mistakes(
    table: pd.DataFrame, portfolio: Portfolio, known: Collection[str] = ()
) -> Iterable[str]:
    """Yield a line for each mistake in key, target and features.

    Parameters
    ----------
    table : DataFrame
    portfolio : Portfolio
    known : collection of str
        Columns whose mistakes are known already, or that are not in the table.
    """
    source = portfolio.path
    if portfolio.key not in known:
        yield from _key_mistakes(table[portfolio.key], source)
    if portfolio.target not in known:
        yield from _target_mistakes(table[portfolio.target], portfolio)
    features = feature_columns(table, portfolio)
    if not features:
        yield f"{source}: no column of the table is a feature"
    for name in features:
        if name not in known:
            try:
                _check_feature(table[name], portfolio)
            except InputError as error:
                yield str(error)


def _key_mistakes(key: "pd.Series[Any]", source: Path) -> Iterable[str]:
    if key.isna().any():
        yield f"{source}: key {key.name!r} must not be missing"
    elif repeated := int(key.duplicated().sum()):
        row = int(np.flatnonzero(key.duplicated())[0])
        yield (
            f"{source}: key {key.name!r} must not repeat: {repeated} rows repeat an earlier key, "
            f"the first is row {row_of(key, row)}"
        )


def _target_mistakes(target: "pd.Series[Any]", portfolio: Portfolio) -> Iterable[str]:
    if missing := int(target.isna().sum()):
        yield (
            f"{portfolio.path}: target {portfolio.target!r} must not be missing: it is missing in "
            f"{missing} of {len(target)} rows"
        )
    elif not target.isin([0, 1]).all() or target.dtype.kind not in "iuf":
        yield explain_target(target, portfolio)


def _check_feature(column: "pd.Series[Any]", portfolio: Portfolio) -> None:
    source, name = portfolio.path, column.name
    present = present_values(column)
    if present.empty:
        raise InputError(
            f"{source}: feature {name!r} must have a value in at least one row: it is empty: add "
            f'[exclude] {key_text(str(name))} = "empty"'
        )
    if column.dtype.kind in "mM":
        if portfolio.kinds.get(str(name)) != "date":
            raise InputError(_explain_date(str(name), portfolio))
        return
    if column.dtype.kind in "iu" or (column.dtype == object and not present.map(_is_text).any()):
        refuse_rounded(column, pd.to_numeric(column, errors="coerce").astype("float64"), source)
    if kind_of(column) == "number":
        if column.dtype.kind == "f" and np.isinf(present.to_numpy(dtype=np.float64)).any():
            raise InputError(f"{source}: feature {name!r} must be finite, but holds infinity")
        if reason := _identifies(present, portfolio):
            raise InputError(reason)
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
            f"({levels} values in {len(present)} rows): if it is a name, a key or a free text, add "
            f'[exclude] {key_text(str(name))} = "a name"'
        )


def _explain_date(name: str, portfolio: Portfolio) -> str:
    key = key_text(name)
    needs = "" if portfolio.decision_date else " (which needs [portfolio] decision_date)"
    return (
        f"{portfolio.path}: feature {name!r} is a date: to use the days from it to the decision, "
        f'add [kinds] {key} = "date"{needs}; else add [exclude] {key} = "a date"'
    )


def _identifies(present: "pd.Series[Any]", portfolio: Portfolio) -> str:
    """Return the mistake of a column of row numbers or keys; empty text if it is none."""
    name = str(present.name)
    if name in portfolio.kinds or not are_whole(present):
        return ""
    consecutive = (
        len(present) >= _LEAST_CONSECUTIVE
        and present.is_unique
        and int(present.max()) - int(present.min()) == len(present) - 1
    )
    if not (consecutive or is_identifier(name)):
        return ""
    why = "holds unique consecutive whole numbers" if consecutive else "is named as an identifier"
    key = key_text(name)
    is_key = portfolio.key == ROW_NUMBER and present.is_unique
    either = f"set [portfolio] key = {value_text(name)}, or " if is_key else ""
    return (
        f"{portfolio.path}: feature {name!r} {why}: {either}"
        f'add [exclude] {key} = "an identifier"; if it does describe the applicant, add [kinds] '
        f'{key} = "number" or {key} = "category"'
    )


def refuse_rounded(column: "pd.Series[Any]", numbers: "pd.Series[float]", source: Path) -> None:
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
            f"{source}: feature {column.name!r} {problem.problem}, but row "
            f"{row_of(column, int(rows[problem.row]))} does not: if it is a name or a key, add it "
            "to [exclude]"
        ) from error


def row_of(column: "pd.Series[Any]", place: int) -> int:
    """Return the row of the table as read that stands at `place`, where rows were left out."""
    label = column.index[place]
    return int(label) if isinstance(label, int | np.integer) else place


def _is_text(value: Any) -> bool:
    return isinstance(value, str)

"""Check `[derive]`, `[limits]` and `[monotone]` of a portfolio against its table."""

from collections.abc import Collection, Iterator

import pandas as pd

from scoring_model.expressions import Expression
from train.columns import feature_columns, kind_of
from train.portfolio import Portfolio
from train.portfolio.sections import key_text


def formula_columns(portfolio: Portfolio) -> tuple[str, ...]:
    """Return the columns that the formulas of `[derive]` use, each once."""
    used = (name for text in portfolio.derive.values() for name in Expression(text).columns)
    return tuple(dict.fromkeys(used))


def input_columns(table: pd.DataFrame, portfolio: Portfolio) -> list[str]:
    """Return the columns that only formulas use: they are fields of a request, not features."""
    others = {*feature_columns(table, portfolio), portfolio.decision_date}
    return [name for name in formula_columns(portfolio) if name not in others]


def field_mistakes(
    table: pd.DataFrame, portfolio: Portfolio, known: Collection[str] = ()
) -> Iterator[str]:
    """Yield a line for each mistake in `[derive]`, `[limits]` and `[monotone]`.

    Parameters
    ----------
    table : DataFrame
    portfolio : Portfolio
    known : collection of str
        Columns whose mistakes are known already, or that are not in the table.
    """
    for name, text in portfolio.derive.items():
        where = f"{portfolio.path}: [derive] {name}"
        if name in table.columns:
            yield f"{where}: the table has a column of this name: take another name"
        for column in Expression(text).columns:
            if column not in known and (problem := _problem_of(column, table, portfolio)):
                yield f"{where}: {column!r} {problem}"
    yield from _limit_mistakes(table, portfolio, known)
    yield from _monotone_mistakes(table, portfolio, known)


def _problem_of(column: str, table: pd.DataFrame, portfolio: Portfolio) -> str:
    """Return why a formula must not use this column; empty if it may."""
    if column in portfolio.derive:
        return "is derived itself: a formula uses columns of the table only"
    if column not in table.columns:
        return f"is not a column of {portfolio.source}"
    roles = {portfolio.answer.reference: "the reference"} if portfolio.answer.reference else {}
    roles |= {portfolio.target: "the target", portfolio.key: "the key"}
    role = roles.get(column, "protected" if column in portfolio.protected else "")
    if role:
        return f"is {role}: no feature may use it"
    if table[column].dtype.kind != "M" and kind_of(table[column]) == "category":
        return (
            "is a category: a formula uses numbers and dates. If it holds dates, add "
            f'{key_text(column)} = "date" under [kinds]'
        )
    return ""


def _limit_mistakes(
    table: pd.DataFrame, portfolio: Portfolio, known: Collection[str]
) -> Iterator[str]:
    """Yield a line if `[limits]` names no number of a request, or rows lie beyond a limit."""
    fields = {*feature_columns(table, portfolio), *formula_columns(portfolio)}
    for name, limit in portfolio.limits.items():
        where = f"{portfolio.path}: [limits] {name}"
        if name in known:
            continue
        if name not in fields - {portfolio.decision_date} or table[name].dtype.kind not in "iuf":
            yield f"{where}: must be a number that a request carries"
            continue
        values = table[name].astype("float64")
        if beyond := int(((values < limit.min) | (values > limit.max)).sum()):
            yield (
                f"{where}: {beyond} of {len(table)} rows lie beyond the limits "
                f"(the values run from {values.min():g} to {values.max():g}): "
                "change the limits, or correct the rows"
            )


def _monotone_mistakes(
    table: pd.DataFrame, portfolio: Portfolio, known: Collection[str]
) -> Iterator[str]:
    """Yield a line if `[monotone]` names a column that is no feature, or a category."""
    features = {*feature_columns(table, portfolio), *portfolio.derive}
    for name in portfolio.monotone:
        where = f"{portfolio.path}: [monotone] {name}"
        if name in known or name in portfolio.derive:
            continue
        # a feature from histories that is empty in all rows is not in the table, nor in the model
        if name not in features and name in table.columns:
            yield f"{where}: must be a feature, but the column is {_role_of(name, portfolio)}"
        elif name in table.columns and table[name].dtype.kind not in "iufM":
            yield (
                f"{where}: must be a number, but the column is a category: remove the line, or add "
                f'{key_text(name)} = "number" under [kinds] if it is one'
            )


def _role_of(column: str, portfolio: Portfolio) -> str:
    """Return the role of a column that is no feature."""
    roles: dict[str | None, str] = {
        portfolio.key: "the key",
        portfolio.target: "the target",
        portfolio.decision_date: "the decision date",
        **dict.fromkeys(portfolio.protected, "protected"),
        **dict.fromkeys(portfolio.exclude, "under [exclude]"),
    }
    return roles.get(column, "that of the split")

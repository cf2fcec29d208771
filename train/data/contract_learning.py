"""Learn the contract from the training rows: kind, levels and nullability of each feature."""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from scoring_model.contract import CSV_MISSING, AnswerFields, Feature, FeatureContract
from scoring_model.expressions import Expression
from scoring_model.types import FloatArray
from train.columns import feature_columns, kind_of, present_values
from train.data.derived_fields import formula_columns, input_columns
from train.errors import InputError
from train.portfolio import Portfolio

# A level with fewer rows than this shares a code with the other rare levels. The limit is 50 rows
# from 10,000 training rows on, and lower in smaller portfolios.
MAX_LEVEL_ROWS = 50
MIN_LEVEL_ROWS = 5
ROWS_PER_LEVEL_ROW = 200


def learn_contract(
    train: pd.DataFrame, portfolio: Portfolio, computed: Mapping[str, str] | None = None
) -> FeatureContract:
    """Learn kinds, levels and nullability of the features from the training rows.

    Parameters
    ----------
    train : DataFrame
        The training rows.
    portfolio : Portfolio
        Says which columns are features, and their labels.
    computed : mapping of str to str, optional
        Features from histories, with their labels. They are always nullable, because an applicant
        may have no history.
    """
    computed = computed or {}
    fields = {
        name: _learn_field(train[name], portfolio, computed)
        for name in (*feature_columns(train, portfolio), *input_columns(train, portfolio))
    }
    inputs = tuple(fields.pop(name) for name in input_columns(train, portfolio))
    derived = tuple(
        Feature(name, "number", True, labels=portfolio.labels.get(name, {}), formula=formula)
        for name, formula in portfolio.derive.items()
    )
    needs_day = any(field.kind == "date" for field in fields.values())
    needs_day |= portfolio.decision_date in formula_columns(portfolio)
    day = portfolio.decision_date if needs_day else None
    contract = FeatureContract((*fields.values(), *derived), inputs, day or "")
    wanted = portfolio.answer
    answer = AnswerFields(wanted.include, wanted.reference or "")
    contract = replace(contract, answer=None if answer == AnswerFields() else answer)
    return leave_protected_unread(contract, portfolio)


def leave_protected_unread(contract: FeatureContract, portfolio: Portfolio) -> FeatureContract:
    """Return the contract with the protected columns as fields that nothing reads."""
    # a protected decision date may be a field that dates are counted from
    unread = tuple(name for name in portfolio.protected if name not in contract.field_names)
    return replace(contract, unread=unread)


def without_features(contract: FeatureContract, dropped: Collection[str]) -> FeatureContract:
    """Return the contract without some features, and with the fields that the others need.

    Parameters
    ----------
    contract : FeatureContract
    dropped : collection of str
        Names of features. One that a formula of another feature uses stays a field of a request.
    """
    kept = tuple(feature for feature in contract.features if feature.name not in dropped)
    used = {c for feature in kept if feature.formula for c in Expression(feature.formula).columns}
    own = [each for each in contract.features if each.name in dropped and not each.formula]
    inputs = tuple(each for each in (*contract.inputs, *own) if each.name in used)
    needs_day = contract.decision_date in used or any(each.kind == "date" for each in kept)
    day = contract.decision_date if needs_day else ""
    return replace(contract, features=kept, inputs=inputs, decision_date=day)


def _learn_field(
    column: "pd.Series[Any]", portfolio: Portfolio, computed: Mapping[str, str]
) -> Feature:
    """Return what the training rows say about one column."""
    name = str(column.name)
    present = present_values(column)
    if present.empty:
        raise InputError(
            f"{portfolio.path}: feature {name!r} must have a value in at least one training row"
        )
    labels = {"en": computed[name]} if name in computed else {}
    labels |= portfolio.labels.get(name, {})
    nullable = name in computed or len(present) < len(column)
    if column.dtype.kind == "M":
        return Feature(name, "date", nullable, labels=labels)
    if kind_of(column) == "number":
        field = Feature(name, "number", nullable, labels=labels)
        limit = portfolio.limits.get(name)
        return replace(field, minimum=limit.min, maximum=limit.max) if limit else field
    counts = as_levels(present).value_counts()
    needed = min(MAX_LEVEL_ROWS, max(MIN_LEVEL_ROWS, len(column) // ROWS_PER_LEVEL_ROW))
    frequent = sorted(str(level) for level in counts.index[counts >= needed])
    rare = sorted(str(level) for level in counts.index[(counts < needed) & (counts > 0)])
    return Feature(name, "category", nullable, tuple(frequent), tuple(rare), labels=labels)


def as_levels(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return categories as text; booleans become `true` and `false`."""
    return column.astype(object).map(
        lambda value: str(value).lower() if isinstance(value, bool | np.bool_) else str(value)
    )


def csv_notes(contract: FeatureContract) -> tuple[str, ...]:
    """Return a line for each level that is read as a missing value from a CSV file."""
    return tuple(
        f"feature {feature.name} has the level {level!r}, which means missing in CSV: "
        "send it as JSON"
        for feature in contract.features
        for level in (*feature.levels, *feature.rare_levels)
        if level in CSV_MISSING
    )


def typical_applicant(
    matrix: FloatArray, contract: FeatureContract, frame: pd.DataFrame | None = None
) -> Mapping[str, Any]:
    """Return a made-up applicant: the median or the most frequent level of each field.

    The applicant has a decision date if the contract knows one. So its answer is the same on every
    day.

    Parameters
    ----------
    matrix : ndarray of float64, shape (rows, features)
        Training rows as the contract encodes them.
    contract : FeatureContract
        Names the columns of `matrix`.
    frame : DataFrame, optional
        The training rows, with the dates and the columns that only formulas use.
    """
    columns = dict(zip(contract.names, matrix.T, strict=True))
    applicant: dict[str, Any] = {}
    for field in contract.fields:
        if frame is not None and (field.kind == "date" or field.name not in columns):
            applicant[field.name] = _median(frame[field.name])
            continue
        present = columns[field.name][~np.isnan(columns[field.name])]
        if field.kind == "number":
            applicant[field.name] = float(np.quantile(present, 0.5, method="nearest"))
        else:
            levels, counts = np.unique(present, return_counts=True)
            code = int(levels[counts.argmax()])
            named = code < len(field.levels)
            applicant[field.name] = field.levels[code] if named else field.rare_levels[0]
    return applicant


def _median(column: "pd.Series[Any]") -> float | str:
    """Return the median number, or the median date as text."""
    middle = column.dropna().quantile(0.5, interpolation="nearest")
    return f"{middle:%Y-%m-%d}" if column.dtype.kind == "M" else float(middle)

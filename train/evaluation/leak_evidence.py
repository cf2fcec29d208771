"""The measurements of the leak audit for one feature; `leaks` grades them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scoring_model.types import BoolArray, LabelArray
from train.portfolio import Portfolio
from train.statistics import (
    DigitGap,
    cut_groups,
    population_stability_index,
    single_feature_auc,
    widest_gap,
)

# An excluded column with at least this AUC counts as an outcome itself.
OUTCOME_AUC = 0.95
# Two columns count as the same if they are equal in this share of the rows. A few rows may differ
# by rounding or by a late correction.
EXACT_SHARE = 0.999
# A column with fewer distinct values may equal another column by chance.
MIN_DISTINCT = 50
MIN_COMPARED_ROWS = 50
# With fewer rows, the population stability index is mostly noise.
MIN_SHIFT_ROWS = 500
SHIFT_LEVELS = 20


@dataclass(frozen=True, slots=True)
class LeakEvidence:
    """Measurements of one feature on the training rows.

    Attributes
    ----------
    auc : float
        The AUC of the feature alone, in [0.5, 1].
    match_column : str, optional
        The target or excluded column that the feature equals most often.
    match_share : float
        Share of equal values in the rows that `equal_share` compares.
    match_is_outcome : bool
        Whether that column is the target, or predicts it almost perfectly by itself.
    shift : float, optional
        Population stability index from the first to the last third of the training period.
    missing_repaid, missing_defaulted : float
        Share of missing values in each class.
    missing_default_rate, present_default_rate : float
        Default rate of the rows where the feature is missing, or present. NaN without rows.
    digits : DigitGap, optional
        Share of round numbers in each class, where the classes differ most; None for text.
    """

    auc: float
    match_column: str | None
    match_share: float
    match_is_outcome: bool
    shift: float | None
    missing_repaid: float
    missing_defaulted: float
    missing_default_rate: float
    present_default_rate: float
    digits: DigitGap | None


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column that no model may use: the target or an excluded column.

    Attributes
    ----------
    values : Series, shape (rows,)
        Numbers or text.
    is_outcome : bool
        Whether it is the target, or predicts it almost perfectly by itself.
    """

    values: "pd.Series[Any]"
    is_outcome: bool


def find_left_out(
    portfolio: Portfolio, train: pd.DataFrame, y: LabelArray, seed: int
) -> dict[str, LeftOut]:
    """Return the target and the excluded columns by name, and whether each is an outcome."""
    found = {portfolio.target: LeftOut(train[portfolio.target], is_outcome=True)}
    for name in portfolio.exclude:
        values = _number_or_text(train[name])
        found[name] = LeftOut(values, single_feature_auc(values, y, seed) >= OUTCOME_AUC)
    return found


def measure_feature(
    name: str,
    train: pd.DataFrame,
    y: LabelArray,
    left_out: Mapping[str, LeftOut],
    periods: tuple[BoolArray, BoolArray] | None,
    seed: int,
) -> LeakEvidence:
    """Measure one feature on the training rows.

    Parameters
    ----------
    name : str
        The feature's name.
    train : DataFrame, shape (rows, columns of the table)
        Training rows.
    y : ndarray of int8, shape (rows,)
        1 = default.
    left_out : mapping of str to LeftOut
        Result of `find_left_out`.
    periods : pair of ndarray of bool, shape (rows,), optional
        The early rows and the late rows, from `early_and_late`.
    seed : int
        Seeds the folds of the AUC.
    """
    column = train[name]
    missing = column.isna().to_numpy()
    matches = {other: equal_share(column, found.values) for other, found in left_out.items()}
    # if two columns have equal shares, take the one that is an outcome
    match = max(matches, key=lambda other: (matches[other], left_out[other].is_outcome))
    digits = None
    if column.dtype.kind in "iuf":
        digits = widest_gap(column.to_numpy(dtype=np.float64, na_value=np.nan), y)
    return LeakEvidence(
        auc=single_feature_auc(column, y, seed),
        match_column=match if matches[match] > 0 else None,
        match_share=matches[match],
        match_is_outcome=left_out[match].is_outcome,
        shift=None if periods is None else stability_index(column, *periods),
        missing_repaid=float(missing[y == 0].mean()),
        missing_defaulted=float(missing[y == 1].mean()),
        missing_default_rate=float(y[missing].mean()) if missing.any() else float("nan"),
        present_default_rate=float(y[~missing].mean()),
        digits=digits,
    )


def early_and_late(train: pd.DataFrame, portfolio: Portfolio) -> tuple[BoolArray, BoolArray] | None:
    """Return the rows of the first and of the last third of the training period, if enough."""
    if portfolio.decision_date is None:
        return None
    days = train[portfolio.decision_date].to_numpy().astype("int64")
    low, high = np.quantile(days, [1 / 3, 2 / 3])
    early, late = days <= low, days > high
    return (early, late) if min(early.sum(), late.sum()) >= MIN_SHIFT_ROWS else None


def equal_share(column: "pd.Series[Any]", other: "pd.Series[Any]") -> float:
    """Return the share of equal values, among the rows where the other column is informative.

    Rows where `other` is missing are not informative. If `other` has many values, rows with its
    most frequent value are not informative either: the amount lost is 0 for all repaid loans. A
    column with few values, such as the target, often equals a feature by chance. For such a column
    the result is 0 unless nearly all rows are equal.
    """
    compared = other.notna()
    has_many_values = other.nunique() >= MIN_DISTINCT
    if has_many_values:
        compared &= other != other.mode().iloc[0]
    if compared.sum() < MIN_COMPARED_ROWS:
        return 0.0
    column, other = column[compared], other[compared]
    if column.dtype.kind in "iuf" and other.dtype.kind in "iuf":
        share = float((column == other).mean())
    else:
        share = float((column.astype("str") == other.astype("str")).mean())
    return share if has_many_values or share >= EXACT_SHARE else 0.0


def stability_index(column: "pd.Series[Any]", early: BoolArray, late: BoolArray) -> float:
    """Return the population stability index (PSI) between two parts of a column's rows.

    `population_stability_index` is computed over bands or levels. Half a row is added to each of
    them, so that no share is 0.
    """
    groups = cut_groups(column, most_levels=SHIFT_LEVELS)
    before, after = (
        np.bincount(groups.number[part], minlength=len(groups.names)) + 0.5
        for part in (early, late)
    )
    return float(population_stability_index(before, after))


def _number_or_text(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return a column of any type as numbers or text; dates become numbers, lists text."""
    if column.dtype.kind in "iuf":
        return column
    if column.dtype.kind in "mM":
        return column.astype("int64").astype("float64").where(column.notna())
    return column.astype(object).map(str, na_action="ignore")

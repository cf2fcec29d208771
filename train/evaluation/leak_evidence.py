"""What the leak audit measures of one feature; `leaks` judges it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from scoring_model.types import BoolArray, LabelArray
from train.portfolio import Portfolio
from train.statistics import DigitGap, cut_groups, single_feature_auc, widest_gap

# An excluded column that tells the outcome as surely as this is an outcome itself.
OUTCOME_AUC = 0.95
# Two columns that are equal but for a rounding or a late correction are one column.
EXACT_SHARE = 0.999
# A column with fewer distinct values matches others by chance.
MIN_DISTINCT = 50
MIN_SAID_ROWS = 50
# The population stability index of fewer rows is noise.
MIN_SHIFT_ROWS = 500
SHIFT_LEVELS = 20


@dataclass(frozen=True, slots=True)
class LeakEvidence:
    """What the training rows say of one feature.

    Attributes
    ----------
    auc : float
        The AUC of the feature alone, in [0.5, 1].
    match_column : str, optional
        The target or excluded column that it equals most often.
    match_share : float
        Share of the rows in which that column says something that are equal.
    match_is_outcome : bool
        Whether that column is the target, or tells it by itself.
    shift : float, optional
        Population stability index from the first to the last third of the training period.
    missing_repaid, missing_defaulted : float
        Shares of missing values by class.
    missing_default_rate, present_default_rate : float
        Default rate of the rows with and without a gap; NaN where there are none.
    digits : DigitGap, optional
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
    """A column that no model may see: the target, or an excluded one.

    Attributes
    ----------
    values : Series, shape (rows,)
        Numbers or text.
    is_outcome : bool
        Whether it is the target, or tells it by itself.
    """

    values: "pd.Series[Any]"
    is_outcome: bool


def find_left_out(
    portfolio: Portfolio, train: pd.DataFrame, y: LabelArray, seed: int
) -> dict[str, LeftOut]:
    """Return the target and the excluded columns by name, and which of them tell the outcome."""
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
    y : ndarray of int8, shape (rows,)
    left_out : mapping of str to LeftOut
        As `find_left_out` returns it.
    periods : pair of ndarray of bool, shape (rows,), optional
        Which rows are early and which late, from `early_and_late`.
    seed : int
    """
    column = train[name]
    missing = column.isna().to_numpy()
    matches = {other: equal_share(column, found.values) for other, found in left_out.items()}
    # of equal shares the outcome counts, not a mere excluded column
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
    """Return which rows are of the first and of the last third of the training period."""
    if portfolio.decision_date is None:
        return None
    days = train[portfolio.decision_date].to_numpy().astype("int64")
    low, high = np.quantile(days, [1 / 3, 2 / 3])
    early, late = days <= low, days > high
    return (early, late) if min(early.sum(), late.sum()) >= MIN_SHIFT_ROWS else None


def equal_share(column: "pd.Series[Any]", other: "pd.Series[Any]") -> float:
    """Return the share of equal values among the rows where the other column says something.

    A column such as the amount lost is zero for whoever repaid: only its other rows say something.
    One with few values, such as the target, is equal in (nearly) every row or by chance: 0 then.
    """
    said = other.notna()
    has_many_values = other.nunique() >= MIN_DISTINCT
    if has_many_values:
        said &= other != other.mode().iloc[0]
    if said.sum() < MIN_SAID_ROWS:
        return 0.0
    column, other = column[said], other[said]
    if column.dtype.kind in "iuf" and other.dtype.kind in "iuf":
        share = float((column == other).mean())
    else:
        share = float((column.astype("str") == other.astype("str")).mean())
    return share if has_many_values or share >= EXACT_SHARE else 0.0


def stability_index(column: "pd.Series[Any]", early: BoolArray, late: BoolArray) -> float:
    """Return the population stability index between two parts of a column's rows.

    `sum((q - p) * log(q / p))` over bands or levels; half a row is added to each, so that none is
    empty.
    """
    groups = cut_groups(column, most_levels=SHIFT_LEVELS)
    before, after = (
        np.bincount(groups.number[part], minlength=len(groups.names)) + 0.5
        for part in (early, late)
    )
    p, q = before / before.sum(), after / after.sum()
    return float(np.sum((q - p) * np.log(q / p)))


def _number_or_text(column: "pd.Series[Any]") -> "pd.Series[Any]":
    """Return a column that nobody has checked as numbers or text: a date, a list may be there."""
    if column.dtype.kind in "iuf":
        return column
    if column.dtype.kind in "mM":
        return column.astype("int64").astype("float64").where(column.notna())
    return column.astype(object).map(str, na_action="ignore")

"""Make the profile of a version: bins, shares and ranges of its training rows."""

from typing import Any

import numpy as np
import pandas as pd

from scoring_model.contract import FeatureContract
from scoring_model.profile import (
    LEAST_RANGE_ROWS,
    LEAST_ROWS,
    CategoryProfile,
    ExpectedDecisions,
    KnownDefaults,
    NumberProfile,
    Profile,
)
from scoring_model.types import BoolArray, FloatArray
from train.columns import present_values
from train.data.contract_learning import as_levels
from train.data.labelled_rows import LabelledRows
from train.portfolio import LoanCosts, Portfolio

BINS = 10
# a category with more levels than this is described by its most frequent ones
MOST_LEVELS = 1000
DECIMALS = 4
# the share of known defaults is kept at about this many ages
MOST_AGES = 1000


def make_profile(rows: LabelledRows, contract: FeatureContract) -> Profile:
    """Return the profile of the training rows. It has nothing about fewer than 20 of them.

    Parameters
    ----------
    rows : LabelledRows
        The training rows.
    contract : FeatureContract
        Names the columns of their matrix. Dates and derived features are profiled by their value
        in the matrix.
    """
    numbers, categories = [], []
    for index, feature in enumerate(contract.features):
        if feature.kind == "category":
            categories.append(profile_category(feature.name, rows.frame[feature.name]))
        else:
            numbers.append(profile_number(feature.name, rows.matrix[:, index]))
    return Profile(len(rows.y), tuple(numbers), tuple(categories))


def profile_decisions(
    probability: FloatArray, refused: BoolArray, costs: LoanCosts
) -> ExpectedDecisions:
    """Return what decisions on held-out rows should cost by their probabilities.

    Parameters
    ----------
    probability : ndarray of float64, shape (rows,)
    refused : ndarray of bool, shape (rows,)
    costs : LoanCosts
        What wrong decisions on these rows cost.
    """
    accepting = costs.false_negative * probability
    refusing = costs.false_positive * (1.0 - probability)
    return ExpectedDecisions(
        rows=len(probability),
        acceptance_rate=float(1.0 - refused.mean()),
        cost=float(np.where(refused, refusing, accepting).mean()),
        accept_all_cost=float(accepting.mean()),
        refuse_all_cost=float(refusing.mean()),
    )


def learn_known_defaults(rows: LabelledRows, portfolio: Portfolio) -> KnownDefaults | None:
    """Return the share of the defaults that was known at each age.

    Parameters
    ----------
    rows : LabelledRows
        The training rows.
    portfolio : Portfolio

    Returns
    -------
    KnownDefaults or None
        None if the portfolio does not say when a default became known, or fewer than 20 defaults
        have such a day after the day of the decision.
    """
    column = portfolio.monitoring.outcome_date
    if column is None:
        return None
    ages = (rows.frame[column] - rows.frame[portfolio.decision_date]).dt.days.to_numpy(np.float64)
    ages = np.sort(ages[(rows.y == 1) & (ages > 0)])
    if len(ages) < LEAST_ROWS:
        return None
    step = max(LEAST_ROWS, len(ages) // MOST_AGES)
    different, counts = np.unique(ages, return_counts=True)
    kept, before = [], 0
    for age, known in zip(different.tolist(), np.cumsum(counts).tolist(), strict=True):
        if known - before >= step and len(ages) - known >= LEAST_ROWS:
            kept.append((age, known / len(ages)))
            before = known
    kept.append((float(ages[-1]), 1.0))
    return KnownDefaults(*zip(*kept, strict=True))


def profile_number(name: str, column: FloatArray) -> NumberProfile:
    """Return bins, shares and range of one column; NaN is missing."""
    values = np.sort(column[~np.isnan(column)])
    missing = _missing_share(len(values), len(column))
    if len(values) < LEAST_ROWS:
        return NumberProfile(name, (), (), missing, None, None)
    starts = _bin_starts(values)
    sizes = np.diff([*starts, len(values)])
    has_range = len(values) >= LEAST_RANGE_ROWS
    return NumberProfile(
        name,
        edges=tuple(float(values[start]) for start in starts[1:]),
        shares=tuple(_share(size, len(values)) for size in sizes),
        missing=missing,
        low=float(values[LEAST_ROWS - 1]) if has_range else None,
        high=float(values[-LEAST_ROWS]) if has_range else None,
    )


def _bin_starts(values: FloatArray) -> list[int]:
    """Return where each bin begins in sorted values; equal values share a bin.

    A bin is closed as soon as it holds a tenth of the rows, and at least `LEAST_ROWS`.
    """
    least = max(LEAST_ROWS, len(values) / BINS)
    starts = [0]
    while (full := int(np.ceil(starts[-1] + least))) <= len(values) - LEAST_ROWS:
        start = int(np.searchsorted(values, values[full - 1], side="right"))
        if start > len(values) - LEAST_ROWS:
            break
        starts.append(start)
    return starts


def profile_category(name: str, column: "pd.Series[Any]") -> CategoryProfile:
    """Return the share of each level with enough rows, and of the rest together."""
    present = present_values(column)
    missing = _missing_share(len(present), len(column))
    if len(present) < LEAST_ROWS:
        return CategoryProfile(name, {}, 0.0, missing)
    counts = as_levels(present).value_counts()
    ordered = sorted(
        ((str(k), int(n)) for k, n in counts.items() if n), key=lambda i: (-i[1], i[0])
    )
    named = [item for item in ordered[:MOST_LEVELS] if item[1] >= LEAST_ROWS]
    rest = len(present) - sum(rows for _, rows in named)
    # what is left over must not be about a few applicants either
    while 0 < rest < LEAST_ROWS:
        rest += named.pop()[1]
    levels = {level: _share(rows, len(present)) for level, rows in named}
    return CategoryProfile(name, levels, _share(rest, len(present)), missing)


def _missing_share(present: int, rows: int) -> float:
    if rows - present < LEAST_ROWS:
        return 0.0
    return _share(rows - present, rows) if present >= LEAST_ROWS else 1.0


def _share(rows: int, of: int) -> float:
    return round(float(rows / of), DECIMALS)

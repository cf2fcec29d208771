"""Acceptance and errors by protected group, and the features that stand in for a group."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pandas as pd

from scoring_model.types import BoolArray, FloatArray, LabelArray
from train.statistics import (
    CalibrationInTheLarge,
    Groups,
    Interval,
    calibration_in_the_large,
    cross_groups,
    cut_groups,
    ratio_of_shares,
    wilson,
)

# Four fifths: US Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4 (D).
LOWEST_RATIO = 0.8
# A share of fewer applicants than this is too loose to judge a group by.
MIN_ROWS = 100
# Levels that keep a group of their own, the commonest: a postcode has thousands.
MOST_LEVELS, MOST_LEVELS_IN_PAIRS = 40, 12
# An error rate needs so many applicants of the class it is about.
MIN_CLASS_ROWS = 30


@dataclass(frozen=True, slots=True)
class GroupFairness:
    """How one group fared.

    Attributes
    ----------
    name : str
    rows : int
    acceptance_rate : Interval
    acceptance_ratio : Interval, optional
        Its acceptance rate by that of the best group of the column; None where too small.
    false_positive_rate : Interval, optional
        Share of its good clients who are refused; None where they are too few.
    false_negative_rate : Interval, optional
        Share of its defaulters who are accepted; None where they are too few.
    calibration : CalibrationInTheLarge
        Mean PD beside the default rate.
    is_judged : bool
        Whether it has rows enough, `MIN_ROWS`.
    """

    name: str
    rows: int
    acceptance_rate: Interval
    acceptance_ratio: Interval | None
    false_positive_rate: Interval | None
    false_negative_rate: Interval | None
    calibration: CalibrationInTheLarge
    is_judged: bool


@dataclass(frozen=True, slots=True)
class ColumnFairness:
    """The groups of one protected column, or of a pair of them.

    Attributes
    ----------
    columns : tuple of str
        One or two.
    groups : tuple of GroupFairness
    best : str, optional
        The judged group with the highest acceptance rate; None where all are too small.
    """

    columns: tuple[str, ...]
    groups: tuple[GroupFairness, ...]
    best: str | None

    @property
    def lowest(self) -> GroupFairness | None:
        """The judged group that is accepted least, if any is judged."""
        judged = [group for group in self.groups if group.is_judged]
        return min(judged, key=lambda group: group.acceptance_rate.value, default=None)

    @property
    def lowest_ratio(self) -> float | None:
        """Its acceptance rate by that of the best group; None where there is none to compare."""
        ratio = self.lowest.acceptance_ratio if self.lowest else None
        return None if ratio is None or np.isnan(ratio.value) else ratio.value


def audit_fairness(
    protected: pd.DataFrame, y: LabelArray, probability: FloatArray, refused: BoolArray
) -> tuple[ColumnFairness, ...]:
    """Compare the groups of each protected column, then of each pair of columns.

    Parameters
    ----------
    protected : DataFrame, shape (rows, protected columns)
        Levels are groups (the rarest of very many share one), numbers and dates are cut into
        bands, missing is a group.
    y : ndarray of int8, shape (rows,)
        1 = default.
    probability : ndarray of float64, shape (rows,)
    refused : ndarray of bool, shape (rows,)
    """
    groups = {str(name): cut_groups(protected[name], MOST_LEVELS) for name in protected.columns}
    coarse = {
        str(name): cut_groups(protected[name], MOST_LEVELS_IN_PAIRS) for name in protected.columns
    }
    found = [_compare((name,), cut, y, probability, refused) for name, cut in groups.items()]
    for first, second in combinations(groups, 2):
        cut = cross_groups(coarse[first], coarse[second])
        found.append(_compare((first, second), cut, y, probability, refused))
    return tuple(found)


def _compare(
    columns: tuple[str, ...],
    groups: Groups,
    y: LabelArray,
    probability: FloatArray,
    refused: BoolArray,
) -> ColumnFairness:
    members = [groups.number == number for number in range(len(groups.names))]
    accepted = [int((~refused[rows]).sum()) for rows in members]
    sizes = [int(rows.sum()) for rows in members]
    judged = [number for number, size in enumerate(sizes) if size >= MIN_ROWS]
    best = max(judged, key=lambda number: accepted[number] / sizes[number], default=None)
    found = []
    for number, (name, rows) in enumerate(zip(groups.names, members, strict=True)):
        if not sizes[number]:
            continue
        is_judged = number in judged
        ratio = None
        if number == best and accepted[number]:
            # it is compared with itself: no chance about it
            ratio = Interval(1.0, 1.0, 1.0)
        elif is_judged and best is not None:
            ratio = ratio_of_shares(accepted[number], sizes[number], accepted[best], sizes[best])
        found.append(
            GroupFairness(
                name=name,
                rows=sizes[number],
                acceptance_rate=wilson(accepted[number], sizes[number]),
                acceptance_ratio=ratio,
                false_positive_rate=_rate(refused[rows & (y == 0)]),
                false_negative_rate=_rate(~refused[rows & (y == 1)]),
                calibration=calibration_in_the_large(y[rows], probability[rows]),
                is_judged=is_judged,
            )
        )
    return ColumnFairness(columns, tuple(found), None if best is None else groups.names[best])


def _rate(hits: BoolArray) -> Interval | None:
    return wilson(float(hits.sum()), len(hits)) if len(hits) >= MIN_CLASS_ROWS else None


def fairness_metrics(audit: Sequence[ColumnFairness]) -> Mapping[str, float]:
    """Return the lowest acceptance ratio of each column and pair, as the run logs it."""
    metrics = {
        f"fairness_acceptance_ratio_{'_x_'.join(map(_metric_name, column.columns))}": ratio
        for column in audit
        if (ratio := column.lowest_ratio) is not None
    }
    single = [c.lowest_ratio for c in audit if len(c.columns) == 1 and c.lowest_ratio is not None]
    return {"fairness_acceptance_ratio": min(single), **metrics} if single else metrics


def _metric_name(column: str) -> str:
    """Return a column's name with what MLflow takes in the name of a metric."""
    return "".join(sign if sign.isalnum() or sign in "_-." else "_" for sign in column)


def fairness_notes(audit: Sequence[ColumnFairness], label: Callable[[str], str]) -> list[str]:
    """Return a warning for each column, and one for the pairs, under four fifths."""
    under = [c for c in audit if c.lowest_ratio is not None and c.lowest_ratio < LOWEST_RATIO]
    notes = [
        f"fairness: {_describe(column, label)}" for column in under if len(column.columns) == 1
    ]
    pairs = [column for column in under if len(column.columns) == 2]
    if pairs:
        worst = min(pairs, key=lambda column: column.lowest_ratio or 0.0)
        notes.append(
            f"fairness: {len(pairs)} pairs of protected columns have a group under "
            f"{LOWEST_RATIO:g}, the lowest by {_describe(worst, label)}"
        )
    return notes


def _describe(column: ColumnFairness, label: Callable[[str], str]) -> str:
    group, name = column.lowest, " and ".join(map(label, column.columns))
    if group is None or group.acceptance_ratio is None:
        return name
    ratio = group.acceptance_ratio
    return (
        f"{name}: {group.name} is accepted {ratio.value:.2f} times as often as "
        f"{column.best} ({ratio.low:.2f} to {ratio.high:.2f}), under {LOWEST_RATIO:g}"
    )

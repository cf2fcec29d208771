"""The fairness audit: acceptance rates and error rates by protected group."""

from collections.abc import Mapping, Sequence
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

# Four-fifths rule: US Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4 (D).
LOWEST_RATIO = 0.8
# A group with fewer applicants is not judged: its acceptance rate is too uncertain.
MIN_ROWS = 100
# Only the most frequent levels get a group of their own: a postcode has thousands of levels.
MOST_LEVELS, MOST_LEVELS_IN_PAIRS = 40, 12
# An error rate needs at least this many applicants of its class (defaulters or good clients).
MIN_CLASS_ROWS = 30


@dataclass(frozen=True, slots=True)
class GroupFairness:
    """Acceptance and errors of one group.

    Attributes
    ----------
    name : str
        Level or band of the column, or of both columns.
    rows : int
        Number of applicants.
    acceptance_rate : Interval
        Share of the applicants who are accepted.
    acceptance_ratio : Interval, optional
        Acceptance rate divided by that of the column's best group; None if the group is too small.
    false_positive_rate : Interval, optional
        Share of the good clients who are refused; None if there are too few good clients.
    false_negative_rate : Interval, optional
        Share of the defaulters who are accepted; None if there are too few defaulters.
    calibration : CalibrationInTheLarge
        Mean PD compared with the default rate.
    is_judged : bool
        Whether the group has at least `MIN_ROWS` rows.
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
        One or two names.
    groups : tuple of GroupFairness
        All groups that have rows.
    best : str, optional
        The judged group with the highest acceptance rate; None if all groups are too small.
    """

    columns: tuple[str, ...]
    groups: tuple[GroupFairness, ...]
    best: str | None

    @property
    def lowest(self) -> GroupFairness | None:
        """The judged group with the lowest acceptance rate; None if no group is judged."""
        judged = [group for group in self.groups if group.is_judged]
        return min(judged, key=lambda group: group.acceptance_rate.value, default=None)

    @property
    def lowest_ratio(self) -> float | None:
        """The lowest acceptance rate divided by the highest; None if they cannot be compared."""
        ratio = self.lowest.acceptance_ratio if self.lowest else None
        return None if ratio is None or np.isnan(ratio.value) else ratio.value


def audit_fairness(
    protected: pd.DataFrame, y: LabelArray, probability: FloatArray, refused: BoolArray
) -> tuple[ColumnFairness, ...]:
    """Compare the groups of each protected column, then of each pair of columns.

    Parameters
    ----------
    protected : DataFrame, shape (rows, protected columns)
        Each level is a group; rare levels share a group if there are very many. Numbers and dates
        are cut into bands. Missing values are a group.
    y : ndarray of int8, shape (rows,)
        1 = default.
    probability : ndarray of float64, shape (rows,)
        Calibrated probability of default.
    refused : ndarray of bool, shape (rows,)
        Decision on each row.
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
            # the best group is compared with itself: the ratio is exactly 1
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
    """Return the lowest acceptance ratio of each column and pair as metrics of the run."""
    metrics = {
        f"fairness/acceptance_ratio_{'_x_'.join(map(_metric_name, column.columns))}": ratio
        for column in audit
        if (ratio := column.lowest_ratio) is not None
    }
    single = [c.lowest_ratio for c in audit if len(c.columns) == 1 and c.lowest_ratio is not None]
    return {"fairness/acceptance_ratio": min(single), **metrics} if single else metrics


def _metric_name(column: str) -> str:
    """Return a column's name without signs that MLflow refuses in a metric's name."""
    return "".join(sign if sign.isalnum() or sign in "_-." else "_" for sign in column)


def below_four_fifths(
    audit: Sequence[ColumnFairness],
) -> tuple[list[ColumnFairness], list[ColumnFairness]]:
    """Return the columns, and the pairs of columns, below `LOWEST_RATIO`; the lowest pair first."""
    under = [c for c in audit if c.lowest_ratio is not None and c.lowest_ratio < LOWEST_RATIO]
    single = [column for column in under if len(column.columns) == 1]
    pairs = [column for column in under if len(column.columns) == 2]
    return single, sorted(pairs, key=lambda column: column.lowest_ratio or 0.0)


def fairness_notes(audit: Sequence[ColumnFairness]) -> list[str]:
    """Return a warning for each column below four fifths, and one for all such pairs."""
    single, pairs = below_four_fifths(audit)
    notes = [f"fairness: {_describe(column)}" for column in single]
    if pairs:
        notes.append(
            "fairness: pairs of protected columns with an acceptance ratio below "
            f"{LOWEST_RATIO:g}: {len(pairs)}; the lowest is in {_describe(pairs[0])}"
        )
    return notes


def _describe(column: ColumnFairness) -> str:
    group, name = column.lowest, " and ".join(column.columns)
    if group is None or group.acceptance_ratio is None:
        return name
    ratio = group.acceptance_ratio
    return (
        f"{name}: the acceptance rate of {group.name} is {ratio.value:.2f} times that of "
        f"{column.best} (95% interval {ratio.low:.2f} to {ratio.high:.2f}), below the limit of "
        f"{LOWEST_RATIO:g}"
    )

"""Where the decisions are weak: the groups of applicants that cost most."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scoring_model.types import BoolArray, FloatArray, LabelArray
from train.statistics import (
    CalibrationInTheLarge,
    Interval,
    calibration_in_the_large,
    cut_groups,
    normal_mean,
)

# Smaller groups are dear by chance.
MIN_ROWS = 200
MIN_SHARE = 0.01
# Levels of a category that are looked at one by one.
MOST_LEVELS = 30
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Segment:
    """Applicants who share a level, or a band, of one feature.

    Attributes
    ----------
    feature, group : str
    rows : int
    calibration : CalibrationInTheLarge
        Mean PD beside the default rate.
    acceptance_rate : float
    cost : Interval
        Cost per applicant.
    cost_accept_all, cost_refuse_all : float
        What deciding alike for the whole segment would have cost per applicant.
    """

    feature: str
    group: str
    rows: int
    calibration: CalibrationInTheLarge
    acceptance_rate: float
    cost: Interval
    cost_accept_all: float
    cost_refuse_all: float

    @property
    def is_worse_than_one_answer(self) -> bool:
        """Whether accepting all or refusing all of them had been cheaper than the model."""
        return min(self.cost_accept_all, self.cost_refuse_all) < self.cost.value


def dearest_segments(
    columns: Mapping[str, "pd.Series[Any]"],
    y: LabelArray,
    probability: FloatArray,
    refused: BoolArray,
    cost: FloatArray,
    cost_if_accepted: FloatArray,
    cost_if_refused: FloatArray,
) -> tuple[Segment, ...]:
    """Return the segments that clearly cost more per applicant than the whole, dearest first.

    A segment counts when the 95 % interval of its cost lies above the cost of all rows. Many
    segments are compared, so that the dearest of them look a little dearer than they are.

    Parameters
    ----------
    columns : mapping of str to Series, shape (rows,)
        Values of each feature, by what people call it.
    y : ndarray of int8, shape (rows,)
        1 = default.
    probability : ndarray of float64, shape (rows,)
    refused : ndarray of bool, shape (rows,)
    cost, cost_if_accepted, cost_if_refused : ndarray of float64, shape (rows,)
        What each decision cost as it was made, and what acceptance and refusal would cost.
    """
    overall = float(cost.mean())
    needed = max(MIN_ROWS, int(MIN_SHARE * len(y)))
    found: list[Segment] = []
    for name, column in columns.items():
        groups = cut_groups(column, most_levels=MOST_LEVELS)
        for number, group in enumerate(groups.names):
            rows = groups.number == number
            if rows.sum() < needed or rows.all():
                continue
            interval = normal_mean(cost[rows])
            if interval.low <= overall:
                continue
            found.append(
                Segment(
                    feature=name,
                    group=group,
                    rows=int(rows.sum()),
                    calibration=calibration_in_the_large(y[rows], probability[rows]),
                    acceptance_rate=float(1.0 - refused[rows].mean()),
                    cost=interval,
                    cost_accept_all=float(cost_if_accepted[rows].mean()),
                    cost_refuse_all=float(cost_if_refused[rows].mean()),
                )
            )
    return tuple(sorted(found, key=lambda segment: -segment.cost.value))


def segment_notes(segments: Sequence[Segment], label: Callable[[str], str]) -> list[str]:
    """Return a line when some segments would be cheaper with one answer for all of them."""
    worse = [s for s in segments if s.is_worse_than_one_answer]
    if not worse:
        return []
    names = "; ".join(f"{label(s.feature)}: {s.group}" for s in worse[:3])
    more = f" and {len(worse) - 3} more" if len(worse) > 3 else ""
    return [f"one answer for all would have cost less than the model in: {names}{more}"]

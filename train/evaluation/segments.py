"""Weak segments: the groups of applicants whose decisions cost most."""

from collections.abc import Mapping, Sequence
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

# Smaller groups are often expensive only by chance.
MIN_ROWS = 200
MIN_SHARE = 0.01
# Only the most frequent levels of a category are segments of their own.
MOST_LEVELS = 30
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Segment:
    """Applicants with the same level, or in the same band, of one feature.

    Attributes
    ----------
    feature, group : str
        Name of the feature, and its level or band.
    rows : int
        Number of applicants.
    calibration : CalibrationInTheLarge
        Mean PD compared with the default rate.
    acceptance_rate : float
        Share of the applicants who are accepted.
    cost : Interval
        Cost per applicant.
    cost_accept_all, cost_refuse_all : float
        Cost per applicant if the whole segment were accepted, or refused.
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
        """Whether accepting all, or refusing all, would have cost less than the model."""
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
    """Return the segments that clearly cost more per applicant than all rows, worst first.

    A segment is returned if the 95 % interval of its cost lies above the cost of all rows. Many
    segments are compared, so the costs of the worst ones are somewhat overstated.

    Parameters
    ----------
    columns : mapping of str to Series, shape (rows,)
        Values of each feature, by the name that people read.
    y : ndarray of int8, shape (rows,)
        1 = default.
    probability : ndarray of float64, shape (rows,)
        Calibrated probability of default.
    refused : ndarray of bool, shape (rows,)
        Decision on each row.
    cost, cost_if_accepted, cost_if_refused : ndarray of float64, shape (rows,)
        Cost of each row by the decision that was made, if accepted, and if refused.
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


def segment_notes(segments: Sequence[Segment]) -> list[str]:
    """Return a warning if a flat rule would cost less than the model in some segments."""
    worse = [s for s in segments if s.is_worse_than_one_answer]
    if not worse:
        return []
    names = "; ".join(f"{s.feature}: {s.group}" for s in worse[:3])
    more = f" and {len(worse) - 3} more" if len(worse) > 3 else ""
    rules = "accepting all, or refusing all, would have cost less than the model"
    return [f"weak segments: {rules} in {names}{more}"]

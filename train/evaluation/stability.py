"""How the model held over the test period, quarter by quarter."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring_model.types import BoolArray, FloatArray, LabelArray
from train.statistics import (
    MAX_OFF,
    CalibrationInTheLarge,
    Interval,
    auc_and_ks,
    bootstrap_means,
    bootstraps_for,
    calibration_in_the_large,
    percentile_intervals,
    rank_rows,
    resample_counts,
    wilson,
)

# A class with fewer rows than this gives no AUC worth a point in the picture.
MIN_CLASS_ROWS = 20


@dataclass(frozen=True, slots=True)
class Quarter:
    """The decisions of one calendar quarter.

    Attributes
    ----------
    year, number : int
        Number from 1 to 4.
    rows : int
    calibration : CalibrationInTheLarge
        Mean PD beside the default rate.
    roc_auc : Interval, optional
        None where a class has too few rows.
    cost : Interval
        Cost per applicant.
    acceptance_rate : Interval
    """

    year: int
    number: int
    rows: int
    calibration: CalibrationInTheLarge
    roc_auc: Interval | None
    cost: Interval
    acceptance_rate: Interval

    @property
    def name(self) -> str:
        """What people read, such as `2004 Q1`."""
        return f"{self.year} Q{self.number}"


def by_quarter(
    dates: NDArray[np.datetime64],
    y: LabelArray,
    probability: FloatArray,
    refused: BoolArray,
    cost: FloatArray,
    seed: int,
) -> tuple[Quarter, ...]:
    """Evaluate the decisions of each calendar quarter, in order of time.

    Parameters
    ----------
    dates : ndarray of datetime64, shape (rows,)
        When each decision was made.
    y : ndarray of int8, shape (rows,)
        1 = default.
    probability : ndarray of float64, shape (rows,)
    refused : ndarray of bool, shape (rows,)
    cost : ndarray of float64, shape (rows,)
        What each decision cost.
    seed : int
        Seeds the bootstrap.
    """
    quarters = pd.PeriodIndex(pd.DatetimeIndex(dates), freq="Q")
    found = []
    for quarter in quarters.unique().sort_values():
        rows = np.asarray(quarters == quarter)
        found.append(
            Quarter(
                year=quarter.year,
                number=quarter.quarter,
                rows=int(rows.sum()),
                calibration=calibration_in_the_large(y[rows], probability[rows]),
                roc_auc=_auc_interval(y[rows], probability[rows], seed),
                cost=bootstrap_means(cost[rows].reshape(-1, 1), y[rows], seed)[0],
                acceptance_rate=wilson(float((~refused[rows]).sum()), int(rows.sum())),
            )
        )
    return tuple(found)


def _auc_interval(y: LabelArray, probability: FloatArray, seed: int) -> Interval | None:
    if np.bincount(y, minlength=2).min() < MIN_CLASS_ROWS:
        return None
    ranked = rank_rows(y, probability)
    value = auc_and_ks(ranked, np.ones(len(y), dtype=np.int64))[0]
    draws = bootstraps_for(len(y))
    samples = [[auc_and_ks(ranked, c)[0]] for c in resample_counts(y, draws, seed)]
    return percentile_intervals(np.array([value]), np.array(samples))[0]


def calibration_notes(whole: CalibrationInTheLarge, quarters: Sequence[Quarter]) -> list[str]:
    """Return a warning when the PD of the test rows, or of some quarters, no longer fits."""
    notes = []
    if whole.is_off:
        notes.append(f"the probability of default no longer fits: {_compare(whole)}")
    off = [quarter for quarter in quarters if quarter.calibration.is_off]
    # quarters that are off with the whole add nothing but its worst
    if off and not (whole.is_off and len(quarters) == 1):
        worst = max(off, key=lambda quarter: abs(np.log(quarter.calibration.ratio)))
        notes.append(
            f"the probability of default is off by more than {MAX_OFF:.0%} in {len(off)} of "
            f"{len(quarters)} quarters, most in {worst.name}: {_compare(worst.calibration)}"
        )
    return notes


def _compare(calibration: CalibrationInTheLarge) -> str:
    rate = calibration.default_rate
    return (
        f"{calibration.mean_probability:.1%} expected, {rate.value:.1%} defaulted "
        f"({rate.low:.1%} to {rate.high:.1%})"
    )

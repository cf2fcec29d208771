"""Stability: the model's figures in each quarter of the test period."""

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

# If a class has fewer rows, the AUC is too uncertain to show.
MIN_CLASS_ROWS = 20


@dataclass(frozen=True, slots=True)
class Quarter:
    """The decisions of one calendar quarter.

    Attributes
    ----------
    year, number : int
        `number` is from 1 to 4.
    rows : int
        Number of applicants.
    calibration : CalibrationInTheLarge
        Mean PD compared with the default rate.
    roc_auc : Interval, optional
        None if a class has too few rows.
    cost : Interval
        Cost per applicant.
    acceptance_rate : Interval
        Share of the applicants who are accepted.
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
        """The name that people read, such as `2004 Q1`."""
        return f"{self.year} Q{self.number}"


def by_quarter(
    dates: NDArray[np.datetime64],
    y: LabelArray,
    probability: FloatArray,
    refused: BoolArray,
    cost: FloatArray,
    seed: int,
) -> tuple[Quarter, ...]:
    """Evaluate the decisions of each calendar quarter, oldest first.

    Parameters
    ----------
    dates : ndarray of datetime64, shape (rows,)
        Date of each decision.
    y : ndarray of int8, shape (rows,)
        1 = default.
    probability : ndarray of float64, shape (rows,)
        Calibrated probability of default.
    refused : ndarray of bool, shape (rows,)
        Decision on each row.
    cost : ndarray of float64, shape (rows,)
        Cost of each decision.
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


def quarters_off(whole: CalibrationInTheLarge, quarters: Sequence[Quarter]) -> list[Quarter]:
    """Return the quarters whose PD does not match the default rate, the worst first.

    With one quarter only, it is the whole test period: it is left out if that is off itself.
    """
    if whole.is_off and len(quarters) == 1:
        return []
    off = [quarter for quarter in quarters if quarter.calibration.is_off]
    return sorted(off, key=lambda quarter: -abs(np.log(quarter.calibration.ratio)))


def calibration_notes(whole: CalibrationInTheLarge, quarters: Sequence[Quarter]) -> list[str]:
    """Return warnings if the PD does not match the default rate, overall or in some quarters."""
    notes = []
    if whole.is_off:
        notes.append(f"calibration: the predicted default rate does not fit: {_compare(whole)}")
    if off := quarters_off(whole, quarters):
        notes.append(
            f"calibration: the predicted default rate is off by more than {MAX_OFF:.0%} in "
            f"{len(off)} of {len(quarters)} quarters; the worst is {off[0].name}: "
            f"{_compare(off[0].calibration)}"
        )
    return notes


def _compare(calibration: CalibrationInTheLarge) -> str:
    rate = calibration.default_rate
    return (
        f"the model expected {calibration.mean_probability:.1%} of the loans to default, and "
        f"{rate.value:.1%} did (95% interval {rate.low:.1%} to {rate.high:.1%})"
    )

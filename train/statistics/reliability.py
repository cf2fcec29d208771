"""Compare probabilities of default (PD) with observed default rates: in bins, and in total."""

from dataclasses import dataclass

import numpy as np

from scoring_model.types import FloatArray, LabelArray
from train.statistics.intervals import Interval, wilson

ECE_BINS = 10
# The mean PD counts as wrong if it differs from the default rate by more than this share of the
# default rate.
MAX_OFF = 0.25


@dataclass(frozen=True, slots=True)
class ReliabilityBins:
    """Rows in order of PD, cut into bins. Every array has shape (bins,).

    Attributes
    ----------
    share : ndarray of float64
        Share of all rows that are in the bin.
    mean_probability : ndarray of float64
        Mean PD of the bin.
    default_rate, default_rate_low, default_rate_high : ndarray of float64
        Observed default rate of the bin, with the limits of its Wilson interval.
    """

    share: FloatArray
    mean_probability: FloatArray
    default_rate: FloatArray
    default_rate_low: FloatArray
    default_rate_high: FloatArray


def reliability_bins(
    y: LabelArray, probability: FloatArray, bins: int = ECE_BINS
) -> ReliabilityBins:
    """Cut rows by PD into `bins` bins of about equal size; rows with equal PD stay together."""
    edges = np.quantile(probability, np.linspace(0, 1, bins + 1)[1:-1])
    number = np.searchsorted(np.unique(edges), probability, side="right")
    rows = np.bincount(number)
    used = rows > 0
    bad = np.bincount(number, weights=y)[used]
    rates = [wilson(b, n) for b, n in zip(bad, rows[used], strict=True)]
    return ReliabilityBins(
        share=rows[used] / len(y),
        mean_probability=np.bincount(number, weights=probability)[used] / rows[used],
        default_rate=np.array([rate.value for rate in rates]),
        default_rate_low=np.array([rate.low for rate in rates]),
        default_rate_high=np.array([rate.high for rate in rates]),
    )


def expected_calibration_error(y: LabelArray, probability: FloatArray) -> float:
    """Return the mean distance between PD and default rate over ten bins of about equal size.

    M. Naeini, G. Cooper and M. Hauskrecht, Obtaining well calibrated probabilities using Bayesian
    binning, AAAI 2015. Here the bins have equal size, because most PDs are near 0.
    """
    bins = reliability_bins(y, probability)
    return float(np.sum(bins.share * np.abs(bins.mean_probability - bins.default_rate)))


@dataclass(frozen=True, slots=True)
class CalibrationInTheLarge:
    """Mean PD and observed default rate of the same rows.

    Attributes
    ----------
    mean_probability : float
        Mean PD.
    default_rate : Interval
        Share of defaulters with its Wilson interval.
    """

    mean_probability: float
    default_rate: Interval

    @property
    def ratio(self) -> float:
        """Mean PD divided by the default rate: 1 fits, less than 1 is too optimistic."""
        if self.default_rate.value == 0:
            return float("inf")
        return self.mean_probability / self.default_rate.value

    @property
    def is_off(self) -> bool:
        """Whether the ratio differs from 1 by more than `MAX_OFF` and by more than chance."""
        by_chance = self.default_rate.low <= self.mean_probability <= self.default_rate.high
        return abs(self.ratio - 1.0) > MAX_OFF and not by_chance


def calibration_in_the_large(y: LabelArray, probability: FloatArray) -> CalibrationInTheLarge:
    """Compare the mean PD of rows with their default rate."""
    return CalibrationInTheLarge(float(probability.mean()), wilson(float(y.sum()), len(y)))

"""Statistics of figures: intervals, discrimination, reliability; groups of rows."""

from train.statistics.digit_patterns import DigitGap, widest_gap
from train.statistics.discrimination import auc_and_ks, rank_rows
from train.statistics.groups import Groups, cross_groups, cut_groups
from train.statistics.intervals import (
    LEVEL,
    NORMAL_QUANTILE,
    Interval,
    bootstrap_means,
    bootstraps_for,
    normal_mean,
    percentile_intervals,
    ratio_of_shares,
    resample_counts,
    resample_means,
    wilson,
)
from train.statistics.population_stability import population_stability_index
from train.statistics.reliability import (
    MAX_OFF,
    CalibrationInTheLarge,
    calibration_in_the_large,
    expected_calibration_error,
    reliability_bins,
)
from train.statistics.single_feature_auc import single_feature_auc

__all__ = [
    "LEVEL",
    "MAX_OFF",
    "NORMAL_QUANTILE",
    "CalibrationInTheLarge",
    "DigitGap",
    "Groups",
    "Interval",
    "auc_and_ks",
    "bootstrap_means",
    "bootstraps_for",
    "calibration_in_the_large",
    "cross_groups",
    "cut_groups",
    "expected_calibration_error",
    "normal_mean",
    "percentile_intervals",
    "population_stability_index",
    "rank_rows",
    "ratio_of_shares",
    "reliability_bins",
    "resample_counts",
    "resample_means",
    "single_feature_auc",
    "widest_gap",
    "wilson",
]

"""Confidence intervals: by formula for shares, by stratified bootstrap for other figures."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.stats import binomtest, norm

from scoring_model.types import FloatArray, LabelArray

LEVEL = 0.95
NORMAL_QUANTILE = float(norm.ppf((1 + LEVEL) / 2))
BOOTSTRAPS = 1000
# All bootstrap samples together draw at most this many rows. A large table needs fewer samples,
# because they vary little, and each of them takes long.
MAX_DRAWN_ROWS = 150_000_000
MIN_BOOTSTRAPS = 200
# Samples of `resample_means`.
DRAWS = 10_000
# With more distinct values than this, drawing rows is faster than drawing a count for each value.
MANY_VALUES = 1_000
FEWER_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its confidence interval of level `LEVEL`.

    Attributes
    ----------
    value : float
    low, high : float
        Limits of the interval.
    """

    value: float
    low: float
    high: float


def wilson(successes: float, rows: float) -> Interval:
    """Return a share with its Wilson score interval; all three are NaN if there are no rows.

    E. Wilson, Probable inference, the law of succession, and statistical inference, JASA 1927.

    Parameters
    ----------
    successes, rows : float
        Counts, `0 <= successes <= rows`.
    """
    if rows == 0:
        return Interval(math.nan, math.nan, math.nan)
    share = successes / rows
    bounds = binomtest(round(successes), round(rows)).proportion_ci(LEVEL, method="wilson")
    # at a share of 0 or 1 the bound equals the share: rounding must not move it beyond
    return Interval(share, min(float(bounds.low), share), max(float(bounds.high), share))


def ratio_of_shares(successes: float, rows: float, of: float, of_rows: float) -> Interval:
    """Return `(successes / rows) / (of / of_rows)` with its interval on the log scale.

    If the first share is 0, the ratio is 0 and the interval begins at 0. Its upper limit is then
    computed with half a success, as is usual. If the second share is 0, all three are NaN.
    D. Katz, J. Baptista, S. Azen and M. Pike, Obtaining confidence intervals for the risk ratio in
    cohort studies, Biometrics 1978.
    """
    if rows == 0 or of_rows == 0 or of == 0:
        return Interval(math.nan, math.nan, math.nan)
    ratio = (successes / rows) / (of / of_rows)
    counted = max(successes, 0.5)
    spread = math.sqrt(max(1 / counted - 1 / rows + 1 / of - 1 / of_rows, 0.0))
    around = counted / rows / (of / of_rows)
    low = 0.0 if successes == 0 else around * math.exp(-NORMAL_QUANTILE * spread)
    return Interval(ratio, low, around * math.exp(NORMAL_QUANTILE * spread))


def normal_mean(values: FloatArray) -> Interval:
    """Return the mean of `values` with its interval by the central limit theorem."""
    mean = float(values.mean())
    half = NORMAL_QUANTILE * float(values.std()) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def bootstraps_for(rows: int) -> int:
    """Return the number of bootstrap samples for a table of `rows` rows."""
    return max(MIN_BOOTSTRAPS, min(BOOTSTRAPS, MAX_DRAWN_ROWS // max(rows, 1)))


def resample_counts(y: LabelArray, draws: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield bootstrap samples: how often each row is drawn, with replacement within its class.

    The bootstrap is stratified: every sample has the default rate of the rows. B. Efron, Bootstrap
    methods: another look at the jackknife, Annals of Statistics 1979.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
        1 = default.
    draws : int
        Number of samples.
    seed : int
        The same seed gives the same samples.

    Yields
    ------
    ndarray of int64, shape (rows,)
        How often each row is in the sample, 0 or more.
    """
    rng = np.random.default_rng(seed)
    classes = [np.flatnonzero(y == label) for label in (0, 1)]
    for _ in range(draws):
        counts = np.zeros(len(y), dtype=np.int64)
        for rows in classes:
            drawn = rng.integers(0, len(rows), len(rows)) if len(rows) else rows
            counts[rows] = np.bincount(drawn, minlength=len(rows))
        yield counts


def percentile_intervals(values: FloatArray, samples: FloatArray) -> list[Interval]:
    """Pair figures with the percentile intervals of their bootstrap samples.

    Parameters
    ----------
    values : ndarray of float64, shape (figures,)
        The figures of all rows.
    samples : ndarray of float64, shape (draws, figures)
        The same figures of each bootstrap sample.
    """
    low, high = np.quantile(samples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return [
        Interval(float(v), float(a), float(b)) for v, a, b in zip(values, low, high, strict=True)
    ]


def bootstrap_means(columns: FloatArray, y: LabelArray, seed: int) -> list[Interval]:
    """Return the mean of each column with its stratified bootstrap interval.

    All columns use the same samples. So a column that holds the difference of two others has the
    interval of a paired comparison.

    Parameters
    ----------
    columns : ndarray of float64, shape (rows, figures)
        One column for each figure.
    y : ndarray of int8, shape (rows,)
        1 = default. The classes are the strata.
    seed : int
        Seed of the bootstrap.
    """
    draws = bootstraps_for(len(y))
    samples = np.array([c @ columns for c in resample_counts(y, draws, seed)]) / len(y)
    return percentile_intervals(columns.mean(axis=0), samples)


def resample_means(values: FloatArray, seed: int) -> FloatArray:
    """Return the means of bootstrap samples of the values, shape (draws,)."""
    rng = np.random.default_rng(seed)
    distinct, counts = np.unique(values, return_counts=True)
    rows = len(values)
    if len(distinct) > MANY_VALUES:
        drawn = (values[rng.integers(0, rows, rows)].mean() for _ in range(FEWER_DRAWS))
        return np.fromiter(drawn, dtype=np.float64, count=FEWER_DRAWS)
    # One multinomial draw gives how often each value is drawn. It takes no longer for more rows.
    return np.asarray(rng.multinomial(rows, counts / rows, size=DRAWS) @ distinct / rows)

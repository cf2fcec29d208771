"""How sure a figure is: intervals by formula for shares, by stratified bootstrap for the rest."""

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
# Draws of a large table vary little, and each takes long: no more drawn rows than this in all.
MAX_DRAWN_ROWS = 150_000_000
MIN_BOOTSTRAPS = 200


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its interval of level `LEVEL`.

    Attributes
    ----------
    value : float
    low, high : float
        Ends of the interval.
    """

    value: float
    low: float
    high: float


def wilson(successes: float, rows: float) -> Interval:
    """Return a share with its Wilson score interval; all NaN without rows.

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
    # at 0 and 1 the bound is exact, and rounding must not push it past the share
    return Interval(share, min(float(bounds.low), share), max(float(bounds.high), share))


def ratio_of_shares(successes: float, rows: float, of: float, of_rows: float) -> Interval:
    """Return `(successes / rows) / (of / of_rows)` with its interval on the log scale.

    D. Katz, J. Baptista, S. Azen and M. Pike, Obtaining confidence intervals for the risk ratio in
    cohort studies, Biometrics 1978. A share of 0 makes the ratio 0 with an interval from 0 that
    borrows half a success, as is usual; NaN where the divisor is 0.
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
    """Return the mean of rows with its interval by the central limit theorem."""
    mean = float(values.mean())
    half = NORMAL_QUANTILE * float(values.std()) / math.sqrt(len(values))
    return Interval(mean, mean - half, mean + half)


def bootstraps_for(rows: int) -> int:
    """Return how many bootstrap samples a table of `rows` rows gets."""
    return max(MIN_BOOTSTRAPS, min(BOOTSTRAPS, MAX_DRAWN_ROWS // max(rows, 1)))


def resample_counts(y: LabelArray, draws: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """Yield how often each row is drawn, with replacement within its class.

    Stratified: every sample has the default rate of the rows. B. Efron, Bootstrap methods: another
    look at the jackknife, Annals of Statistics 1979.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
    draws : int
        Number of samples.
    seed : int

    Yields
    ------
    ndarray of int64, shape (rows,)
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
    samples : ndarray of float64, shape (draws, figures)
    """
    low, high = np.quantile(samples, [(1 - LEVEL) / 2, (1 + LEVEL) / 2], axis=0)
    return [
        Interval(float(v), float(a), float(b)) for v, a, b in zip(values, low, high, strict=True)
    ]


def bootstrap_means(columns: FloatArray, y: LabelArray, seed: int) -> list[Interval]:
    """Return the mean of each column with its stratified bootstrap interval.

    All columns are drawn together, so that a difference of two is paired.

    Parameters
    ----------
    columns : ndarray of float64, shape (rows, figures)
    y : ndarray of int8, shape (rows,)
        1 = default: the strata.
    seed : int
    """
    draws = bootstraps_for(len(y))
    samples = np.array([c @ columns for c in resample_counts(y, draws, seed)]) / len(y)
    return percentile_intervals(columns.mean(axis=0), samples)

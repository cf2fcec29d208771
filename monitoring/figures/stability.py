"""PSI of a month's decisions beside the training rows, and what chance explains of it.

The profile keeps shares, rounded, and hides groups of fewer than 20 rows. So the training rows of a
bin are known between two limits. Of these, the number nearest to the month's share is taken: a
change that the profile cannot show does not count as a change.

Bins in which fewer than `LEAST_EXPECTED` decisions are expected are joined, because the null
distribution does not hold for small bins. Of more than `MOST_BINS` bins, those are joined that hold
less than an average one of so many. A bin that is empty in the month, joined or not, counts as half
a decision.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.stats import chi2, false_discovery_control, ncx2

from scoring_model.profile import LEAST_ROWS
from scoring_model.types import BoolArray, FloatArray, RowNumbers
from train.statistics import LEVEL, Interval, population_stability_index

LEAST_EXPECTED = 20
MOST_BINS = 25
# the null distribution is not exact for few decisions, so the tests are made at a stricter level
_LEVEL_RATIO = 0.5
# shares of a profile have four decimals
_ROUNDING = 0.00005


@dataclass(frozen=True, slots=True, eq=False)
class TrainingRows:
    """Training rows of each bin of a feature; the last bin holds the missing values.

    Attributes
    ----------
    least, most : ndarray of float64, shape (bins,)
        Between these lies the number of training rows of the bin.
    rows : int
        All training rows.
    """

    least: FloatArray
    most: FloatArray
    rows: int

    def join_bins(self, decisions: int) -> tuple["TrainingRows", RowNumbers]:
        """Join small bins, in which too few of the decisions are expected.

        At least two bins are left, if two have known rows: the largest one, and all others.

        Parameters
        ----------
        decisions : int
            Number of decisions of a month.

        Returns
        -------
        TrainingRows
            Rows of the joined bins.
        ndarray of int, shape (bins,)
            The joined bin of each bin.
        """
        joined = _join(self.least * (decisions / self.rows), decisions)
        least, most = np.zeros((2, joined.max() + 1))
        np.add.at(least, joined, self.least)
        np.add.at(most, joined, self.most)
        return TrainingRows(least, most, self.rows), joined


@dataclass(frozen=True, slots=True, eq=False)
class Shift:
    """PSI of months with the same number of decisions.

    Attributes
    ----------
    psi : ndarray of float64, shape (...)
    freedom : int
        Joined bins less 1.
    scale : float
        If nothing has changed, `psi / scale` is distributed about as chi-square.
    """

    psi: FloatArray
    freedom: int
    scale: float

    @property
    def p_value(self) -> FloatArray:
        """Chance of a PSI at least as large if nothing has changed; shape (...)."""
        if self.freedom == 0:
            return np.ones_like(self.psi)
        return np.asarray(chi2.sf(self.psi / self.scale, self.freedom))


def _join(expected: FloatArray, decisions: int) -> RowNumbers:
    """Return the joined bin of each bin, from the decisions expected in each.

    A bin whose training rows the profile hides stays alone: it counts only if it holds more
    decisions than these rows explain.
    """
    is_known = expected > 0.0
    joined = np.zeros(len(expected), dtype=np.intp)
    joined[is_known] = _join_known(expected[is_known], decisions)
    joined[~is_known] = joined.max() + 1 + np.arange((~is_known).sum())
    return joined


def _join_known(expected: FloatArray, decisions: int) -> RowNumbers:
    least = float(LEAST_EXPECTED)
    order = np.arange(len(expected))
    if len(expected) > MOST_BINS:
        least = max(least, decisions / MOST_BINS)
        # levels are in the order of their training rows: if those with the fewest rows were joined,
        # the joined bin would have too few by selection
        order = np.random.default_rng(0).permutation(order)
    small, alone = order[expected[order] < least], np.flatnonzero(expected >= least)
    joined = np.zeros(len(expected), dtype=np.intp)
    number, begun = 0, 0
    for place, index in enumerate(small):
        joined[index] = number
        if expected[small[begun : place + 1]].sum() >= least:
            number, begun = number + 1, place + 1
    joined[alone] = number + np.arange(len(alone))
    # what is left over is too small for a bin
    if number:
        joined[small[begun:]] = number - 1
    elif len(alone):
        joined[small] = joined[alone[expected[alone].argmin()]]
    if len(expected) > 1 and not joined.any():
        joined[expected.argmax()] = 1
    return joined


def read_training_rows(shares: FloatArray, missing: float, rows: int) -> TrainingRows:
    """Return between which limits the training rows of each bin lie.

    Parameters
    ----------
    shares : ndarray of float64, shape (bins,)
        Share of each bin among the training rows with a value, as a profile has it.
    missing : float
        Share of the training rows without a value.
    rows : int
        Number of training rows.
    """
    values = rows * (1.0 - missing)
    known = np.append(shares * values, missing * rows)
    rounding = np.append(np.full(len(shares), _ROUNDING * values), _ROUNDING * rows)
    hidden = np.maximum(rounding, min(LEAST_ROWS - 1, rows))
    is_hidden = known == 0.0
    least = np.where(is_hidden, 0.0, np.maximum(known - rounding, 0.0))
    return TrainingRows(least, np.where(is_hidden, hidden, known + rounding), rows)


def measure_shift(training: TrainingRows, counts: NDArray[np.int64]) -> Shift:
    """Return the PSI of months beside the training rows.

    Parameters
    ----------
    training : TrainingRows
    counts : ndarray of int64, shape (..., bins)
        Decisions of each bin; the last bin holds the missing values. Each month has the same
        number of decisions, at least one.
    """
    decisions = int(counts.reshape(-1, counts.shape[-1])[0].sum())
    joined, number = training.join_bins(decisions)
    months = counts @ np.eye(len(joined.least))[number]
    after = np.maximum(months, 0.5)
    nearest = after / after.sum(axis=-1, keepdims=True) * training.rows
    before = np.clip(nearest, joined.least, joined.most)
    psi = population_stability_index(before, after)
    return Shift(psi, len(joined.least) - 1, 1.0 / decisions + 1.0 / training.rows)


def stability_by_chance(bins: int, decisions: int, rows: int, level: float) -> float:
    """Return what the PSI stays under if nothing has changed, but for a share `level` of months.

    The PSI is then distributed about as chi-square with `bins - 1` degrees of freedom, times
    `1 / decisions + 1 / rows`. B. Yurdakul and J. Naranjo, Statistical properties of the population
    stability index, Journal of Risk Model Validation 2020.
    """
    if bins < 2:
        return 0.0
    return float(chi2.isf(level, bins - 1)) * (1.0 / decisions + 1.0 / rows)


def alarm_level(max_false_alarms: float) -> float:
    """Return the level of `find_changes` at which at most this share of unchanged months rings.

    `benchmarks.drift` measures that it holds.
    """
    return max_false_alarms * _LEVEL_RATIO


def find_changes(p_values: FloatArray, level: float) -> BoolArray:
    """Return which of several tests find a change; the last axis holds the tests.

    The share of false ones among those found is at most `level` on average. Y. Benjamini and
    Y. Hochberg, Controlling the false discovery rate, JRSS B 1995.
    """
    return np.asarray(false_discovery_control(p_values, axis=-1) <= level)


def real_change(psi: float, freedom: int, scale: float) -> Interval:
    """Return how much of a PSI is no chance, with its interval; nothing of it is below 0.

    With a real change `d`, `psi / scale` is distributed about as noncentral chi-square with the
    noncentrality `d / scale`. The interval holds each `d` that does not contradict the PSI.
    """
    if freedom == 0:
        return Interval(0.0, 0.0, 0.0)
    tail = (1.0 - LEVEL) / 2.0
    found = psi / scale
    low, high = (_noncentrality(found, freedom, level) * scale for level in (1.0 - tail, tail))
    return Interval(max(psi - freedom * scale, 0.0), low, high)


def _noncentrality(found: float, freedom: int, level: float) -> float:
    """Return the noncentrality with which a value up to `found` has the probability `level`."""
    if chi2.cdf(found, freedom) <= level:
        return 0.0
    highest = found + 10.0 * math.sqrt(found + freedom) + 20.0
    return float(brentq(lambda nc: ncx2.cdf(found, freedom, nc) - level, 0.0, highest))

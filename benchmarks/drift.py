"""Alarms of drift in months in which nothing has changed.

`python -m benchmarks.drift [months]` draws training rows and months from the same distribution, and
prints in which share of the months an alarm rings. The default is 2,000 months of each size. Each
sample of training rows is compared with 20 months, because months that are compared with the same
training rows ring together.
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import norm

from monitoring.figures import (
    TrainingRows,
    alarm_level,
    find_changes,
    measure_shift,
    read_training_rows,
)
from scoring_model.profile import CategoryProfile, NumberProfile
from scoring_model.types import FloatArray
from train.data import profile_category, profile_number

FEATURES = 20
MONTHS_PER_TRAINING = 20
TRAINING_ROWS = (2_000, 30_000)
DECISIONS = (100, 300, 1_000, 10_000)
MAX_FALSE_ALARMS = 0.05
MIN_PSI = 0.1
# feature: how many levels, and how fast their shares fall
LEVELS = {10: (2, 3.0), 11: (3, 0.5), 12: (5, 0.7), 13: (12, 0.3), 14: (60, 0.06), 15: (500, 0.0)}
LEVELS |= {16: (500, 0.02), 17: (30, 0.2), 18: (2, 5.0), 19: (8, 0.0)}
MOST_LEVELS = 500
NAMES = np.array([*map(str, range(MOST_LEVELS)), None], dtype=object)
MISSING = {1: 0.3, 4: 0.02, 7: 0.005, 9: 0.9, 12: 0.1, 14: 0.001, 19: 0.004}


@dataclass(frozen=True, slots=True)
class Binned:
    """One feature of the training rows.

    Attributes
    ----------
    profile : NumberProfile or CategoryProfile
    training : TrainingRows
    """

    profile: NumberProfile | CategoryProfile
    training: TrainingRows

    def count(self, months: FloatArray) -> NDArray[np.int64]:
        """Return how many values each bin holds; the last bin holds the missing ones.

        Parameters
        ----------
        months : ndarray of float64, shape (months, decisions)

        Returns
        -------
        ndarray of int64, shape (months, bins)
            Number of values.
        """
        is_missing = np.isnan(months)
        if isinstance(self.profile, NumberProfile):
            bins = np.searchsorted(self.profile.edges, months, side="right")
            number = len(self.profile.shares)
        else:
            number = len(self.profile.levels) + 1
            bin_of_level = np.full(MOST_LEVELS, number - 1)
            bin_of_level[[int(level) for level in self.profile.levels]] = np.arange(number - 1)
            bins = bin_of_level[np.where(is_missing, 0, months).astype(np.intp)]
        bins = np.where(is_missing, number, bins)
        places = bins + (number + 1) * np.arange(len(months))[:, None]
        counts = np.bincount(places.ravel(), minlength=len(months) * (number + 1))
        return counts.reshape(len(months), number + 1)


def draw_columns(rows: int, random: np.random.Generator) -> list[FloatArray]:
    """Return 20 features and a probability; NaN is missing, and a level is a whole number.

    Numbers are smooth, skewed, or have ties; each third feature depends on the one before it.
    """
    latent = random.standard_normal((FEATURES, rows))
    latent[2::3] = 0.8 * latent[1:-1:3] + 0.6 * latent[2::3]
    columns = []
    for feature, drawn in enumerate(latent):
        if feature in LEVELS:
            levels, fall = LEVELS[feature]
            shares = np.exp(-fall * np.arange(levels))
            limits = norm.ppf(np.cumsum(shares / shares.sum())[:-1])
            column = np.searchsorted(limits, drawn).astype(np.float64)
        else:
            column = [drawn, np.exp(1.5 * drawn), np.floor(2 * np.abs(drawn)), np.round(drawn, 1)][
                feature % 4
            ]
        if feature in MISSING:
            column = np.where(random.random(rows) < MISSING[feature], np.nan, column)
        columns.append(column)
    log_odds = latent[[0, 1, 5, 10, 13]].sum(axis=0) / 2 - 2
    return [*columns, 1.0 / (1.0 + np.exp(-log_odds))]


def learn_bins(columns: list[FloatArray]) -> list[Binned]:
    """Return the bins that a profile of these training rows has."""
    found = []
    for feature, column in enumerate(columns):
        rows = len(column)
        if feature in LEVELS:
            codes = np.nan_to_num(column, nan=MOST_LEVELS).astype(np.intp)
            category = profile_category(str(feature), pd.Series(NAMES[codes]))
            shares = np.array([*category.levels.values(), category.rest])
            found.append(Binned(category, read_training_rows(shares, category.missing, rows)))
        else:
            number = profile_number(str(feature), column)
            training = read_training_rows(np.array(number.shares), number.missing, rows)
            found.append(Binned(number, training))
    return found


def simulate(
    rows: int, decisions: int, months: int, seed: int, per_training: int = MONTHS_PER_TRAINING
) -> Iterator[tuple[FloatArray, FloatArray]]:
    """Yield PSI and p-value of unchanged months, shape (months, features), by training sample."""
    random = np.random.default_rng(seed)
    for _ in range(months // per_training):
        bins = learn_bins(draw_columns(rows, random))
        drawn = draw_columns(per_training * decisions, random)
        shifts = [
            measure_shift(one.training, one.count(column.reshape(per_training, decisions)))
            for one, column in zip(bins, drawn, strict=True)
        ]
        psi, p_value = ([getattr(s, name) for s in shifts] for name in ("psi", "p_value"))
        yield np.column_stack(psi), np.column_stack(p_value)


def share_that_rings(
    rows: int, decisions: int, months: int, seed: int, per_training: int = MONTHS_PER_TRAINING
) -> tuple[float, float]:
    """Return the share of months with an alarm, without and with the least PSI."""
    rings = []
    for psi, p_value in simulate(rows, decisions, months, seed, per_training):
        found = find_changes(p_value, alarm_level(MAX_FALSE_ALARMS))
        rings.append([found.any(axis=1), (found & (psi >= MIN_PSI)).any(axis=1)])
    plain, floored = np.concatenate(rings, axis=1).mean(axis=1)
    return float(plain), float(floored)


def main(months: int) -> None:
    """Print the share of months that ring, by size."""
    print(f"{'training rows':>13} {'decisions':>9} {'rings':>7} {'PSI >= 0.1':>10}")
    for rows in TRAINING_ROWS:
        for decisions in DECISIONS:
            plain, floored = share_that_rings(rows, decisions, months, seed=decisions)
            print(f"{rows:>13} {decisions:>9} {plain:>7.1%} {floored:>10.1%}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2_000)

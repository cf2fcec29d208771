"""Simulated loans: features, and outcomes drawn from known probabilities of default."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scoring_model.types import FloatArray

Columns = dict[str, FloatArray | NDArray[np.object_]]


def make_plain_loans(
    rows: int, seed: int, numbers: int, categories: int, rate: float
) -> pd.DataFrame:
    """Return loans with interactions of features and missing values in some numbers."""
    random = np.random.default_rng(seed)
    log_odds = np.zeros(rows)
    columns: Columns = {}
    shapes: list[Callable[[FloatArray], FloatArray]] = [
        lambda x: x,
        lambda x: np.asarray(np.abs(x) - 0.8),
        lambda x: np.where(x > 1, 1.5, 0.0),
        lambda x: np.asarray(np.tanh(x)),
    ]
    strength = 0.55
    for number in range(numbers):
        values = random.standard_normal(rows)
        if number < 8:
            log_odds += strength * random.choice([-1, 1]) * shapes[number % 4](values)
        if number == 1:
            log_odds += 0.4 * values * columns["number_0"].astype(np.float64)
        seen = values.copy()
        if number % 3 == 2:
            seen[random.random(rows) < 0.15] = np.nan
        columns[f"number_{number}"] = np.exp(seen) if number % 2 else seen
    for category in range(categories):
        levels = int(random.integers(2, 15))
        codes = random.integers(0, levels, rows)
        if category < 6:
            log_odds += (0.45 * random.standard_normal(levels))[codes]
        columns[f"category_{category}"] = np.array([f"level {i}" for i in range(levels)])[codes]
    return _draw_outcomes(columns, log_odds, rate, random)


def make_bureau_loans(rows: int, seed: int) -> pd.DataFrame:
    """Return loans with whole numbers of a credit bureau, of which -9, -8 and -7 are no numbers.

    -9 stands for an applicant without a record, -8 for a number that cannot be used, and -7 for
    something that never happened. Most effects rise or fall throughout. 52 % default.
    """
    random = np.random.default_rng(seed)
    log_odds = np.zeros(rows)
    columns: Columns = {}
    causes = random.standard_normal((rows, 4))
    has_no_record = random.random(rows) < 0.06
    for number in range(20):
        values = 0.75 * causes[:, number % 4] + 0.66 * random.standard_normal(rows)
        weight = random.uniform(0.1, 0.45) * (1 if number % 2 else -1) * (number < 14)
        effect = weight * (np.tanh(values) if number % 3 else values)
        seen = np.exp(0.8 * values + 2) if number % 2 else (20 * values + 60).clip(0)
        if number % 5 == 0:
            never = random.random(rows) < 0.08 + 0.3 * (number % 10 == 0)
            effect, seen = np.where(never, -abs(weight) / 2, effect), np.where(never, -7, seen)
        if number % 4 == 1:
            unfit = random.random(rows) < 0.1
            unfit_effect = random.normal(0, abs(weight))
            effect, seen = np.where(unfit, unfit_effect, effect), np.where(unfit, -8, seen)
        log_odds += np.where(has_no_record, 0, effect)
        columns[f"bureau_{number}"] = np.where(has_no_record, -9.0, np.rint(seen))
    log_odds[has_no_record] += 0.3
    return _draw_outcomes(columns, log_odds, 0.52, random)


def make_coded_loans(rows: int, seed: int) -> pd.DataFrame:
    """Return loans whose columns are mostly codes such as 'A34'. All effects add up."""
    random = np.random.default_rng(seed)
    log_odds = np.zeros(rows)
    columns: Columns = {}
    for number in range(13):
        levels = int(random.integers(2, 8))
        codes = random.choice(levels, rows, p=random.dirichlet(np.full(levels, 2.0)))
        log_odds += (0.45 * random.standard_normal(levels) * (number < 9))[codes]
        columns[f"code_{number}"] = np.array([f"A{number}{i}" for i in range(levels)])[codes]
    for number in range(7):
        if number < 3:
            values = random.standard_normal(rows)
            log_odds += 0.35 * random.choice([-1, 1]) * values
            columns[f"number_{number}"] = np.asarray(np.rint(np.exp(0.7 * values + 3)))
        else:
            columns[f"number_{number}"] = random.integers(1, 5, rows).astype(np.float64)
    return _draw_outcomes(columns, log_odds, 0.3, random)


def _draw_outcomes(
    columns: Columns, log_odds: FloatArray, rate: float, random: np.random.Generator
) -> pd.DataFrame:
    """Shift the log-odds to a default rate, draw the outcomes and return the loans."""
    low, high = -20.0, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        too_low = (1 / (1 + np.exp(-(log_odds + middle)))).mean() < rate
        low, high = (middle, high) if too_low else (low, middle)
    probability = 1 / (1 + np.exp(-(log_odds + (low + high) / 2)))
    defaulted = (random.random(len(log_odds)) < probability).astype(int)
    return pd.DataFrame({"loan_id": np.arange(len(log_odds)), **columns, "defaulted": defaulted})


def _plain(numbers: int, categories: int, rate: float) -> Callable[[int, int], pd.DataFrame]:
    return partial(make_plain_loans, numbers=numbers, categories=categories, rate=rate)


# name: training rows, and a function that makes loans from a number of rows and a seed
KINDS: Mapping[str, tuple[int, Callable[[int, int], pd.DataFrame]]] = {
    "planted-small": (1_000, _plain(8, 4, 0.2)),
    "planted-plain": (5_000, _plain(10, 4, 0.1)),
    "planted-wide": (3_000, _plain(100, 20, 0.15)),
    "planted-numbers": (10_000, _plain(20, 0, 0.08)),
    "planted-categories": (6_000, _plain(0, 14, 0.2)),
    "planted-rare": (20_000, _plain(10, 4, 0.01)),
    "planted-even": (4_000, _plain(10, 4, 0.45)),
    "planted-large": (60_000, _plain(12, 4, 0.09)),
    "planted-bureau": (10_000, make_bureau_loans),
    "planted-coded": (1_000, make_coded_loans),
}

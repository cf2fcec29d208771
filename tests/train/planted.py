"""Applicants with a known probability of default."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm

from scoring_model.types import BoolArray, FloatArray, LabelArray

DEFAULT_RATE = 0.09
POPULATION = 100_000

# Functions of the log-odds that keep the order of the applicants.
DISTORTIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "sigmoid": lambda log_odds: 1.8 * log_odds + 1.5,
    "probability": lambda log_odds: 1 / (1 + np.exp(-log_odds)),
    "odds": np.exp,
    "cube": lambda log_odds: (log_odds + 2.5) ** 3,
    "saturated": lambda log_odds: np.tanh(log_odds + 1),
    "bent": lambda log_odds: np.where(log_odds < -2.3, 3.0, 0.3) * (log_odds + 2.3),
}


@dataclass(frozen=True)
class Population:
    """A population with normally distributed log-odds and default rate `DEFAULT_RATE`."""

    mean: float
    spread: float

    @property
    def log_odds(self) -> FloatArray:
        return self.mean + self.spread * quantiles(POPULATION)

    def draw(self, rows: int, seed: int) -> tuple[FloatArray, LabelArray]:
        """Return the log-odds and the outcomes of a sample."""
        random = np.random.default_rng(seed)
        log_odds = self.mean + self.spread * random.standard_normal(rows)
        return log_odds, (random.random(rows) < as_probability(log_odds)).astype(np.int8)


def make_population(spread: float = 1.0) -> Population:
    """Return a population whose log-odds have this standard deviation."""
    points = spread * quantiles(20_001)
    mean = brentq(lambda m: as_probability(m + points).mean() - DEFAULT_RATE, -12, 5)
    return Population(float(mean), spread)


def quantiles(rows: int) -> FloatArray:
    return np.asarray(norm.ppf((np.arange(rows) + 0.5) / rows))


def as_probability(log_odds: FloatArray) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-log_odds)))


def expected_cost(probability: FloatArray, refused: BoolArray) -> float:
    """Return the expected cost per applicant at costs of 10 and 1, given true probabilities."""
    return float(np.where(refused, 1 - probability, 10 * probability).mean())


def make_applicants(rows: int, seed: int) -> tuple[FloatArray, LabelArray, FloatArray]:
    """Return a matrix of four numbers and a category, outcomes, and the true probabilities."""
    random = np.random.default_rng(seed)
    matrix = random.standard_normal((rows, 5))
    matrix[:, 4] = random.integers(0, 6, rows)
    log_odds = (
        -2.9
        + 0.8 * matrix[:, 0]
        - 0.6 * matrix[:, 1]
        + 0.5 * np.abs(matrix[:, 2])
        + 0.4 * (matrix[:, 4] == 3)
        + 0.3 * matrix[:, 0] * matrix[:, 3]
    )
    probability = as_probability(log_odds)
    return matrix, (random.random(rows) < probability).astype(np.int8), probability

"""Feature importance in money: the rise in cost when a feature is shuffled."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from scoring_model.types import FloatArray, RowNumbers
from train.statistics import Interval, normal_mean

REPEATS = 2
# Limit on rows times trees that are scored: about ten seconds on two processors.
BUDGET = 150_000_000
MIN_ROWS, MAX_ROWS = 2_000, 30_000
# With more features than this, only those that the booster uses most are shuffled.
MAX_FEATURES = 40


# A feature with more of the gain than this carries the model alone.
NOTABLE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Dominance:
    """The feature that the model uses most.

    Attributes
    ----------
    feature : str
    share : float
        Its share of the gain of all features, in [0, 1].
    """

    feature: str
    share: float

    @property
    def is_notable(self) -> bool:
        """Whether it has more than `NOTABLE_SHARE`."""
        return self.share > NOTABLE_SHARE


def find_dominance(names: Sequence[str], gain: FloatArray) -> Dominance:
    """Return the feature with the most gain; its share is 0 if no feature has any."""
    strongest, total = int(np.argmax(gain)), float(np.sum(gain))
    return Dominance(names[strongest], float(gain[strongest]) / total if total > 0 else 0.0)


@dataclass(frozen=True, slots=True)
class FeatureImportance:
    """Importance of one feature.

    Attributes
    ----------
    feature : str
    rise : Interval
        Cost per applicant with the feature shuffled, minus the cost with its true values.
    """

    feature: str
    rise: Interval


def importance_in_money(
    matrix: FloatArray,
    cost_of: Callable[[FloatArray, RowNumbers], FloatArray],
    names: Sequence[str],
    gain: FloatArray,
    trees: int,
    seed: int,
) -> tuple[FeatureImportance, ...]:
    """Shuffle one feature at a time and measure the rise in cost, largest rise first.

    L. Breiman, Random forests, Machine Learning 2001. The interval is for the mean rise over the
    rows, averaged over `REPEATS` shuffles. It holds for this model only.

    Parameters
    ----------
    matrix : ndarray of float64, shape (rows, features)
        Encoded test rows.
    cost_of : callable
        Takes a matrix of some rows and their row numbers. Returns the cost of each decision.
    names : sequence of str
        Names of the features, in the order of the matrix.
    gain : ndarray of float64, shape (features,)
        Gain of each feature in the booster. Features without gain are not shuffled.
    trees : int
        Number of trees of the booster. With more trees, fewer rows are scored.
    seed : int
        Seeds the choice of rows and the shuffles.
    """
    rng = np.random.default_rng(seed)
    used = [int(f) for f in np.argsort(-gain, kind="stable")[:MAX_FEATURES] if gain[f] > 0]
    wanted = BUDGET // max(1, len(used) * REPEATS * trees)
    size = min(len(matrix), max(MIN_ROWS, min(MAX_ROWS, wanted)))
    rows = np.sort(rng.choice(len(matrix), size, replace=False))
    sample = matrix[rows]
    before = cost_of(sample, rows)
    found = []
    for feature in used:
        rise = np.zeros(size)
        for _ in range(REPEATS):
            shuffled = sample.copy()
            shuffled[:, feature] = rng.permutation(sample[:, feature])
            rise += (cost_of(shuffled, rows) - before) / REPEATS
        interval = normal_mean(rise)
        found.append(FeatureImportance(names[feature], interval))
    return tuple(sorted(found, key=lambda item: -item.rise.value))

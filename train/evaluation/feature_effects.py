"""`FeatureEffects`: what each feature adds for test rows, and how the probability moves with it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scoring_model.contract import EncodedRows, Feature
from scoring_model.types import FloatArray, RowNumbers
from scoring_model.version import Scorer

# Limit on rows times trees whose contributions are computed: about three seconds.
BUDGET = 500_000
MIN_ROWS, MAX_ROWS = 200, 2_000
CURVE_ROWS, MOST_VALUES, MOST_LEVELS = 300, 30, 8
CURVES = 6


@dataclass(frozen=True, slots=True, eq=False)
class FeatureCurve:
    """The probability of some test rows, with each of several values in one feature.

    Attributes
    ----------
    feature : str
    values : ndarray of float64, shape (points,)
        Values of a number in rising order, without the outer hundredths if there are many; or the
        codes of the most frequent levels of a category. The last one is NaN if the value is
        missing in some test rows.
    probability : ndarray of float64, shape (rows, points)
        Calibrated probability of default.
    """

    feature: str
    values: FloatArray
    probability: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class FeatureEffects:
    """What the features do to the probability of test rows.

    Attributes
    ----------
    rows : ndarray of int, shape (rows,)
        Numbers of the test rows that were drawn.
    contributions : ndarray of float64, shape (rows, features)
        What each feature adds to the log-odds of default, before calibration.
    curves : tuple of FeatureCurve
        Curves of the features that matter most.
    """

    rows: RowNumbers
    contributions: FloatArray
    curves: tuple[FeatureCurve, ...]


def measure_effects(
    scorer: Scorer, matrix: FloatArray, trees: int, important: Sequence[str], seed: int
) -> FeatureEffects:
    """Compute contributions and curves of some test rows.

    S. Lundberg et al., From local explanations to global understanding with explainable AI for
    trees, Nature Machine Intelligence 2020 (contributions). J. Friedman, Greedy function
    approximation, Annals of Statistics 2001 (the mean of the curves: partial dependence).

    Parameters
    ----------
    scorer : Scorer
    matrix : ndarray of float64, shape (test rows, features)
        Encoded test rows.
    trees : int
        Number of trees of the booster. With more trees, fewer rows are drawn.
    important : sequence of str
        Names of features. The first `CURVES` of them get a curve.
    seed : int
        Seed of the draw.
    """
    wanted = max(MIN_ROWS, min(MAX_ROWS, BUDGET // max(1, trees)))
    rows = np.random.default_rng(seed).permutation(len(matrix))[:wanted]
    contributions = scorer.predict_contributions(matrix[rows])[:, :-1]
    features = scorer.contract.features
    places = [scorer.contract.names.index(name) for name in important[:CURVES]]
    some = matrix[rows[:CURVE_ROWS]]
    curves = tuple(
        _curve(scorer, some, place, _values_of(features[place], matrix[:, place]))
        for place in places
    )
    return FeatureEffects(rows, contributions, curves)


def _values_of(feature: Feature, column: FloatArray) -> FloatArray:
    present = column[~np.isnan(column)]
    if feature.kind == "category":
        codes, counts = np.unique(present, return_counts=True)
        values = codes[np.argsort(-counts, kind="stable")[:MOST_LEVELS]]
    else:
        values = np.unique(present)
        if len(values) > MOST_VALUES:
            shares = np.linspace(0.01, 0.99, MOST_VALUES // 2)
            quantiles = np.quantile(present, shares, method="nearest")
            # most values of an amount are small: half of the points are evenly spaced
            even = np.linspace(quantiles[0], quantiles[-1], MOST_VALUES // 2)
            values = np.unique(np.concatenate((quantiles, even)))
    return values if len(present) == len(column) else np.append(values, np.nan)


def _curve(scorer: Scorer, rows: FloatArray, place: int, values: FloatArray) -> FeatureCurve:
    swept = np.repeat(rows, len(values), axis=0)
    swept[:, place] = np.tile(values, len(rows))
    probability = scorer.score_encoded(EncodedRows(swept)).probability
    return FeatureCurve(
        scorer.contract.names[place], values, probability.reshape(len(rows), len(values))
    )

"""Fit the calibration map: from the booster's margin (log-odds) to a probability of default."""

import numpy as np
from scipy.special import logit
from scipy.stats import norm
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from scoring_model.policy import CalibrationMap, CalibrationMethod
from scoring_model.types import FloatArray, LabelArray, RowNumbers

# From the least to the most flexible map. If two maps are equally good, the first is taken.
METHODS: tuple[CalibrationMethod, ...] = ("sigmoid", "smooth", "isotonic")
# Inverse strength of the sigmoid's penalty. The penalty hardly changes the fit of a thousand rows.
# Without it the slope would grow without limit if the margin separates the classes.
SIGMOID_STRENGTH = 1e3
# The smooth map is a line plus hinges over the normal score of the margin. A penalty keeps the
# hinges small.
HINGES = 5
HINGE_STRENGTH = 0.3
LINE_SCALE = 30.0
KNOTS = 1000


def fit_map(method: CalibrationMethod, margin: FloatArray, y: LabelArray) -> CalibrationMap:
    """Fit one kind of calibration map.

    Parameters
    ----------
    method : {"sigmoid", "smooth", "isotonic"}
    margin : ndarray of float64, shape (rows,)
        Out-of-fold raw log-odds of default.
    y : ndarray of int8, shape (rows,)
        1 = default. Both classes must occur.
    """
    if method == "sigmoid":
        return _fit_sigmoid(margin, y)
    if method == "smooth":
        return _fit_smooth(margin, y)
    if method != "isotonic":
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    model = IsotonicRegression(out_of_bounds="clip").fit(margin, y)
    return _with_knots("isotonic", model.X_thresholds_, model.y_thresholds_, len(y))


def _fit_sigmoid(margin: FloatArray, y: LabelArray) -> CalibrationMap:
    centre, spread = float(margin.mean()), float(margin.std()) or 1.0
    column = ((margin - centre) / spread).reshape(-1, 1)
    model = LogisticRegression(C=SIGMOID_STRENGTH).fit(column, y)
    slope = float(model.coef_[0, 0]) / spread
    if slope <= 0.0:
        # by chance, defaults fall with the margin. No map falls, so all rows get the default rate
        return CalibrationMap("sigmoid", slope=0.0, intercept=float(logit(y.mean())))
    return CalibrationMap(
        "sigmoid", slope=slope, intercept=float(model.intercept_[0]) - slope * centre
    )


def _fit_smooth(margin: FloatArray, y: LabelArray) -> CalibrationMap:
    """Fit a logistic regression on hinges of the margin's normal score, and make it monotone.

    The normal score is the normal quantile of the rank. It does not change if the margin is
    transformed by a rising function, so the fit does not change either. B. L. van der Waerden,
    Order tests for the two-sample problem, 1952.
    """
    margins, group, count = np.unique(margin, return_inverse=True, return_counts=True)
    bad = np.bincount(group, weights=y).astype(np.float64)
    first = _first_of_groups(count)
    margins = margins[(first + np.append(first[1:], len(margins)) - 1) // 2]
    count, bad = np.add.reduceat(count, first), np.add.reduceat(bad, first)
    score = norm.ppf((np.cumsum(count) - count / 2) / len(y))
    basis = _hinge_basis(score, count)
    model = LogisticRegression(C=HINGE_STRENGTH, max_iter=1000).fit(
        np.vstack((basis, basis)),
        np.repeat([1, 0], len(count)),
        sample_weight=np.concatenate((bad, count - bad)),
    )
    fitted = model.predict_proba(basis)[:, 1]
    rank = np.arange(len(fitted))
    monotone = IsotonicRegression().fit(rank, fitted, sample_weight=count).predict(rank)
    return _with_knots("smooth", margins, monotone, len(y))


def _first_of_groups(count: RowNumbers) -> RowNumbers:
    """Cut sorted values into at most `KNOTS` groups of about equal counts; return their starts."""
    if len(count) <= KNOTS:
        return np.arange(len(count))
    before = np.cumsum(count) - count
    wanted = np.linspace(0, int(count.sum()), KNOTS, endpoint=False)
    return np.unique(np.searchsorted(before, wanted, side="left").clip(0, len(count) - 1))


def _hinge_basis(score: FloatArray, count: RowNumbers) -> FloatArray:
    line = np.column_stack((np.ones_like(score), score))
    hinges = np.maximum(score[:, None] - norm.ppf(np.linspace(0, 1, HINGES + 2)[1:-1]), 0.0)
    # remove the linear part from the hinges; the line has a large scale, so its penalty is tiny
    root = np.sqrt(count)[:, None]
    bends = hinges - line @ np.linalg.lstsq(root * line, root * hinges, rcond=None)[0]
    return np.column_stack((LINE_SCALE * score, bends))


def _with_knots(
    method: CalibrationMethod, margins: FloatArray, probabilities: FloatArray, rows: int
) -> CalibrationMap:
    # no sample proves a PD of 0 or 1: keep away from both, as if each class had one more row
    edge = 1.0 / (rows + 2.0)
    rising = _never_falling(margins, np.clip(probabilities, edge, 1.0 - edge))
    return CalibrationMap(
        method, margins=tuple(margins.tolist()), probabilities=tuple(rising.tolist())
    )


def _never_falling(margins: FloatArray, probabilities: FloatArray) -> FloatArray:
    """Return the knots' probabilities, some of them higher by the last bit.

    Rounding can lift the last value before a knot above that of the knot. The map would fall there
    by one bit.
    """
    y = np.array(probabilities)
    width, last = np.diff(margins), np.nextafter(margins[1:], -np.inf) - margins[:-1]
    while True:
        before = np.diff(y) / width * last + y[:-1]
        if (before <= y[1:]).all():
            return y
        y[1:] = np.maximum.accumulate(np.maximum(before, y[1:]))

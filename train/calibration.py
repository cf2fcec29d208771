"""Fit the map from the booster's margin to a probability of default."""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm, rankdata
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression

from scoring_model.policy import CalibrationMap, CalibrationMethod

FloatArray = NDArray[np.float64]
LabelArray = NDArray[np.int8]

# from stiff to supple: of equal maps the first is taken
METHODS: tuple[CalibrationMethod, ...] = ("none", "sigmoid", "smooth", "isotonic")
# Weak enough to leave a thousand rows alone; without it classes that a margin separates diverge.
SIGMOID_STRENGTH = 1e3
# The smooth map: a line and hinges on the normal score of the margin, the hinges held back.
HINGES = 5
HINGE_STRENGTH = 0.3
LINE_SCALE = 30.0
KNOTS = 400


def fit_map(method: CalibrationMethod, margin: FloatArray, y: LabelArray) -> CalibrationMap:
    """Fit one kind of map.

    Parameters
    ----------
    method : {"none", "sigmoid", "smooth", "isotonic"}
    margin : ndarray of float64, shape (rows,)
        Out-of-fold raw log-odds of default.
    y : ndarray of int8, shape (rows,)
        1 = default; both classes.
    """
    if method == "none":
        return CalibrationMap("none")
    if method == "sigmoid":
        return _fit_sigmoid(margin, y)
    if method == "smooth":
        return _fit_smooth(margin, y)
    model = IsotonicRegression(out_of_bounds="clip").fit(margin, y)
    return _with_knots("isotonic", model.X_thresholds_, model.y_thresholds_, len(y))


def _fit_sigmoid(margin: FloatArray, y: LabelArray) -> CalibrationMap:
    centre, spread = float(margin.mean()), float(margin.std()) or 1.0
    column = ((margin - centre) / spread).reshape(-1, 1)
    model = LogisticRegression(C=SIGMOID_STRENGTH).fit(column, y)
    slope = float(model.coef_[0, 0]) / spread
    return CalibrationMap(
        "sigmoid", slope=slope, intercept=float(model.intercept_[0]) - slope * centre
    )


def _fit_smooth(margin: FloatArray, y: LabelArray) -> CalibrationMap:
    """Fit a logistic regression on hinges of the margin's normal score, made monotone.

    The normal score (quantile of the rank) makes the fit the same whatever monotone distortion
    the margin carries: B. L. van der Waerden, Order tests for the two-sample problem, 1952.
    """
    score = norm.ppf((rankdata(margin) - 0.5) / len(margin))
    line = np.column_stack((np.ones_like(score), score))
    hinge_at = norm.ppf(np.linspace(0, 1, HINGES + 2)[1:-1])
    hinges = np.maximum(score[:, None] - hinge_at, 0.0)
    # what a line explains belongs to the line: its large scale frees it from the penalty
    bends = hinges - line @ np.linalg.lstsq(line, hinges, rcond=None)[0]
    basis = np.column_stack((LINE_SCALE * score, bends))
    model = LogisticRegression(C=HINGE_STRENGTH, max_iter=1000).fit(basis, y)
    margins, where = np.unique(margin, return_index=True)
    kept = np.unique(np.linspace(0, len(margins) - 1, KNOTS).round().astype(int))
    fitted = model.predict_proba(basis[where[kept]])[:, 1]
    monotone = IsotonicRegression().fit_transform(np.arange(len(fitted)), fitted)
    return _with_knots("smooth", margins[kept], monotone, len(y))


def _with_knots(
    method: CalibrationMethod, margins: FloatArray, probabilities: FloatArray, rows: int
) -> CalibrationMap:
    # one row more of each class than was seen: no finite sample proves a PD of 0 or 1
    edge = 1.0 / (rows + 2.0)
    return CalibrationMap(
        method,
        margins=tuple(margins.tolist()),
        probabilities=tuple(np.clip(probabilities, edge, 1.0 - edge).tolist()),
    )

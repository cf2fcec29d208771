"""Fit the map from the booster's margin to a probability of default, chosen by log loss."""

import numpy as np
from numpy.typing import NDArray
from sklearn.isotonic import IsotonicRegression
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold

from scoring_model.policy import CalibrationMap, CalibrationMethod

FloatArray = NDArray[np.float64]

METHODS: tuple[CalibrationMethod, ...] = ("none", "sigmoid", "isotonic")
FOLDS = 5


def fit_calibration(margin: FloatArray, y: NDArray[np.int8], seed: int) -> CalibrationMap:
    """Fit each kind of map and return the one with the lowest cross-validated log loss.

    Parameters
    ----------
    margin : ndarray of float64, shape (rows,)
        Out-of-fold raw log-odds.
    y : ndarray of int8, shape (rows,)
        1 = default; both classes, `FOLDS` of each at least.
    seed : int
    """
    folds = list(StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(margin, y))
    losses = {}
    for method in METHODS:
        probability = np.empty_like(margin)
        for fit_rows, held_rows in folds:
            fitted = fit_map(method, margin[fit_rows], y[fit_rows])
            probability[held_rows] = fitted.apply(margin[held_rows])
        losses[method] = log_loss(y, probability)
    return fit_map(min(METHODS, key=losses.__getitem__), margin, y)


def fit_map(method: CalibrationMethod, margin: FloatArray, y: NDArray[np.int8]) -> CalibrationMap:
    """Fit one kind of map.

    Parameters
    ----------
    method : {"none", "sigmoid", "isotonic"}
    margin : ndarray of float64, shape (rows,)
    y : ndarray of int8, shape (rows,)
    """
    if method == "none":
        return CalibrationMap("none")
    if method == "sigmoid":
        model = LogisticRegression(C=np.inf).fit(margin.reshape(-1, 1), y)
        return CalibrationMap(
            "sigmoid", slope=float(model.coef_[0, 0]), intercept=float(model.intercept_[0])
        )
    model = IsotonicRegression(out_of_bounds="clip").fit(margin, y)
    # one row more of each class than was seen: no finite sample proves a PD of 0 or 1
    edge = 1.0 / (len(y) + 2.0)
    probabilities = np.clip(model.y_thresholds_, edge, 1.0 - edge)
    return CalibrationMap(
        "isotonic",
        margins=tuple(model.X_thresholds_.tolist()),
        probabilities=tuple(probabilities.tolist()),
    )

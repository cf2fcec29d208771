"""Stop a fit when more trees no longer help."""

from collections.abc import Mapping

import numpy as np
from lightgbm.callback import CallbackEnv, EarlyStopException

PATIENCE = 40
# An improvement counts if it is at least this share of the log loss, or of what the AUC lacks to 1.
SMALLEST_GAIN: Mapping[str, float] = {"binary_logloss": 0.0003, "auc": 0.002}
# A model from more rows than this is one booster, and each tree slows down the server. There an
# improvement must be so many times as large.
MANY_ROWS, FACTOR_OF_MANY = 15_000, 4


class EarlyStop:
    """Stops a fit when `PATIENCE` more trees have improved neither log loss nor AUC.

    Log loss alone would stop too early: it rises when the probabilities become too extreme, and
    calibration mends that. AUC alone is too noisy if few held-out rows defaulted.

    Parameters
    ----------
    rows : int
        Number of rows that the booster is fitted on.

    Attributes
    ----------
    trees : int
        Number of trees at the last improvement of either.
    """

    def __init__(self, rows: int) -> None:
        self.trees = 0
        self._factor = FACTOR_OF_MANY if rows > MANY_ROWS else 1
        self._lowest: dict[str, float] = {}

    def __call__(self, now: CallbackEnv) -> None:
        """Take the figures of one more tree; LightGBM calls this after each tree."""
        done = now.iteration + 1
        for _, metric, value, *_ in now.evaluation_result_list or ():
            error = 1.0 - value if metric == "auc" else value
            if error < (1.0 - self._factor * SMALLEST_GAIN[metric]) * self._lowest.get(
                metric, np.inf
            ):
                self._lowest[metric], self.trees = error, done
        if done - self.trees >= PATIENCE:
            # LightGBM drops the trees after the number that it is told: keep all
            raise EarlyStopException(now.iteration, now.evaluation_result_list)

"""`population_stability_index`: how much a distribution over bins has changed."""

import numpy as np
from numpy.typing import NDArray

from scoring_model.types import FloatArray


def population_stability_index(
    before: NDArray[np.floating], after: NDArray[np.floating]
) -> FloatArray:
    """Return the population stability index (PSI): `sum((q - p) * log(q / p))` over the bins.

    `p` and `q` are the shares of the bins before and after. The caller says how an empty bin
    counts.

    Parameters
    ----------
    before, after : ndarray of float64, shape (..., bins)
        Rows or shares of each bin, positive.

    Returns
    -------
    ndarray of float64, shape (...)
        At least 0.
    """
    p = before / before.sum(axis=-1, keepdims=True)
    q = after / after.sum(axis=-1, keepdims=True)
    return np.asarray(np.sum((q - p) * np.log(q / p), axis=-1))

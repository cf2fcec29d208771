"""AUC and KS of weighted rows equal those of scikit-learn and SciPy, with ties too."""

import warnings

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ks_2samp
from sklearn.metrics import roc_auc_score

from train.statistics import auc_and_ks, rank_rows


@given(
    rows=st.lists(
        st.tuples(st.integers(0, 1), st.integers(0, 9), st.integers(0, 4)), min_size=2, max_size=80
    )
)
def test_equal_to_the_libraries(rows: list[tuple[int, int, int]]) -> None:
    # at least one row of each class has a weight above 0
    table = np.array([*rows, (0, 4, 1), (1, 5, 1)])
    y, probability, counts = table[:, 0].astype(np.int8), table[:, 1] / 10, table[:, 2]
    auc, ks = auc_and_ks(rank_rows(y, probability), counts)
    np.testing.assert_allclose(auc, roc_auc_score(y, probability, sample_weight=counts))
    repeated_y, repeated = np.repeat(y, counts), np.repeat(probability, counts)
    bad, good = repeated[repeated_y == 1], repeated[repeated_y == 0]
    with warnings.catch_warnings():
        # SciPy may warn about its p-value, which is not used here
        warnings.simplefilter("ignore", RuntimeWarning)
        theirs = ks_2samp(bad, good, method="exact")
    np.testing.assert_allclose(ks, theirs.statistic)

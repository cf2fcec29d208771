"""How well one column alone separates the two classes, for a relation of any shape."""

from typing import Any

import numpy as np
import pandas as pd
from sklearn.model_selection import StratifiedKFold

from scoring_model.types import LabelArray, RowNumbers
from train.statistics.discrimination import auc_and_ks, rank_rows

FOLDS = 5
# A value with at least this many rows is a cell. Rarer values share cells between quantiles.
CELL_ROWS = 30
MOST_QUANTILES = 64
# Each cell's rate is shrunk to the overall rate, as if the cell had this many more rows with it.
PRIOR_ROWS = 10.0
# With fewer rows of a class than this, no AUC is computed.
MIN_CLASS_ROWS = 20


def single_feature_auc(column: "pd.Series[Any]", y: LabelArray, seed: int) -> float:
    """Return the AUC of a column alone, in [0.5, 1]; 0.5 if a class has too few rows.

    It is the larger of two AUCs. The first is the AUC of the values themselves, rising or falling.
    It is computed for numbers without missing values only. The second is the AUC of default rates:
    the rate of each value or narrow band is learned on four fifths of the rows and tested on the
    last fifth. The second also finds relations without an order: in text, in missing values, or in
    numbers where only multiples of 12 differ.

    Parameters
    ----------
    column : Series, shape (rows,)
        A number or a category. Missing counts as a value.
    y : ndarray of int8, shape (rows,)
        1 = default.
    seed : int
        Seed of the folds.
    """
    if np.bincount(y, minlength=2).min() < MIN_CLASS_ROWS:
        return 0.5
    best = max(0.5, _auc_of_rates(value_cells(column), y, seed))
    if column.dtype.kind in "iuf" and not column.isna().any():
        ranked = rank_rows(y, column.to_numpy(dtype=np.float64))
        auc, _ = auc_and_ks(ranked, np.ones(len(y), dtype=np.int64))
        best = max(best, auc, 1.0 - auc)
    return best


def value_cells(column: "pd.Series[Any]") -> RowNumbers:
    """Return the cell of each row, shape (rows,).

    A cell is a frequent value, a band of rarer values, or missing (cell 0).
    """
    codes, values = pd.factorize(column, use_na_sentinel=True)
    codes = codes.astype(np.intp)
    # the last count is that of missing values, whose code is -1
    counts = np.bincount(np.where(codes < 0, len(values), codes), minlength=len(values) + 1)
    rare = (codes >= 0) & (counts[codes] < CELL_ROWS)
    cells = np.where(rare, len(values), codes)
    if column.dtype.kind in "iuf" and rare.any():
        numbers = column[rare].to_numpy(dtype=np.float64)
        quantiles = int(np.clip(len(numbers) // CELL_ROWS, 1, MOST_QUANTILES))
        edges = np.unique(np.quantile(numbers, np.linspace(0, 1, quantiles + 1)[1:-1]))
        cells[rare] = len(values) + np.searchsorted(edges, numbers, side="right")
    return np.asarray(cells + 1, dtype=np.intp)


def _auc_of_rates(cells: RowNumbers, y: LabelArray, seed: int) -> float:
    size = int(cells.max()) + 1
    areas = []
    for fit, held in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(cells, y):
        rows = np.bincount(cells[fit], minlength=size)
        bad = np.bincount(cells[fit], weights=y[fit], minlength=size)
        rate = (bad + PRIOR_ROWS * y[fit].mean()) / (rows + PRIOR_ROWS)
        ranked = rank_rows(y[held], rate[cells[held]])
        areas.append(auc_and_ks(ranked, np.ones(len(held), dtype=np.int64))[0])
    return float(np.mean(areas))

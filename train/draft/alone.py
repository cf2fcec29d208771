"""How well each column alone predicts the outcome, on a sample of the rows."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from train.draft.columns import TableColumn
from train.draft.roles import Roles
from train.draft.target import TargetGuess
from train.statistics import single_feature_auc

SAMPLE_ROWS = 20_000


def aucs_alone(roles: Roles, target: TargetGuess) -> dict[str, float]:
    """Return the AUC of each column without a role, by name.

    It is measured on at most 20,000 rows that lie evenly over the table and have an outcome.
    """
    rows = target.column.rows
    places = np.unique(np.linspace(0, rows - 1, min(rows, SAMPLE_ROWS)).astype(np.int64))
    outcomes = target.outcomes(places)
    places, y = places[outcomes >= 0], outcomes[outcomes >= 0]
    return {
        column.name: single_feature_auc(_series(column, places), y, seed=0) for column in roles.free
    }


def _series(column: TableColumn, places: NDArray[np.int64]) -> "pd.Series[float]":
    cells = column.cells.take(pa.array(places))
    if pa.types.is_date(cells.type):
        cells = cells.cast(pa.int32())
    if column.kind in ("number", "date"):
        cells = pc.cast(cells, pa.float64(), safe=False)
    return pd.Series(cells.to_pandas())

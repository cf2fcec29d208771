"""`read_decided_days`: the day of each decision, for the decision log."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from scoring_model.contract import EncodedRows, name_day
from scoring_model.types import BoolArray
from train.batch.batch_model import BatchModel
from train.portfolio.sections import ReadSettings
from train.tables import column_days


def read_decided_days(
    model: BatchModel,
    records: pa.RecordBatch,
    read: ReadSettings,
    encoded: EncodedRows,
    valid: BoolArray,
) -> Sequence[str | None]:
    """Return the day of the decision of each valid row, such as `2026-11-25`; None if unknown.

    If the version counts days, it is the day from which it counted. Otherwise the table may have
    the column that says when the loans of the training were decided. That column is not scored, so
    a cell that is no date makes no row invalid.

    Parameters
    ----------
    model : BatchModel
    records : pyarrow.RecordBatch
        All rows as they stand in the table.
    read : ReadSettings
        How the table is written.
    encoded : EncodedRows
        The same rows.
    valid : ndarray of bool, shape (rows,)
    """
    contract = model.scorer.contract
    if contract.decision_date:
        place = contract.field_names.index(contract.decision_date)
        days, places = np.unique(encoded.field_values[valid, place], return_inverse=True)
        texts = [name_day(day) for day in days.tolist()]
        return [texts[place] for place in places.tolist()]
    if not model.decision_date or model.decision_date not in records.schema.names:
        return [None] * int(valid.sum())
    column = records.column(model.decision_date)
    days = column_days(column, read.dates).filter(pa.array(valid)).to_pylist()
    return [None if day is None else day.isoformat() for day in days]

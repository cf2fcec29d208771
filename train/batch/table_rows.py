"""Encode the rows of a table as the training read them, and tell what is wrong or unusual."""

import datetime
from collections import Counter
from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from scoring_model.contract import NEVER_SEEN, REQUIRED, EncodedRows, FeatureContract, today
from train.batch.batch_model import field_kinds
from train.portfolio.sections import ReadSettings
from train.tables import standardise


def standard_rows(
    contract: FeatureContract, records: pa.RecordBatch, read: ReadSettings, day: datetime.date
) -> pa.RecordBatch:
    """Return the rows of a table in standard text.

    Parameters
    ----------
    contract : FeatureContract
    records : pyarrow.RecordBatch
    read : ReadSettings
        How the table is written.
    day : datetime.date
        Day of the decision, for a table without the contract's column of it.
    """
    records = standardise(records, field_kinds(contract), read)
    name = contract.decision_date
    if not name or name in records.schema.names:
        return records
    return records.append_column(name, pa.repeat(day.isoformat(), records.num_rows))


def current_day() -> datetime.date:
    """Return the current day in UTC, on which the rows of a job are decided."""
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=today())


def find_problems(encoded: EncodedRows, keys: pa.Array, key: str) -> list[tuple[int, str, str]]:
    """Return (row, column, rule) of every problem in a batch, sorted."""
    problems = [(p.row, p.field, p.problem) for p in encoded.problems]
    problems += [(int(row), key, REQUIRED) for row in np.flatnonzero(keys.is_null())]
    return sorted(problems)


def write_warnings(encoded: EncodedRows, rows: int) -> pa.Array:
    """Return the text of each row's notices, such as `field problem; field problem`, or null."""
    if not encoded.notices:
        return pa.nulls(rows, pa.string())
    texts: list[list[str]] = [[] for _ in range(rows)]
    for notice in encoded.notices:
        texts[notice.row].append(f"{notice.field} {notice.problem}")
    return pa.array(["; ".join(each) or None for each in texts], pa.string())


def count_warnings(encoded: EncodedRows) -> Mapping[str, int]:
    """Return the number of rows with each kind of notice about a field, as `field problem`."""
    return Counter(
        f"{notice.field} {NEVER_SEEN if notice.is_unseen else notice.problem}"
        for notice in encoded.notices
    )

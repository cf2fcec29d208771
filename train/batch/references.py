"""`References`: the caller's own names of the rows, for the decision log."""

from typing import Any, NamedTuple

import pyarrow as pa

from scoring_model.contract import judge_reference
from train.batch.batch_model import BatchModel
from train.tables import as_whole


class References(NamedTuple):
    """The references of some rows.

    Attributes
    ----------
    column : str
        Where they come from; empty if there are none.
    values : list of str or int or None
        One for each row.
    """

    column: str
    values: list[Any]

    def find_problems(self) -> list[tuple[int, str, str]]:
        """Return (row, column, rule) of every reference that breaks its rule."""
        judged = enumerate(map(judge_reference, self.values))
        return [(row, self.column, rule) for row, rule in judged if rule]


NO_REFERENCES = References("", [])


def reference_column(model: BatchModel) -> str:
    """Return the name of the column of references that a table may have; empty for none."""
    answer = model.scorer.contract.answer
    return answer.reference if answer else ""


def read_references(model: BatchModel, records: pa.RecordBatch) -> References:
    """Return the references of rows: the contract's column of them, or else the key.

    The number of a row identifies it only in one table, so it is no reference.
    """
    column = reference_column(model)
    if not column or column not in records.schema.names:
        column = model.key or ""
    if not column:
        return References("", [None] * records.num_rows)
    return References(column, list(map(as_whole, records.column(column).to_pylist())))

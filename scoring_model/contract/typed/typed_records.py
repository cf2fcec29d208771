"""`list_records`: the rows of a table as JSON objects."""

from collections.abc import Iterable
from typing import Any

import pyarrow as pa

from scoring_model.contract.typed.number_columns import holds_text
from scoring_model.contract.typed.typed_values import to_json_values
from scoring_model.contract.value_rule import ValueRule


def list_records(
    batch: pa.RecordBatch, rules: Iterable[tuple[str, ValueRule]], *, from_text: bool
) -> list[dict[str, Any]]:
    """Return a JSON object per row, without missing values.

    Parameters
    ----------
    batch : pyarrow.RecordBatch
    rules : iterable of (str, ValueRule)
        The fields to read, if the batch has them.
    from_text : bool
        Whether numbers that are written as text are parsed, as in CSV.
    """
    records: list[dict[str, Any]] = [{} for _ in range(batch.num_rows)]
    for name, rule in rules:
        if name not in batch.schema.names:
            continue
        values = _list_values(batch.column(name), rule, from_text)
        for record, value in zip(records, values, strict=True):
            if value is not None:
                record[name] = value
    return records


def _list_values(column: pa.Array, rule: ValueRule, from_text: bool) -> list[Any]:
    values: list[Any] = column.to_pylist()
    # most values are JSON values already
    if rule.kind != "number":
        is_text = holds_text(column.type)
        return values if is_text else to_json_values(values, rule, from_text=False)
    if pa.types.is_float64(column.type):
        # NaN is missing, and alone differs from itself
        return [value if value == value else None for value in values]  # noqa: PLR0124
    return to_json_values(values, rule, from_text and holds_text(column.type))

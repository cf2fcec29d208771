"""`CheckedRows`: check the rows of a batch on Spark against the contract."""

import datetime
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.compute as pc

from scoring_model.contract import Feature, FeatureContract, read_levels
from scoring_model.types import FloatArray
from train.batch import (
    WRONG_FIELDS,
    BatchModel,
    InputBatch,
    count_warnings,
    current_day,
    find_problems,
    standard_rows,
    write_warnings,
)
from train.engines.spark_features import ROW
from train.portfolio.sections import ReadSettings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

KEY, FILE = "key_of_row", "file_of_input"
PROBLEMS, WARNINGS, COUNTS = "problems_of_row", "warnings_of_row", "warnings_in_batch"
# on Spark, a name with a dot means a part, so the fields are numbered
FIELD = "field_{}"
_PROBLEM = pa.struct([("field", pa.string()), ("rule", pa.string())])


@dataclass(frozen=True)
class CheckedRows:
    """The rows of a batch on Spark, with the problems of each row.

    Attributes
    ----------
    contract : FeatureContract
    key : str or None
        Column that identifies a loan; None if rows are numbered.
    key_type : pyarrow.DataType
    day : datetime.date
        Day of the decision, for tables without a column of it.
    """

    contract: FeatureContract
    key: str | None
    key_type: pa.DataType
    day: datetime.date

    def schema(self) -> Any:
        """Return Spark's columns: key, file, row, problems, warnings, their counts, fields."""
        from pyspark.sql.pandas.types import from_arrow_type
        from pyspark.sql.types import StructType

        columns = StructType()
        for column in self._schema():
            columns = columns.add(column.name, from_arrow_type(column.type))
        return columns

    def check_batch(self, batch: InputBatch) -> Iterator[pa.RecordBatch]:
        """Check some rows of a table; its broken lines are rows with a problem."""
        name = batch.file
        if batch.records.num_rows:
            records = standard_rows(self.contract, batch.records, batch.table.read, self.day)
            yield self._check(records, pa.array(batch.rows), name, batch.end.before)
        if batch.broken:
            yield self._report_broken(batch.broken, name)

    def check_computed(
        self, file: str, batches: Iterable[pa.RecordBatch]
    ) -> Iterator[pa.RecordBatch]:
        """Check rows that Spark has computed, with their numbers in the column `ROW`."""
        for batch in batches:
            records = standard_rows(self.contract, batch, ReadSettings(), self.day)
            yield self._check(records, batch.column(ROW), file, 0)

    def _schema(self) -> pa.Schema:
        return pa.schema(
            [
                (KEY, self.key_type),
                (FILE, pa.string()),
                (ROW, pa.int64()),
                (PROBLEMS, pa.list_(_PROBLEM)),
                (WARNINGS, pa.string()),
                (COUNTS, pa.map_(pa.string(), pa.int64())),
                *(
                    (FIELD.format(n), pa.float64() if field.kind == "number" else pa.string())
                    for n, field in enumerate(self.contract.fields)
                ),
            ]
        )

    def _check(
        self, records: pa.RecordBatch, rows: pa.Array, file: str, before: int
    ) -> pa.RecordBatch:
        encoded = self.contract.encode_batch(records, from_text=True)
        keys = pc.add(rows, before) if self.key is None else records.column(self.key)
        problems = defaultdict(list)
        for row, column, rule in find_problems(encoded, keys, str(self.key)):
            problems[row].append({"field": column, "rule": rule})
        count = records.num_rows
        # put the counts of the whole batch into its first row: later they are only summed
        counts = [list(count_warnings(encoded).items()), *[[]] * (count - 1)] if count else []
        fields = zip(self.contract.fields, encoded.field_values.T, strict=True)
        return pa.RecordBatch.from_pydict(
            {
                KEY: keys.cast(self.key_type),
                FILE: pa.repeat(file, count),
                ROW: rows,
                PROBLEMS: [problems.get(row, []) for row in range(count)],
                WARNINGS: write_warnings(encoded, count),
                COUNTS: counts,
                **{
                    FIELD.format(n): _write_values(field, records, values)
                    for n, (field, values) in enumerate(fields)
                },
            },
            self._schema(),
        )

    def _report_broken(self, rows: Sequence[int], file: str) -> pa.RecordBatch:
        known = {
            FILE: [file] * len(rows),
            ROW: list(rows),
            PROBLEMS: [[{"field": "", "rule": WRONG_FIELDS}]] * len(rows),
            COUNTS: [[]] * len(rows),
        }
        schema = self._schema()
        nothing = [None] * len(rows)
        columns = {name: known.get(name, nothing) for name in schema.names}
        return pa.RecordBatch.from_pydict(columns, schema)


def check_rows(rows: "DataFrame", model: BatchModel, file: str) -> "DataFrame":
    """Return the checked rows of a table that Spark has computed; see `CheckedRows.schema`."""
    from pyspark.sql.pandas.types import to_arrow_type

    kind = pa.int64() if model.key is None else to_arrow_type(rows.schema[model.key].dataType)
    checked = CheckedRows(model.scorer.contract, model.key, kind, current_day())
    return rows.mapInArrow(partial(checked.check_computed, file), checked.schema())


def _write_values(field: Feature, records: pa.RecordBatch, values: FloatArray) -> pa.Array:
    """Return the values of a field as the version takes them; dates are text."""
    if field.kind == "category":
        return read_levels(records.column(field.name), field, from_text=True)
    numbers = pa.array(values, from_pandas=True)
    if field.kind == "number":
        return numbers
    return numbers.cast(pa.int32()).cast(pa.date32()).cast(pa.string())

"""Read the loans of a batch on Spark: each task reads its share with the local reader.

So every file that can be scored on this machine is read alike on a cluster.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa

from train.batch import (
    BatchModel,
    InputBatch,
    Position,
    current_day,
    open_input,
    output_schema,
    read_batches,
)
from train.engines.spark_rows import CheckedRows
from train.errors import InputError
from train.tables import NamedTable, Source, open_tables

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# so many rows of Parquet are one task
TASK_ROWS = 1_000_000


class Share(NamedTuple):
    """The rows that one task reads: those of table `file` from `first` to before `end`.

    `end` is None for all rows, and `before` is the number of rows in earlier tables.
    """

    file: int
    first: int
    end: int | None
    before: int


def read_loans(
    session: "SparkSession", model: BatchModel, source: Source, say: Callable[[str], None]
) -> "DataFrame":
    """Return the checked rows of a source; see `CheckedRows.schema`.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
    model : BatchModel
        Its contract and key name the columns.
    source : Source
        Files that every machine of the cluster sees under the same path.
    say : callable
        Called with each line about how the tables are read.

    Raises
    ------
    InputError
        A file cannot be read or lacks a column, or Spark cannot read such a source.
    """
    opened = open_input(source)
    if opened.is_for_local_engine or not opened.paths:
        raise InputError(
            f"input {source.shown}: needs engine=local: Spark reads CSV and Parquet in folders "
            "that every machine sees"
        )
    for note in opened.notes:
        say(note)
    kind = storable(output_schema(model, opened.tables).field(0).type, model.key_column)
    shares = share_tables(opened.tables, is_numbered=model.key is None)
    checked = CheckedRows(model.scorer.contract, model.key, kind, current_day())
    # one partition for each share: the number in the partition is the number of the share
    numbers = session.range(0, len(shares), 1, len(shares))
    return numbers.mapInArrow(partial(read_shares, checked, source, shares), checked.schema())


def read_shares(
    checked: CheckedRows,
    source: Source,
    shares: Sequence[Share],
    numbers: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    """Read and check the rows of one task; `numbers` holds the number of its share."""
    names = [*([] if checked.key is None else [checked.key]), *checked.contract.field_names]
    for number in [number for batch in numbers for number in batch.column(0).to_pylist()]:
        share = shares[number]
        # up to this table: `read_batches` would go on with the next one
        tables = open_tables(source).tables[: share.file + 1]
        start = Position(share.file, share.first, share.before)
        for batch in read_batches(tables, list(dict.fromkeys(names)), start):
            if share.end is not None and batch.end.row >= share.end:
                yield from checked.check_batch(_cut(batch, share.end))
                break
            yield from checked.check_batch(batch)


def storable(kind: pa.DataType, key: str) -> pa.DataType:
    """Return the type of the key on Spark, which has no unsigned numbers and no dictionaries.

    Parameters
    ----------
    kind : pyarrow.DataType
        Type of the key in the tables.
    key : str
        Name of the key, for the message.

    Raises
    ------
    InputError
        Spark cannot hold the key.
    """
    from pyspark.errors import PySparkException
    from pyspark.sql.pandas.types import from_arrow_type

    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_unsigned_integer(kind):
        kind = pa.decimal128(20, 0) if kind == pa.uint64() else pa.int64()
    try:
        from_arrow_type(kind)
    except PySparkException as error:
        raise InputError(f"key {key!r}: its type {kind} needs engine=local") from error
    return kind


def share_tables(
    tables: Sequence[NamedTable], task_rows: int = TASK_ROWS, *, is_numbered: bool
) -> list[Share]:
    """Return the shares of all tables: a text table is one, because only its reader counts rows.

    Parameters
    ----------
    tables : sequence of NamedTable
    task_rows : int
        Maximum number of rows of a share of Parquet.
    is_numbered : bool
        Whether the output numbers all rows.

    Raises
    ------
    InputError
        The rows of several text tables would have to be numbered.
    """
    shares, before = [], 0
    for number, table in enumerate(tables):
        count = table.reader.row_count
        if count is None:
            if is_numbered and len(tables) > 1:
                raise InputError(
                    "input: Spark cannot number the rows of several text files: give -P key=, or "
                    "use engine=local"
                )
            shares.append(Share(number, 0, None, before))
            continue
        shares += [
            Share(number, first, min(first + task_rows, count), before)
            for first in range(0, count, task_rows)
        ]
        before += count
    return shares or [Share(0, 0, None, 0)]


def _cut(batch: InputBatch, end: int) -> InputBatch:
    rows = batch.rows[batch.rows < end]
    return InputBatch(batch.table, batch.records.slice(0, len(rows)), rows, batch.broken, batch.end)

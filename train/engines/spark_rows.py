"""Read the loans of a batch on Spark, and check them against the contract."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from scoring_model.contract import CSV_MISSING, FeatureContract, read_levels
from train.batch import (
    WRONG_FIELDS,
    BatchModel,
    find_problems,
    is_text,
    output_schema,
    read_schema,
)
from train.engines.spark_features import ROW
from train.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

# names of added columns; no column of the input has such a name
FILE, BROKEN = "file_of_input", "broken_line_of_input"
PROBLEMS, UNSEEN = "problems_of_row", "unseen_in_batch"


def read_loans(session: "SparkSession", model: BatchModel, files: Sequence[Path]) -> "DataFrame":
    """Return the rows of files, with the columns that scoring needs, file name and row number.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
    model : BatchModel
        Its contract and key name the columns.
    files : sequence of Path
        All Parquet, or all CSV with the same heading.

    Raises
    ------
    InputError
        A file cannot be read or lacks a column, or the files differ in format or heading.
    """
    from pyspark.sql import functions

    output_schema(model, files)
    names = [model.key, *model.scorer.contract.names]
    # without a scheme Spark would look on its default file system
    paths = [f"file://{file.resolve()}" for file in files]
    file, row = functions.col("_metadata.file_name"), functions.col("_metadata.row_index")
    if not any(map(is_text, files)):
        columns = [functions.col(f"`{name}`") for name in names]
        rows = session.read.parquet(*paths)
        return rows.select(*columns, file.alias(FILE), row.alias(ROW))
    headings = {tuple(read_schema(f).names) if is_text(f) else () for f in files}
    if len(headings) > 1:
        raise InputError("input: files must be all Parquet, or all CSV with the same heading")
    (heading,) = headings
    rows = session.read.csv(
        paths,
        schema=", ".join(f"`{name}` STRING" for name in (*heading, BROKEN)),
        columnNameOfCorruptRecord=BROKEN,
        header=True,
        # multiLine: one task reads a file from its start, so it can number the rows
        multiLine=True,
        escape='"',
    )
    missing = [functions.col(f"`{name}`").isin(CSV_MISSING) for name in names]
    columns = [
        functions.when(~where, functions.col(f"`{name}`")).alias(name)
        for name, where in zip(names, missing, strict=True)
    ]
    broken = functions.col(BROKEN).isNotNull()
    return rows.select(*columns, file.alias(FILE), broken.alias(BROKEN))


def check_rows(rows: "DataFrame", model: BatchModel) -> "DataFrame":
    """Return the rows in the types of the signature, with the problems of each row."""
    contract = model.scorer.contract
    kinds = {"number": "DOUBLE", "category": "STRING"}
    schema = [
        f"`{model.key}` {rows.schema[model.key].dataType.simpleString()}",
        f"{FILE} STRING, {ROW} BIGINT",
        f"{PROBLEMS} ARRAY<STRUCT<field: STRING, rule: STRING>>, {UNSEEN} MAP<STRING, BIGINT>",
        *(f"`{feature.name}` {kinds[feature.kind]}" for feature in contract.features),
    ]
    check = partial(check_batches, contract, model.key)
    return rows.mapInArrow(check, ", ".join(schema))


def check_batches(
    contract: FeatureContract, key: str, batches: Iterable[pa.RecordBatch]
) -> Iterator[pa.RecordBatch]:
    """Check the rows of one task, in order, and number the rows of CSV files."""
    file, number = None, 0
    for batch in batches:
        from_text = BROKEN in batch.schema.names
        rows = range(batch.num_rows)
        if from_text:
            numbers = []
            for name in batch.column(FILE).to_pylist():
                file, number = name, number + 1 if name == file else 0
                numbers.append(number)
            broken = np.flatnonzero(batch.column(BROKEN).to_numpy(zero_copy_only=False))
        else:
            numbers, broken = batch.column(ROW), np.array([], dtype=int)
        encoded = contract.encode_batch(batch, from_text=from_text)
        problems = defaultdict(list)
        for row, column, rule in find_problems(encoded, batch.column(key), key):
            problems[row].append({"field": column, "rule": rule})
        problems |= {int(row): [{"field": "", "rule": WRONG_FIELDS}] for row in broken}
        # put the counts of the whole batch into its first row: later they are only summed
        counts = encoded.count_unseen()
        unseen = [list(counts.items()), *[[]] * (len(rows) - 1)] if rows else []
        yield pa.RecordBatch.from_pydict(
            {
                key: batch.column(key),
                FILE: batch.column(FILE),
                ROW: pa.array(numbers, pa.int64()),
                PROBLEMS: pa.array([problems.get(row, []) for row in rows], _PROBLEMS),
                UNSEEN: pa.array(unseen, pa.map_(pa.string(), pa.int64())),
                **{
                    feature.name: (
                        pa.array(encoded.matrix[:, index], from_pandas=True)
                        if feature.kind == "number"
                        else read_levels(batch.column(feature.name), feature, from_text=from_text)
                    )
                    for index, feature in enumerate(contract.features)
                },
            }
        )


_PROBLEMS = pa.list_(pa.struct([("field", pa.string()), ("rule", pa.string())]))

"""Score a body of loans on Spark: what `train.batch` does with batches, for data on a cluster.

Rows are checked by the same code, and scored by the version as MLflow's `spark_udf` runs it: the
answers are those of `train.batch` to the last bit. They come as a folder of files, in no order.
"""

import csv
import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from scoring_model.arrow_rows import encode_batch, read_levels
from scoring_model.contract import Feature, FeatureContract
from train.batch import (
    WRONG_FIELDS,
    BatchModel,
    BatchReport,
    OnInvalid,
    find_problems,
    output_schema,
)
from train.body import is_text, read_schema
from train.errors import InputError
from train.parts import REJECTED_HEADING, CsvLines, check_output, rejected_file, whole_file
from train.reading import CSV_MISSING
from train.spark_features import ROW

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame, SparkSession

# beside the columns of the input and ROW, under names that no column of it has
FILE, BROKEN = "file_of_input", "broken_line_of_input"
PROBLEMS, UNSEEN = "problems_of_row", "unseen_in_batch"


def read_body(session: "SparkSession", model: BatchModel, files: Sequence[Path]) -> "DataFrame":
    """Return the rows of files, with the columns that scoring needs, their file and number.

    Raises
    ------
    InputError
        A file cannot be read or lacks a column, or the files are not alike.
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
        raise InputError("input: files must be all Parquet, or all CSV with one heading")
    (heading,) = headings
    rows = session.read.csv(
        paths,
        schema=", ".join(f"`{name}` STRING" for name in (*heading, BROKEN)),
        columnNameOfCorruptRecord=BROKEN,
        header=True,
        # each file is read from its start by one task, which therefore can count its rows
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


def score_on_spark(
    rows: "DataFrame",
    model: BatchModel,
    predict: "Callable[[Column], Column]",
    output: Path,
    on_invalid: OnInvalid,
) -> BatchReport:
    """Score rows into a folder of files; those that are not valid go to one file beside it.

    Parameters
    ----------
    rows : pyspark.sql.DataFrame
        Of `read_body`, or finished ones with `FILE` and `ROW`.
    model : BatchModel
    predict : callable
        The version as a function of a struct of its features.
    output : Path
        Ends in .parquet or .csv; the folder has this name only once it is whole.
    on_invalid : {"reject", "fail"}
        `fail` looks at all rows before any is scored.

    Raises
    ------
    InputError
        The output cannot be written, or a row is not valid and `on_invalid` is `fail`.
    """
    from pyspark.sql import Observation, functions

    check_output(output)
    contract = model.scorer.contract
    began = time.monotonic()
    checked = _check(rows, model)
    invalid = functions.size(PROBLEMS) > 0
    if on_invalid == "fail" and (first := checked.filter(invalid).orderBy(FILE, ROW).first()):
        column, rule = first[PROBLEMS][0]
        raise InputError(f"input {first[FILE]}: row {first[ROW]}: {column} {rule}")
    observed = Observation()
    categories = [f.name for f in contract.features if f.kind == "category"]
    counts = [
        functions.sum(functions.element_at(UNSEEN, functions.lit(name))).alias(f"unseen_{number}")
        for number, name in enumerate(categories)
    ]
    counted = checked.observe(
        observed,
        functions.count(functions.lit(1)).alias("rows"),
        functions.count_if(invalid).alias("rejected"),
        *counts,
    )
    features = functions.struct(*(functions.col(f"`{name}`") for name in contract.names))
    decided = counted.filter(~invalid).select(f"`{model.key}`", predict(features).alias("decision"))
    version = functions.lit(model.version).alias("model_version")
    _write(decided.select(f"`{model.key}`", "decision.*", version), output)
    seen = observed.get
    _write_rejected(checked.filter(invalid) if seen["rejected"] else None, output)
    return BatchReport(
        scored=seen["rows"] - seen["rejected"],
        rejected=seen["rejected"],
        resumed=0,
        rows_per_second=seen["rows"] / (time.monotonic() - began),
        unseen={
            name: seen[f"unseen_{number}"]
            for number, name in enumerate(categories)
            if seen[f"unseen_{number}"]
        },
        rejected_file=rejected_file(output),
    )


def _check(rows: "DataFrame", model: BatchModel) -> "DataFrame":
    """Return the rows in the signature's types, with what is wrong with each."""
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
    """Check the rows of one task, in order; rows of CSV files are numbered on the way."""
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
        encoded = encode_batch(contract, batch, from_text=from_text)
        problems = defaultdict(list)
        for row, column, rule in find_problems(encoded, batch.column(key), key):
            problems[row].append({"field": column, "rule": rule})
        problems |= {int(row): [{"field": "", "rule": WRONG_FIELDS}] for row in broken}
        # once for the whole batch: they are only ever added up
        unseen = [list(encoded.unseen.items()), *[[]] * (len(rows) - 1)] if rows else []
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
                        else _levels(batch.column(feature.name), feature, from_text)
                    )
                    for index, feature in enumerate(contract.features)
                },
            }
        )


_PROBLEMS = pa.list_(pa.struct([("field", pa.string()), ("rule", pa.string())]))


def _levels(column: pa.Array, feature: Feature, from_text: bool) -> pa.Array:
    text = read_levels(column, feature, from_text)
    return pa.nulls(len(column), pa.string()) if text is None else text


def _write(rows: "DataFrame", output: Path) -> None:
    """Write a folder that has its name only once it is whole."""
    unfinished = output.with_name(f"{output.name}.unfinished")
    writer = rows.write.mode("overwrite")
    target = f"file://{unfinished.resolve()}"
    if output.suffix == ".csv":
        writer.csv(target, header=True)
    else:
        writer.parquet(target)
    if output.is_dir():
        shutil.rmtree(output)
    else:
        output.unlink(missing_ok=True)
    unfinished.replace(output)


def _write_rejected(rejected: "DataFrame | None", output: Path) -> None:
    file = rejected_file(output)
    if rejected is None:
        file.unlink(missing_ok=True)
        return
    with whole_file(file) as stream:
        lines = csv.writer(CsvLines(stream))
        lines.writerow(REJECTED_HEADING)
        for row in rejected.select(FILE, ROW, PROBLEMS).orderBy(FILE, ROW).toLocalIterator():
            lines.writerows([row[FILE], row[ROW], *problem] for problem in row[PROBLEMS])

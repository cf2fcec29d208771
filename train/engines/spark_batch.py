"""Batch scoring on Spark: the same answers as `train.batch`, for data on a cluster.

The same code reads and checks the rows, and MLflow's `spark_udf` runs the version. So the answers
are equal to those of `train.batch` to the last bit. The output is a folder of files; its rows have
no order.
"""

import csv
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scoring_model.contract import NEVER_SEEN, UNUSUAL, FeatureContract
from train.batch import (
    REJECTED_HEADING,
    BatchJob,
    BatchReport,
    CsvLines,
    check_output,
    rejected_file,
    whole_file,
)
from train.engines.spark_features import ROW
from train.engines.spark_rows import COUNTS, FIELD, FILE, KEY, PROBLEMS, WARNINGS
from train.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def score_on_spark(
    checked: "DataFrame", job: BatchJob, predict: "Callable[[Column], Column]"
) -> BatchReport:
    """Score checked rows into a folder of files. Invalid rows go to one file `<output>.rejected`.

    Parameters
    ----------
    checked : pyspark.sql.DataFrame
        Rows from `read_loans` or `check_rows`.
    job : BatchJob
        Its output folder gets its name only when it is complete. If `on_invalid` is `fail`, all
        rows are checked before any row is scored.
    predict : callable
        The version, as a function of one struct column with its fields.

    Raises
    ------
    InputError
        The output cannot be written, or a row is invalid and `on_invalid` is `fail`.
    """
    from pyspark.sql import functions

    model, output = job.model, job.output
    check_output(output)
    contract = model.scorer.contract
    began = time.monotonic()
    invalid = functions.size(PROBLEMS) > 0
    first = checked.filter(invalid).orderBy(FILE, ROW).first() if job.on_invalid == "fail" else None
    if first:
        column, rule = first[PROBLEMS][0]
        raise InputError(f"input {first[FILE]}: row {first[ROW]}: {column} {rule}")
    counts = _Counts(contract)
    counted = checked.observe(counts.observation, *counts.columns(invalid))
    fields = functions.struct(
        *(functions.col(FIELD.format(n)).alias(name) for n, name in enumerate(contract.field_names))
    )
    decided = counted.filter(~invalid).select(KEY, WARNINGS, predict(fields).alias("decision"))
    rows = decided.select(
        functions.col(KEY).alias(model.key_column),
        "decision.*",
        functions.lit(model.version).alias("model_version"),
        functions.col(WARNINGS).alias("warnings"),
    )
    _write(rows, output)
    seen = counts.observation.get
    _write_rejected(checked.filter(invalid) if seen["rejected"] else None, output)
    return BatchReport(
        scored=seen["rows"] - seen["rejected"],
        rejected=seen["rejected"],
        resumed=0,
        rows_per_second=seen["rows"] / (time.monotonic() - began),
        warnings=counts.warnings(),
        rejected_file=rejected_file(output),
    )


class _Counts:
    """Counts that Spark makes while it scores."""

    def __init__(self, contract: FeatureContract) -> None:
        from pyspark.sql import Observation

        self.observation = Observation()
        fields = {field.name: field.kind for field in (*contract.features, *contract.fields)}
        self._texts = [
            f"{name} {NEVER_SEEN if kind == 'category' else UNUSUAL}"
            for name, kind in fields.items()
        ]

    def columns(self, invalid: "Column") -> "list[Column]":
        """Return the columns that count rows, rejected rows and each kind of warning."""
        from pyspark.sql import functions

        warned = [
            functions.sum(functions.element_at(COUNTS, functions.lit(text))).alias(f"warned_{n}")
            for n, text in enumerate(self._texts)
        ]
        rows = functions.count(functions.lit(1)).alias("rows")
        return [rows, functions.count_if(invalid).alias("rejected"), *warned]

    def warnings(self) -> dict[str, int]:
        """Return the number of rows with each kind of warning that some row has."""
        found = {t: self.observation.get[f"warned_{n}"] for n, t in enumerate(self._texts)}
        return {text: count for text, count in found.items() if count}


def _write(rows: "DataFrame", output: Path) -> None:
    """Write a folder of files, and give it its name only when it is complete."""
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

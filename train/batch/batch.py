"""Score files of loans in batches: decisions in order, invalid rows in a separate file."""

import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from scoring_model.contract import REQUIRED, EncodedRows, FeatureContract
from scoring_model.policy import FIELDS
from scoring_model.version import Scorer
from train.batch.input_files import (
    InputBatch,
    Position,
    count_rows,
    is_text,
    read_batches,
    read_schema,
    stamp_files,
)
from train.batch.resumable_output import PartState, Rejection, ResumableOutput
from train.errors import InputError

PART_ROWS = 500_000
WRONG_FIELDS = "must have as many fields as the heading"
OnInvalid = Literal["reject", "fail"]


@dataclass(frozen=True, slots=True)
class BatchModel:
    """A model version for batch scoring.

    Attributes
    ----------
    scorer : Scorer
    version : str
        Value of the output's column `model_version`.
    key : str
        Column of the input that identifies a loan. The output has it too.
    digest : str
        Digest of the version's files. A run does not continue from parts with another digest.
    uri : str
        MLflow's URI of the version. A cluster fetches the version from there.
    """

    scorer: Scorer
    version: str
    key: str
    digest: str
    uri: str = ""


@dataclass(frozen=True, slots=True)
class BatchReport:
    """The result of batch scoring.

    Attributes
    ----------
    scored, rejected : int
        Numbers of rows, including those of earlier runs that this run continued.
    resumed : int
        Number of rows that earlier runs had finished.
    rows_per_second : float
        Speed of this run.
    unseen : mapping of str to int
        For each feature, the number of rows of this run with a level that training never saw. An
        unseen level is scored as missing.
    rejected_file : Path
        File of the rejected rows. It exists only if there are any.
    """

    scored: int
    rejected: int
    resumed: int
    rows_per_second: float
    unseen: dict[str, int]
    rejected_file: Path


@dataclass(slots=True)
class _Part:
    """The contents of the part that is being filled."""

    batches: list[pa.RecordBatch] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    rejected: int = 0
    rows: int = 0


def score_loans(
    model: BatchModel,
    files: Sequence[Path],
    output: Path,
    *,
    on_invalid: OnInvalid = "reject",
    part_rows: int = PART_ROWS,
) -> BatchReport:
    """Score the rows of files, in order, into one file.

    Parameters
    ----------
    model : BatchModel
    files : sequence of Path
        Parquet or CSV files.
    output : Path
        A file that ends in .parquet or .csv. Invalid rows go to `<output>.rejected`, a CSV file
        with the columns file, row (from 0), column and rule.
    on_invalid : {"reject", "fail"}
        `fail` stops at the first invalid row and leaves no output.
    part_rows : int
        Number of rows after which a part is saved. A run that was killed continues after the last
        saved part.

    Raises
    ------
    InputError
        A file cannot be read or lacks a column, the output cannot be written, or a row is invalid
        and `on_invalid` is `fail`.
    """
    columns = [model.key, *(n for n in model.scorer.contract.names if n != model.key)]
    schema = output_schema(model, files)
    finished = ResumableOutput(output, schema, _describe_job(model, files, on_invalid))
    done = finished.finished()
    start = done[-1].end if done else Position()
    resumed = sum(state.scored + state.rejected for state in done)
    unseen: Counter[str] = Counter()
    part, number, end, began = _Part(), len(done), start, time.monotonic()
    with tqdm(total=count_rows(files), initial=resumed, unit="row", unit_scale=True) as bar:
        for batch in read_batches(files, columns, start):
            unseen += _score_batch(model, batch, schema, part)
            if part.rejections and on_invalid == "fail":
                finished.discard()
                file, row, column, rule = part.rejections[0]
                raise InputError(f"input {file}: row {row}: {column} {rule}")
            bar.update(len(batch.rows) + len(batch.broken))
            end = batch.end
            if part.rows >= part_rows:
                _finish(finished, number, part, schema, end)
                part, number = _Part(), number + 1
    if part.rows or not number:
        _finish(finished, number, part, schema, end)
    states = finished.finished()
    finished.assemble()
    scored, rejected = (sum(getattr(s, name) for s in states) for name in ("scored", "rejected"))
    seconds = max(time.monotonic() - began, 1e-9)
    speed = (scored + rejected - resumed) / seconds
    return BatchReport(scored, rejected, resumed, speed, dict(unseen), finished.rejected)


def output_schema(model: BatchModel, files: Sequence[Path]) -> pa.Schema:
    """Check the columns of every file, and return the schema of the output.

    The key of the output has the type of the key in the first file.
    """
    schemas = [read_schema(file) for file in files]
    for file, schema in zip(files, schemas, strict=True):
        # nullable features are required too: a column that is missing altogether is a mistake
        for name in (model.key, *model.scorer.contract.names):
            if name not in schema.names:
                raise InputError(f"input {file}: column {name!r} is required")
    return pa.schema(
        [
            (model.key, schemas[0].field(model.key).type),
            *zip(FIELDS, (pa.float64(), pa.int64(), pa.float64()), strict=True),
            ("model_version", pa.string()),
        ]
    )


def _describe_job(
    model: BatchModel, files: Sequence[Path], on_invalid: OnInvalid
) -> dict[str, Any]:
    names = {"version": model.version, "digest": model.digest, "key": model.key}
    return {**names, "inputs": stamp_files(files), "on_invalid": on_invalid}


def _score_batch(
    model: BatchModel, batch: InputBatch, schema: pa.Schema, part: _Part
) -> Counter[str]:
    """Score a batch into `part`; return for each feature the number of rows with unseen levels."""
    records = batch.records
    encoded = model.scorer.contract.encode_batch(records, from_text=is_text(batch.file))
    keys = records.column(model.key)
    problems = find_problems(encoded, keys, model.key)
    invalid = np.zeros(records.num_rows, dtype=bool)
    invalid[[row for row, _, _ in problems]] = True
    name = batch.file.name
    rejections = [(name, int(batch.rows[row]), column, rule) for row, column, rule in problems]
    rejections += [(name, row, "", WRONG_FIELDS) for row in batch.broken]
    part.rejections += sorted(rejections)
    part.rejected += int(invalid.sum()) + len(batch.broken)
    part.rows += records.num_rows + len(batch.broken)
    matrix = encoded.matrix
    if invalid.any():
        matrix, keys = matrix[~invalid], keys.filter(pa.array(~invalid))
    decisions = model.scorer.score_encoded(EncodedRows(matrix))
    try:
        keys = keys.cast(schema.field(0).type)
    except pa.ArrowInvalid as error:
        raise InputError(
            f"input {batch.file}: key {model.key!r} must have the same type as in the first file"
        ) from error
    version = pa.repeat(model.version, len(keys))
    columns = [keys, *map(pa.array, decisions.columns().values()), version]
    part.batches.append(pa.RecordBatch.from_arrays(columns, schema=schema))
    return Counter(encoded.count_unseen())


def find_problems(encoded: EncodedRows, keys: pa.Array, key: str) -> list[tuple[int, str, str]]:
    """Return (row, column, rule) of every problem in a batch, sorted."""
    problems = [(p.row, p.field, p.problem) for p in encoded.problems]
    problems += [(int(row), key, REQUIRED) for row in np.flatnonzero(keys.is_null())]
    return sorted(problems)


def _finish(
    finished: ResumableOutput, number: int, part: _Part, schema: pa.Schema, end: Position
) -> None:
    table = pa.Table.from_batches(part.batches, schema)
    state = PartState(end, table.num_rows, part.rejected)
    finished.add(number, table, part.rejections, state)


def check_key(key: str | None, contract: FeatureContract) -> str:
    """Return the key's column; raise `InputError` if there is none or it is a feature."""
    if key is None:
        raise InputError("the version does not name the key column: give it with -P key=<column>")
    if key in contract.names:
        raise InputError(f"key {key!r} must not be a feature")
    return key

"""Score tables of loans in batches: decisions in order, invalid rows in a separate file."""

import datetime
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from tqdm import tqdm

from scoring_model.contract import EncodedRows
from scoring_model.policy import Decisions
from scoring_model.types import BoolArray
from train.batch.batch_log import BatchLog, PartLog
from train.batch.batch_model import BatchModel, output_schema
from train.batch.decided_days import read_decided_days
from train.batch.input_tables import (
    InputBatch,
    Position,
    count_rows,
    open_input,
    read_batches,
    stamp_tables,
)
from train.batch.references import NO_REFERENCES, read_references, reference_column
from train.batch.resumable_output import PartState, Rejection, ResumableOutput
from train.batch.table_rows import (
    count_warnings,
    current_day,
    find_problems,
    standard_rows,
    write_warnings,
)
from train.errors import InputError
from train.tables import OpenedSource, Source

PART_ROWS = 500_000
DECISIONS = ".decisions"
WRONG_FIELDS = "must have as many fields as the heading"
OnInvalid = Literal["reject", "fail"]


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
    warnings : mapping of str to int
        What there is to know about valid values, such as a level that training never saw, with the
        number of rows of this run.
    rejected_file : Path
        File of the rejected rows. It exists only if there are any.
    """

    scored: int
    rejected: int
    resumed: int
    rows_per_second: float
    warnings: dict[str, int]
    rejected_file: Path


@dataclass(slots=True)
class _Part:
    """The contents of the part that is being filled; its decisions are on disk already."""

    log: PartLog | None
    batches: list[pa.RecordBatch] = field(default_factory=list)
    rejections: list[Rejection] = field(default_factory=list)
    rejected: int = 0
    rows: int = 0


def score_loans(
    model: BatchModel,
    source: Source,
    output: Path,
    *,
    on_invalid: OnInvalid = "reject",
    part_rows: int = PART_ROWS,
    say: Callable[[str], None] = print,
    log: BatchLog | None = None,
) -> BatchReport:
    """Score the rows of a source, in order, into one file.

    Parameters
    ----------
    model : BatchModel
    source : Source
        Where the loans are; columns that the model does not use are ignored.
    output : Path
        A file that ends in .parquet or .csv. Invalid rows go to `<output>.rejected`, a CSV file
        with the columns file, row (from 0), column and rule.
    on_invalid : {"reject", "fail"}
        `fail` stops at the first invalid row and leaves no output.
    part_rows : int
        Number of rows after which a part is saved. A run over files that was killed continues after
        the last saved part.
    say : callable
        Called with each line about how the tables are read.
    log : BatchLog, optional
        Gets all decisions just before the output appears. A row whose reference is not valid is
        then invalid.

    Raises
    ------
    InputError
        A table cannot be read or lacks a column, the output or the log cannot be written, or a row
        is invalid and `on_invalid` is `fail`.
    """
    opened = open_input(source)
    for note in opened.notes:
        say(note)
    tables = opened.tables
    scoring = _Scoring(model, output_schema(model, tables), current_day(), on_invalid, log)
    finished = ResumableOutput(output, scoring.schema, scoring.describe(opened))
    done = finished.finished()
    end = done[-1].end if done else Position()
    resumed = sum(state.scored + state.rejected for state in done)
    number, began = len(done), time.monotonic()
    part = scoring.start(number, finished)
    with tqdm(total=count_rows(tables), initial=resumed, unit="row", unit_scale=True) as bar:
        for batch in read_batches(tables, scoring.columns, end):
            scoring.add(batch, part, finished)
            bar.update(len(batch.rows) + len(batch.broken))
            end = batch.end
            if part.rows >= part_rows:
                _finish(finished, number, part, end)
                number += 1
                part = scoring.start(number, finished)
    if part.rows or not number:
        _finish(finished, number, part, end)
    states = finished.finished()
    if log is not None:
        log.publish(finished.part_file(number, DECISIONS) for number in range(len(states)))
    finished.assemble()
    scored, rejected = (sum(getattr(s, name) for s in states) for name in ("scored", "rejected"))
    speed = (scored + rejected - resumed) / max(time.monotonic() - began, 1e-9)
    warnings = dict(scoring.warnings)
    return BatchReport(scored, rejected, resumed, speed, warnings, finished.rejected)


@dataclass(slots=True)
class _Scoring:
    """Scores batch after batch, all decided on one day."""

    model: BatchModel
    schema: pa.Schema
    day: datetime.date
    on_invalid: OnInvalid
    log: BatchLog | None
    warnings: Counter[str] = field(default_factory=Counter)

    @property
    def columns(self) -> list[str]:
        """The columns to read from each table, if it has them."""
        logged = (reference_column(self.model), self.model.decision_date) if self.log else ()
        return list(dict.fromkeys([*self.model.columns, *filter(None, logged)]))

    def start(self, number: int, finished: ResumableOutput) -> _Part:
        """Return an empty part."""
        if self.log is None:
            return _Part(None)
        return _Part(PartLog(self.log, self.model, finished.part_file(number, DECISIONS)))

    def describe(self, opened: OpenedSource) -> dict[str, Any]:
        """Return what identifies the job: parts of another job are not continued."""
        model = self.model
        names = {"version": model.version, "digest": model.digest, "key": model.key}
        # decisions that count from today must not be continued tomorrow
        day = self.day.isoformat() if model.scorer.contract.decision_date else ""
        log = self.log.name if self.log else ""
        names |= {"on_invalid": self.on_invalid, "day": day, "decision_log": log}
        return {**names, "inputs": stamp_tables(opened)}

    def add(self, batch: InputBatch, part: _Part, finished: ResumableOutput) -> None:
        """Score a batch into `part`."""
        model, contract, table = self.model, self.model.scorer.contract, batch.table
        records = standard_rows(contract, batch.records, table.read, self.day)
        encoded = contract.encode_batch(records, from_text=True)
        keys = self._keys(batch)
        problems = find_problems(encoded, keys, model.key_column)
        references = read_references(model, batch.records) if self.log else NO_REFERENCES
        problems = sorted(problems + references.find_problems())
        rejections = [
            (batch.file, int(batch.rows[row]), column, rule) for row, column, rule in problems
        ]
        rejections += [(batch.file, row, "", WRONG_FIELDS) for row in batch.broken]
        if rejections and self.on_invalid == "fail":
            finished.discard()
            file, row, column, rule = min(rejections)
            raise InputError(f"input {file}: row {row}: {column} {rule}")
        part.rejections += sorted(rejections)
        valid = np.ones(records.num_rows, dtype=bool)
        valid[[row for row, _, _ in problems]] = False
        part.rejected += int((~valid).sum()) + len(batch.broken)
        part.rows += records.num_rows + len(batch.broken)
        self.warnings += count_warnings(encoded)
        matrix = encoded.matrix if valid.all() else encoded.matrix[valid]
        decisions = model.scorer.score_encoded(EncodedRows(matrix))
        part.batches.append(self._tabulate(encoded, keys, decisions, valid))
        if part.log:
            days = read_decided_days(model, batch.records, table.read, encoded, valid)
            part.log.add(records, encoded, references, decisions, valid, days)

    def _keys(self, batch: InputBatch) -> pa.Array:
        if self.model.key is None:
            return pa.array(batch.rows + batch.end.before)
        try:
            return batch.records.column(self.model.key).cast(self.schema.field(0).type)
        except pa.ArrowInvalid as error:
            raise InputError(
                f"input {batch.table.name}: key {self.model.key!r} must have the same type as in "
                "the first file"
            ) from error

    def _tabulate(
        self, encoded: EncodedRows, keys: pa.Array, decisions: Decisions, valid: BoolArray
    ) -> pa.RecordBatch:
        warnings = write_warnings(encoded, len(keys))
        if not valid.all():
            keys, warnings = (column.filter(pa.array(valid)) for column in (keys, warnings))
        version = pa.repeat(self.model.version, len(keys))
        columns = [keys, *map(pa.array, decisions.columns().values()), version, warnings]
        return pa.RecordBatch.from_arrays(columns, schema=self.schema)


def _finish(finished: ResumableOutput, number: int, part: _Part, end: Position) -> None:
    if part.log:
        part.log.close(part.rejected)
    table = pa.Table.from_batches(part.batches, finished.schema)
    state = PartState(end, table.num_rows, part.rejected)
    finished.add(number, table, part.rejections, state)

"""`SparkTables`: tables of facts on a Spark cluster."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from monitoring.decisions import find_sent_scorer
from monitoring.facts.extraction import Extraction, ExtractionTally, Wanted
from monitoring.facts.tables import DECISIONS
from scoring_model.decision_log import FolderReader, LoggedSegment

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_TALLY = "tally"
# a row is a decision, or the tally of a segment
_EXTRACTED = pa.schema([*DECISIONS, (_TALLY, pa.string())])


class SparkTables:
    """Implements `FactTables` in one Spark session.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
        A session from `open_spark`.
    """

    def __init__(self, session: "SparkSession") -> None:
        self._session = session
        self._kept: list[DataFrame] = []

    def load(self, name: str, schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> None:
        """Make a table of record batches of this process."""
        table = pa.Table.from_batches(batches, schema)
        self._session.createDataFrame(table).createOrReplaceTempView(name)

    def load_segments(
        self,
        name: str,
        place: Path,
        segments: Sequence[LoggedSegment],
        wanted: Wanted,
        files: Mapping[str, Mapping[str, bytes]],
        others: str,
    ) -> ExtractionTally:
        """Make a table of the decisions of sealed segments, one task for each; return the counts.

        Parameters
        ----------
        name : str
        place : Path
            The folder of the log, which every machine of the cluster sees under this path.
        segments : sequence of LoggedSegment
        wanted : Wanted
        files : mapping of str to mapping
            Files of each version that was found, by manifest, as `make_scorer` takes them.
        others : str
            A table whose rows are added.
        """
        from pyspark.sql.pandas.types import from_arrow_schema

        sent = self._session.sparkContext.broadcast(files)
        task = partial(_extract, place, segments, wanted, sent)
        numbers = self._session.range(0, len(segments), 1, max(len(segments), 1))
        rows = self._keep(numbers.mapInArrow(task, from_arrow_schema(_EXTRACTED)))
        tally = ExtractionTally()
        for row in rows.where(rows[_TALLY].isNotNull()).select(_TALLY).collect():
            tally.add(ExtractionTally.from_json(row[_TALLY]))
        decisions = rows.where(rows[_TALLY].isNull()).drop(_TALLY)
        decisions.union(self._session.table(others)).createOrReplaceTempView(name)
        return tally

    def define(self, name: str, sql: str) -> None:
        """Make a table of the rows that a query returns."""
        self._keep(self._session.sql(sql)).createOrReplaceTempView(name)

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        found: list[dict[str, Any]] = self.columns(sql).to_pylist()
        return found

    def columns(self, sql: str) -> pa.Table:
        """Return the rows of a query as a table."""
        return self._session.sql(sql).toArrow()

    def close(self) -> None:
        """Free what Spark keeps: it may go on running for somebody else."""
        for frame in self._kept:
            frame.unpersist()

    def _keep(self, frame: "DataFrame") -> "DataFrame":
        """Return a frame whose rows are computed once."""
        self._kept.append(frame.persist())
        return self._kept[-1]


def _extract(
    place: Path,
    segments: Sequence[LoggedSegment],
    wanted: Wanted,
    files: Any,
    numbers: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    """Yield the decisions of some segments, then their tally."""
    extraction = Extraction(wanted, partial(find_sent_scorer, files.value))
    reader = FolderReader(place)
    chosen = chain.from_iterable(batch.column(0).to_pylist() for batch in numbers)
    pairs = chain.from_iterable(reader.pairs(segments[number]) for number in chosen)
    for batch in extraction.read(pairs):
        absent = pa.nulls(batch.num_rows, pa.string())
        yield pa.RecordBatch.from_arrays([*batch.columns, absent], schema=_EXTRACTED)
    row = [pa.nulls(1, column.type) for column in DECISIONS]
    tally = pa.array([extraction.tally.to_json()])
    yield pa.RecordBatch.from_arrays([*row, tally], schema=_EXTRACTED)

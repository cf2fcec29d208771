"""Work on the sealed segments of a log on Spark: one task for each segment."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from monitoring.decisions.logged_records import name_version, parse_record
from scoring_model.decision_log import LoggedSegment, SegmentFiles, VersionName
from scoring_model.version import Scorer, make_scorer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SCHEMA = "kind string, text string"
# a Python worker of Spark runs many tasks
_SCORERS: dict[str, Scorer] = {}
# the work on a segment yields kinds and values of JSON
Work = Callable[[Path, LoggedSegment], Iterable[tuple[str, Any]]]
# takes the id and the time of a decision
Takes = Callable[[str, str], bool]


def work_on_segments(
    session: "SparkSession", place: Path, segments: Sequence[LoggedSegment], work: Work
) -> Iterator[tuple[str, Any]]:
    """Yield what the work on all segments yields.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
        A session from `open_spark`.
    place : Path
        The folder of the log, which every machine of the cluster sees under this path.
    segments : sequence of LoggedSegment
        Sealed ones, so that no decision comes to them in the meantime.
    work : callable
        Takes the folder and a segment; yields kinds and values of JSON.
    """
    count = len(segments)
    task = partial(_run_task, place, segments, work)
    rows = session.range(0, count, 1, count).mapInArrow(task, _SCHEMA).persist()
    try:
        # all tasks at once; the iterator would run one after the other
        rows.count()
        for row in rows.toLocalIterator():
            yield row["kind"], orjson.loads(row["text"])
    finally:
        rows.unpersist()


def _run_task(
    place: Path,
    segments: Sequence[LoggedSegment],
    work: Work,
    numbers: Iterable[pa.RecordBatch],
) -> Iterator[pa.RecordBatch]:
    for number in [number for batch in numbers for number in batch.column(0).to_pylist()]:
        results = [(kind, orjson.dumps(of).decode()) for kind, of in work(place, segments[number])]
        kinds, texts = zip(*results, strict=True) if results else ((), ())
        columns = [pa.array(kinds, pa.string()), pa.array(texts, pa.string())]
        yield pa.RecordBatch.from_arrays(columns, ["kind", "text"])


def list_logged_versions(
    session: "SparkSession", place: Path, segments: Sequence[LoggedSegment], takes: Takes
) -> list[VersionName]:
    """Return the versions that made the decisions which `takes` selects, sorted."""
    found = work_on_segments(session, place, segments, partial(_list_versions, takes))
    return sorted({VersionName(*name) for _, name in found}, key=str)


def _list_versions(
    takes: Takes, place: Path, segment: LoggedSegment
) -> Iterator[tuple[str, list[str | None]]]:
    found: set[VersionName] = set()
    for text in SegmentFiles(place / segment.writer, segment.number).read_records():
        with suppress(ValueError):
            record = parse_record(text)
            if takes(record["id"], record["time"]):
                found.add(name_version(record))
    for name in found:
        yield "version", list(name)


def find_sent_scorer(files: Mapping[str, Mapping[str, bytes]], name: VersionName) -> Scorer | None:
    """Return a version in a task of Spark, made once for each worker.

    Parameters
    ----------
    files : mapping
        The files of each version that was sent to the task, by manifest.
    name : VersionName

    Returns
    -------
    Scorer or None
        None if it was not sent.
    """
    if name.manifest not in files:
        return None
    if name.manifest not in _SCORERS:
        _SCORERS[name.manifest] = make_scorer(files[name.manifest], name.version)
    return _SCORERS[name.manifest]

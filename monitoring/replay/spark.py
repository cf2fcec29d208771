"""`replay_on_spark`: each task replays sealed segments with the same code as on one machine."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa

from monitoring.replay.comparison import Difference
from monitoring.replay.logged_row import name_version, parse_record
from monitoring.replay.replayer import Replayer
from monitoring.replay.selection import Selection
from monitoring.replay.tally import Tally
from scoring_model.decision_log import FolderReader, LoggedSegment, SegmentFiles, VersionName
from scoring_model.version import Scorer, make_scorer

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_SCHEMA = "kind string, text string"
_TALLY, _DIFFERENCE, _VERSION = "tally", "difference", "version"
# the work on a segment yields kinds and values of JSON
Work = Callable[[Path, LoggedSegment], Iterable[tuple[str, Any]]]
# a Python worker of Spark runs many tasks
_SCORERS: dict[str, Scorer] = {}


def replay_on_spark(
    session: "SparkSession",
    place: Path,
    segments: Sequence[LoggedSegment],
    selection: Selection,
    find_files: Callable[[VersionName], Mapping[str, bytes] | None],
    note: Callable[[Difference], None],
) -> Tally:
    """Replay segments on Spark; return the counts.

    Parameters
    ----------
    session : pyspark.sql.SparkSession
        A session from `open_spark`.
    place : Path
        The folder of the log, which every machine of the cluster sees under this path.
    segments : sequence of LoggedSegment
        Sealed ones, so that no decision comes to them in the meantime.
    selection : Selection
    find_files : callable
        Returns the files of a version, or None if it is not found.
    note : callable
        Called with each difference.
    """
    tally = Tally()
    if not segments:
        return tally
    run = partial(_run, session, place, segments)
    named = {VersionName(*name) for _, name in run(partial(_list_versions, selection))}
    found = {name.manifest: files for name in sorted(named, key=str) if (files := find_files(name))}
    files = session.sparkContext.broadcast(found)
    for kind, fields in run(partial(_replay, selection, files)):
        if kind == _TALLY:
            tally.add(Tally.from_fields(fields))
        else:
            note(Difference.from_fields(fields))
    files.unpersist()
    return tally


def _run(
    session: "SparkSession", place: Path, segments: Sequence[LoggedSegment], work: Work
) -> Iterator[tuple[str, Any]]:
    """Yield what the tasks return; one task for each segment."""
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


def _list_versions(
    selection: Selection, place: Path, segment: LoggedSegment
) -> Iterator[tuple[str, list[str | None]]]:
    """Yield the versions that made the selected decisions."""
    found: set[VersionName] = set()
    for text in SegmentFiles(place / segment.writer, segment.number).read_records():
        with suppress(ValueError):
            record = parse_record(text)
            if selection.takes(record["id"], record["time"]):
                found.add(name_version(record))
    for name in found:
        yield _VERSION, list(name)


def _replay(
    selection: Selection, files: Any, place: Path, segment: LoggedSegment
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Replay a segment: yield the differences, then the counts."""
    differences: list[Difference] = []
    replayer = Replayer(selection, partial(_find_scorer, files.value), differences.append)
    for pair in FolderReader(place).pairs(segment):
        replayer.add(pair)
    replayer.finish()
    for difference in differences:
        yield _DIFFERENCE, difference.to_fields()
    yield _TALLY, replayer.tally.to_fields()


def _find_scorer(files: Mapping[str, Mapping[str, bytes]], name: VersionName) -> Scorer | None:
    if name.manifest not in files:
        return None
    if name.manifest not in _SCORERS:
        _SCORERS[name.manifest] = make_scorer(files[name.manifest], name.version)
    return _SCORERS[name.manifest]

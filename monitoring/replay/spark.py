"""`replay_on_spark`: each task replays sealed segments with the same code as on one machine."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monitoring.decisions import find_sent_scorer, list_logged_versions, work_on_segments
from monitoring.replay.comparison import Difference
from monitoring.replay.replayer import Replayer
from monitoring.replay.selection import Selection
from monitoring.replay.tally import Tally
from scoring_model.decision_log import FolderReader, LoggedSegment, VersionName

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

_TALLY, _DIFFERENCE = "tally", "difference"


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
    named = list_logged_versions(session, place, segments, selection.takes)
    found = {name.manifest: files for name in named if (files := find_files(name))}
    files = session.sparkContext.broadcast(found)
    work = partial(_replay, selection, files)
    for kind, fields in work_on_segments(session, place, segments, work):
        if kind == _TALLY:
            tally.add(Tally.from_fields(fields))
        else:
            note(Difference.from_fields(fields))
    files.unpersist()
    return tally


def _replay(
    selection: Selection, files: Any, place: Path, segment: LoggedSegment
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Replay a segment: yield the differences, then the counts."""
    differences: list[Difference] = []
    replayer = Replayer(selection, partial(find_sent_scorer, files.value), differences.append)
    for pair in FolderReader(place).pairs(segment):
        replayer.add(pair)
    replayer.finish()
    for difference in differences:
        yield _DIFFERENCE, difference.to_fields()
    yield _TALLY, replayer.tally.to_fields()

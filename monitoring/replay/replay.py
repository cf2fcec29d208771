"""`replay_decisions`: replay a decision log on this machine or on Spark."""

import time
from collections.abc import Callable
from pathlib import Path

from monitoring.decisions import VersionFinder
from monitoring.replay.comparison import Difference
from monitoring.replay.replayer import Replayer
from monitoring.replay.report import open_report, require_equal
from monitoring.replay.selection import Selection
from monitoring.replay.tally import Tally
from scoring_model.decision_log import LoggedSegment, LogReader
from train.engines import open_spark

Note = Callable[[Difference], None]


def replay_decisions(
    reader: LogReader,
    place: str,
    selection: Selection,
    finder: VersionFinder,
    engine: str,
    say: Callable[[str], None],
) -> None:
    """Make decisions again, report the result and log it in the active run.

    Parameters
    ----------
    reader : LogReader
    place : str
        The log that it reads.
    selection : Selection
    finder : VersionFinder
    engine : {"local", "spark"}
    say : callable
        Called with each line for the user.

    Raises
    ------
    DecisionsDiffer
        An answer differs, a version was not found, or a decision is damaged.
    InputError
        There is no such decision, or Spark fails.
    """
    began = time.monotonic()
    with open_report(say) as report:
        segments = list(reader.segments())
        tally = Tally()
        if engine == "spark":
            sealed = [segment for segment in segments if segment.seal is not None]
            tally.add(_replay_on_spark(reader, Path(place), sealed, selection, finder, report.note))
            # tasks that read a growing file twice would not see the same decisions
            segments = [segment for segment in segments if segment.seal is None]
        tally.add(_replay_here(reader, segments, selection, finder, report.note))
        report.finish(tally, finder, time.monotonic() - began)
    require_equal(tally, str(selection))


def _replay_here(
    reader: LogReader,
    segments: list[LoggedSegment],
    selection: Selection,
    finder: VersionFinder,
    note: Note,
) -> Tally:
    replayer = Replayer(selection, finder.find_scorer, note)
    for segment in segments:
        for pair in reader.pairs(segment):
            replayer.add(pair)
    replayer.finish()
    return replayer.tally


def _replay_on_spark(
    reader: LogReader,
    place: Path,
    segments: list[LoggedSegment],
    selection: Selection,
    finder: VersionFinder,
    note: Note,
) -> Tally:
    from monitoring.replay.spark import replay_on_spark

    with open_spark(f"decisions {reader.shown}") as session:
        folder = place.absolute()
        return replay_on_spark(session, folder, segments, selection, finder.find_files, note)

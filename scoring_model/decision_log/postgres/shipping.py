"""`ship_spool`: copies all that waits in a spool into the database, and removes what is there."""

import os
import shutil
import time
from pathlib import Path

from scoring_model.decision_log.postgres.connection import connect_log, reported_errors
from scoring_model.decision_log.postgres.copying import LogCopier
from scoring_model.decision_log.postgres.spool_lines import (
    OpenedSegment,
    forget_lines,
    read_documents,
)
from scoring_model.decision_log.postgres.spool_progress import (
    SegmentProgress,
    SpoolProgress,
    WriterProgress,
)
from scoring_model.decision_log.postgres.spool_state import (
    has_begun,
    has_ended_writer,
    lock_spool,
    read_concern,
)
from scoring_model.decision_log.postgres.tables import Connection, prepare_tables
from scoring_model.decision_log.segments import (
    COUNTS_FILE,
    SHADOW_FILE,
    LogFormatError,
    SegmentFiles,
    list_segments,
    list_writers,
    lock_folder,
)
from scoring_model.settings import to_masked_line

_WAIT_SECONDS = 0.1
_TABLES = {SHADOW_FILE: "decision_log_shadows", COUNTS_FILE: "decision_log_counts"}


class SpoolShipment:
    """Copies a spool on one connection; for the process that holds the lock of the spool.

    Parameters
    ----------
    spool : Path
    connection : psycopg.Connection
        The tables must be there.
    """

    def __init__(self, spool: Path, connection: Connection) -> None:
        self._spool = spool
        self._copier = LogCopier(connection)
        self._progress = SpoolProgress(spool)

    def run(self) -> list[str]:
        """Copy all that is there now.

        Returns
        -------
        list of str
            A line about each damaged segment.

        Raises
        ------
        psycopg.Error
            The database cannot be reached, or refuses the rows.
        OSError
            The spool cannot be read or written.
        """
        problems = []
        for writer in list_writers(self._spool):
            folder, progress = self._spool / writer, self._progress.of(writer)
            for files in list_segments(folder):
                self._ship_segment(files, progress)
                if files.number in progress.segments and progress.segments[files.number].damaged:
                    problems.append(
                        f"segment {files.number} of the decision log's writer {writer} is damaged: "
                        "what can be read of it is in the database, and its files stay"
                    )
            for name in _TABLES:
                self._ship_documents(folder / name, progress)
            if _is_shipped(folder):
                self._remove_writer(folder, progress)
        return problems

    def _ship_segment(self, files: SegmentFiles, progress: WriterProgress) -> None:
        at = progress.segments.get(files.number) or SegmentProgress()
        if not at.sealed and files.records.exists() and files.personal.exists():
            progress.segments[files.number] = at
            # a segment with a seal does not grow
            seal = files.seal.read_bytes() if files.seal.exists() else None
            with OpenedSegment(files) as opened:
                if opened.sizes != (at.records, at.personal):
                    self._ship_lines(files, opened, at)
                if seal and opened.sizes != (at.records, at.personal):
                    at.damaged = True
            if seal:
                self._copier.add_seal(files.folder.name, files.number, seal)
                at.sealed = True
                self._progress.save()
        if at.sealed and not at.damaged:
            files.records.unlink(missing_ok=True)
            files.personal.unlink(missing_ok=True)
            # the next seal names the latest one only; a damaged segment keeps its files
            for number in range(files.number):
                if number not in progress.segments:
                    SegmentFiles(files.folder, number).seal.unlink(missing_ok=True)
            del progress.segments[files.number]
            self._progress.save()

    def _ship_lines(self, files: SegmentFiles, opened: OpenedSegment, at: SegmentProgress) -> None:
        opened.sync()
        while batch := opened.read_batch(at.records, at.personal):
            records, personal = zip(*batch, strict=True)
            writer = files.folder.name
            if self._copier.copy_decisions(writer, files.number, records, personal):
                at.damaged = True
            else:
                forget_lines(files.personal, at.personal, personal)
            at.records += sum(map(len, records))
            at.personal += sum(map(len, personal))
            self._progress.save()

    def _ship_documents(self, path: Path, progress: WriterProgress) -> None:
        start = progress.lines.get(path.name, 0)
        if not path.exists() or path.stat().st_size == start:
            return
        lines, end = read_documents(path, start)
        if lines:
            self._copier.add_documents(_TABLES[path.name], path.parent.name, lines)
            progress.lines[path.name] = end
            self._progress.save()

    def _remove_writer(self, folder: Path, progress: WriterProgress) -> None:
        descriptor = lock_folder(folder)
        if descriptor is None:
            return
        try:
            # it may have written until just now
            if _is_shipped(folder) and not any(
                read_documents(folder / name, progress.lines.get(name, 0))[0]
                for name in _TABLES
                if (folder / name).exists()
            ):
                shutil.rmtree(folder)
                self._progress.writers.pop(folder.name)
                self._progress.save()
        finally:
            os.close(descriptor)


def _is_shipped(folder: Path) -> bool:
    """Return whether no segment waits in a folder."""
    return has_begun(folder) and not any(f.records.exists() for f in list_segments(folder))


def open_shipment(spool: Path, url: str) -> tuple[Connection, SpoolShipment]:
    """Connect to the database of a spool, and make its tables if there are none."""
    connection = connect_log(url)
    try:
        prepare_tables(connection, to_masked_line(url))
        return connection, SpoolShipment(spool, connection)
    except BaseException:
        connection.close()
        raise


def ship_spool(spool: Path, url: str) -> None:
    """Copy all that is in a spool now into the database.

    If another process ships this spool, wait until it has copied what ended writers have left.

    Parameters
    ----------
    spool : Path
        `LogSettings.folder` of the database.
    url : str
        Names the database.

    Raises
    ------
    ConnectionError
        The database cannot be reached, or refuses the rows: they stay in the spool.
    LogFormatError
        The database holds a newer format, or a segment is damaged.
    OSError
        The spool cannot be read or written.
    """
    while (descriptor := lock_spool(spool)) is None:
        if concern := read_concern(spool):
            raise ConnectionError(concern)
        if not has_ended_writer(spool):
            return
        time.sleep(_WAIT_SECONDS)
    try:
        with reported_errors(url):
            connection, shipment = open_shipment(spool, url)
            with connection:
                problems = shipment.run()
        if problems:
            raise LogFormatError(problems[0])
    finally:
        os.close(descriptor)

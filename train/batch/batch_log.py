"""`BatchLog`: the decisions of a job, which enter a decision log when all of them are made."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from scoring_model.contract import EncodedRows
from scoring_model.decision_log import (
    DATABASES,
    LogFormatError,
    LogSettings,
    LogWriter,
    NewDecision,
    Origin,
    PersonalValues,
    open_log,
    sync_folder,
    write_applicant,
)
from scoring_model.policy import Decisions
from scoring_model.types import BoolArray
from train.batch.batch_model import BatchModel
from train.batch.references import References
from train.errors import InputError, reason_of
from train.tables import hide_password

_ROUTE = "batch"
_REFUSED = ("refused", "invalid_rows")
# more rows at a time would need more memory, and are not faster
_STEP_ROWS = 4096


class BatchLog:
    """A decision log that batch scoring writes into.

    Parameters
    ----------
    settings : LogSettings

    Attributes
    ----------
    name : str
        Name of the log.
    values : PersonalValues
        Writes the personal part of a decision.

    Raises
    ------
    InputError
        The log cannot be written, or is none that this release knows.
    """

    def __init__(self, settings: LogSettings) -> None:
        self._settings = settings
        self._shown = hide_password(settings.place)
        self._is_database = settings.place.startswith(DATABASES)
        self.values = PersonalValues(settings.key.encode() or None)
        with self.errors():
            if self._is_database:
                # its driver takes a part of a second to import
                from scoring_model.decision_log.postgres import check_database_url

                check_database_url(settings.place)
            self.name = open_log(settings.folder)
            if not os.access(settings.folder, os.W_OK):
                raise OSError(errno.EACCES, os.strerror(errno.EACCES))
            # a database that is away now ends the job before it begins
            self._ship()

    @contextlib.contextmanager
    def errors(self) -> Iterator[None]:
        """Turn the errors of a log into an `InputError` of one line."""
        try:
            yield
        except LogFormatError as error:
            raise InputError(f"decision_log: {error}") from error
        except OSError as error:
            reason = error.strerror or reason_of(error)
            raise InputError(f"decision_log {self._shown}: cannot be written: {reason}") from error

    def publish(self, parts: Iterable[Path]) -> None:
        """Move the decisions of a finished job into the log.

        If this is killed, or the database is away, another call does the rest.

        Parameters
        ----------
        parts : iterable of Path
            The folder of each part's `PartLog`.
        """
        with self.errors():
            for part in parts:
                for writer in list(part.iterdir()):
                    self._move(writer)
            self._ship()

    def _ship(self) -> None:
        """Copy what waits for the database into it; do nothing for a folder."""
        if self._is_database:
            from scoring_model.decision_log.postgres import ship_spool

            ship_spool(self._settings.folder, self._settings.place)

    def _move(self, folder: Path) -> None:
        target = self._settings.folder / folder.name
        if not target.exists():
            try:
                folder.rename(target)
                sync_folder(target.parent)
            except OSError as error:
                if error.errno != errno.EXDEV:
                    raise
                _copy_folder(folder, target)
        # what a copy leaves
        shutil.rmtree(folder, ignore_errors=True)


class PartLog:
    """The decisions of one part, which wait in a folder beside the output.

    Parameters
    ----------
    log : BatchLog
    model : BatchModel
    folder : Path
        What a killed run has left in it is removed.
    """

    def __init__(self, log: BatchLog, model: BatchModel, folder: Path) -> None:
        self._log = log
        self._contract = model.scorer.contract
        self._origin = Origin(model.name, _ROUTE, None)
        with log.errors():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(mode=0o700)
        self._writer = LogWriter(folder)

    def add(
        self,
        records: pa.RecordBatch,
        encoded: EncodedRows,
        references: References,
        decisions: Decisions,
        valid: BoolArray,
        days: Sequence[str | None],
    ) -> None:
        """Write the decisions about some rows.

        Parameters
        ----------
        records : pyarrow.RecordBatch
            All rows, also those that were not scored, in standard text.
        encoded : EncodedRows
            The same rows.
        references : References
            The references of the same rows.
        decisions : Decisions
            About the rows that were scored.
        valid : ndarray of bool, shape (rows,)
            Which rows were scored.
        days : sequence of str or None
            The day of each decision, from `read_decided_days`.
        """
        notices = encoded.notices_by_row()
        columns = (decisions.probability, decisions.threshold, decisions.score)
        numbers = np.flatnonzero(valid)
        kept = records.filter(pa.array(valid))
        for start in range(0, len(numbers), _STEP_ROWS):
            step = slice(start, start + _STEP_ROWS)
            applicants = self._contract.list_records(kept.slice(start, _STEP_ROWS), from_text=True)
            personal = [
                self._log.values.write(
                    write_applicant(applicant), references.values[row], notices.get(row, ())
                )
                for row, applicant in zip(numbers[step].tolist(), applicants, strict=True)
            ]
            answers = (column[step].tolist() for column in columns)
            for decided in map(NewDecision, *answers, personal, days[step]):
                self._writer.add(self._origin, decided)
            with self._log.errors():
                self._writer.commit()

    def close(self, rejected: int) -> None:
        """Seal the part's decisions, and count its rejected rows."""
        with self._log.errors():
            if rejected:
                self._writer.write_counts({_REFUSED: rejected})
            self._writer.close()


def _copy_folder(folder: Path, target: Path) -> None:
    """Copy a folder to another disk, where it appears when it is complete and on the disk."""
    unfinished = target.with_name(f".{target.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(folder, unfinished)
    for file in unfinished.iterdir():
        with file.open("rb") as copied:
            os.fsync(copied.fileno())
    sync_folder(unfinished)
    unfinished.rename(target)
    sync_folder(target.parent)

"""`DecisionLog`: what a process has decided, and what it has refused."""

import asyncio
import contextlib
import os
import time
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson

from scoring_model.decision_log.appended_file import append_lines
from scoring_model.decision_log.identifiers import writer_of
from scoring_model.decision_log.log_place import DATABASES, LogSettings, describe_error, open_log
from scoring_model.decision_log.lookup import look_up
from scoring_model.decision_log.records import NewDecision, Origin, PersonalValues, VersionName
from scoring_model.decision_log.repair import close_abandoned
from scoring_model.decision_log.segments import SHADOW_FILE
from scoring_model.decision_log.writer import LogWriter
from scoring_model.errors import LogUnavailable
from scoring_model.policy import Decisions
from scoring_model.telemetry import write_event

if TYPE_CHECKING:
    from scoring_model.decision_log.postgres import Shipper

_COUNT_SECONDS, _REPAIR_SECONDS = 10.0, 60.0
_PROBE_BYTES = 4096


class DecisionLog:
    """Logs the decisions of one process; for one thread.

    Parameters
    ----------
    settings : LogSettings

    Attributes
    ----------
    values : PersonalValues
        Writes the personal part of a decision.
    problem : str
        Why decisions cannot be logged now; empty if they can.

    Raises
    ------
    LogFormatError, OSError
        The folder cannot be used, or the URL is wrong. A database that is away is no error.
    """

    def __init__(self, settings: LogSettings) -> None:
        self._settings = settings
        self._folder = settings.folder
        self._shipper = self._make_shipper()
        open_log(self._folder)
        self.values = PersonalValues(settings.key.encode() or None)
        self.problem = ""
        self._writer = self._make_writer()
        self._counts: Counter[tuple[str, str]] = Counter()

    def _make_shipper(self) -> "Shipper | None":
        if not self._settings.place.startswith(DATABASES):
            return None
        # the driver takes a part of a second to import
        from scoring_model.decision_log.postgres import Shipper, check_database_url

        check_database_url(self._settings.place)
        return Shipper(self._folder, self._settings.place)

    @property
    def concern(self) -> str:
        """Why decisions do not reach the database now; empty if they do, or if there is none."""
        return self._shipper.concern if self._shipper else ""

    def _make_writer(self) -> LogWriter:
        return LogWriter(self._folder, is_synced=self._settings.is_synced)

    def add(self, origin: Origin, decided: NewDecision) -> str:
        """Return the id of a decision; `commit` writes it."""
        return self._writer.add(origin, decided)

    def add_many(self, origin: Origin, decided: Sequence[NewDecision]) -> list[str]:
        """Return the ids of decisions; `commit` writes them."""
        return [self.add(origin, each) for each in decided]

    def commit(self) -> bool:
        """Write what was added since the last call.

        Returns
        -------
        bool
            False if it could not be written, and the decisions are answered all the same: their
            ids must not be answered.

        Raises
        ------
        LogUnavailable
            It could not be written, and the decisions must not be answered.
        """
        try:
            self._writer.commit()
        except OSError as error:
            self._note_failure(error)
        else:
            self.problem = ""
            return True
        if not self._settings.answers_on_failure:
            raise LogUnavailable(self.problem)
        return False

    def _note_failure(self, error: OSError) -> None:
        before = self.problem
        self.problem = f"the decision log cannot be written: {describe_error(error)}"
        if self.problem != before:
            write_event("error", self.problem)
        if self._writer.is_broken:
            with contextlib.suppress(OSError):
                self._writer.close()
            self._writer = self._make_writer()

    def probe(self) -> None:
        """Find out whether decisions can be logged again: set `problem`."""
        probe = self._folder / f"{os.getpid()}.unfinished"
        try:
            probe.write_bytes(bytes(_PROBE_BYTES))
        except OSError as error:
            self._note_failure(error)
        else:
            self.problem = ""
        finally:
            with contextlib.suppress(OSError):
                probe.unlink()

    def require_writable(self) -> None:
        """Raise `LogUnavailable` if decisions cannot be logged, and are not answered then."""
        if self.problem:
            self.probe()
        if self.problem and not self._settings.answers_on_failure:
            raise LogUnavailable(self.problem)

    def count(self, kind: str, cause: str, number: int) -> None:
        """Count what has no record.

        Parameters
        ----------
        kind : {"refused", "simulated", "unlogged"}
            Refused requests, simulated applicants, or decisions that could not be logged.
        cause : str
            Code of the error; empty if there is none.
        number : int
        """
        self._counts[kind, cause] += number

    def note_shadow(self, ids: Sequence[str], version: VersionName, decisions: Decisions) -> None:
        """Write what the version in the shadow would have decided; an error is only reported.

        Parameters
        ----------
        ids : sequence of str
            One for each decision, or none at all. An empty text is a decision that is not logged.
        version : VersionName
            The version in the shadow.
        decisions : Decisions
        """
        notes: defaultdict[str, list[dict[str, object]]] = defaultdict(list)
        for identifier, answer in zip(ids, decisions.answers(), strict=False):
            if identifier:
                # a spool may already have removed the folder of another writer
                writer = self._writer.name if self._shipper else writer_of(identifier)
                notes[writer].append({"id": identifier, **version._asdict(), **answer})
        try:
            if self._shipper:
                self._writer.make_folder()
            for writer, answers in notes.items():
                lines = list(map(orjson.dumps, answers))
                append_lines(self._folder / writer / SHADOW_FILE, lines)
        except OSError as error:
            write_event("error", f"{SHADOW_FILE} of the decision log: {type(error).__name__}")

    def find(self, identifier: str) -> dict[str, object] | None:
        """Return all about a decision of any process, as `look_up` does; any thread may ask."""
        return look_up(self._folder, self._settings.place, identifier)

    async def run(self) -> None:
        """Write counts, ship, and seal what killed processes left open, until cancelled."""
        if self._shipper:
            self._shipper.start()
        due = 0.0
        while True:
            if time.monotonic() >= due:
                await asyncio.to_thread(self._repair)
                due = time.monotonic() + _REPAIR_SECONDS
            await asyncio.sleep(_COUNT_SECONDS)
            self._write_counts()

    def _repair(self) -> None:
        def say(line: str) -> None:
            write_event("repaired", f"decision log: {line}")

        try:
            close_abandoned(self._folder, say)
        except (OSError, ValueError) as error:
            write_event("error", f"decision log: {type(error).__name__}")

    def _write_counts(self) -> None:
        counts, self._counts = self._counts, Counter()
        if not counts:
            return
        try:
            self._writer.write_counts(counts)
        except OSError as error:
            write_event("error", f"counts of the decision log: {type(error).__name__}")
            self._counts += counts

    def close(self) -> None:
        """Write the counts, seal what is left open by ended processes too, and ship it."""
        self._write_counts()
        with contextlib.suppress(OSError):
            # otherwise the next start seals it
            self._writer.close()
        self._repair()
        if self._shipper:
            self._shipper.stop(self._writer.folder)

"""`Shipper`: a thread of a worker that copies decisions into the database as they come."""

import contextlib
import os
import threading
import time
from pathlib import Path

from scoring_model.decision_log.postgres.connection import reported_errors
from scoring_model.decision_log.postgres.shipping import SpoolShipment, open_shipment
from scoring_model.decision_log.postgres.spool_state import CONCERN_FILE, lock_spool, read_concern
from scoring_model.decision_log.postgres.tables import Connection
from scoring_model.decision_log.segments import LogFormatError
from scoring_model.telemetry import write_event

_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.25, 30.0
_END_SECONDS = 5.0


class Shipper:
    """Copies a spool into its database several times a second.

    One of all processes that use the spool ships. When it ends, another one goes on.

    Parameters
    ----------
    spool : Path
    url : str
        Names the database.
    """

    def __init__(self, spool: Path, url: str) -> None:
        self._spool = spool
        self._url = url
        self._lock: int | None = None
        self._connected: tuple[Connection, SpoolShipment] | None = None
        self._pause = _PAUSE_SECONDS
        self._told: str | None = None
        self._written: Path | None = None
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="shipper", daemon=True)

    @property
    def concern(self) -> str:
        """Why decisions do not reach the database now; empty if they do."""
        return read_concern(self._spool)

    def start(self) -> None:
        """Begin to copy."""
        self._thread.start()

    def stop(self, written: Path) -> None:
        """Copy what is left, and end; within seconds, or the rest stays in the spool.

        Parameters
        ----------
        written : Path
            The folder of this process's writer, which has been closed.
        """
        if self._thread.is_alive():
            self._written = written
            self._ending.set()
            self._thread.join(_END_SECONDS + 1)

    def _run(self) -> None:
        while not self._ending.wait(self._pause):
            self._turn()
        deadline = time.monotonic() + _END_SECONDS
        self._turn()
        # another process may hold the lock, and ship for this one
        while self._written and self._written.exists() and time.monotonic() < deadline:
            time.sleep(_PAUSE_SECONDS)
            self._turn()
        self._disconnect()
        if self._lock is not None:
            os.close(self._lock)

    def _turn(self) -> None:
        try:
            self._lock = self._lock or lock_spool(self._spool)
            if self._lock is None:
                return
            with reported_errors(self._url):
                self._connected = self._connected or open_shipment(self._spool, self._url)
                problems = self._connected[1].run()
        except Exception as error:  # noqa: BLE001  # no error may end the shipping
            self._disconnect()
            self._pause = min(2 * self._pause, _LONGEST_PAUSE_SECONDS)
            self._tell(f"decisions wait on the disk for their database: {_reason_of(error)}")
        else:
            self._pause = _PAUSE_SECONDS
            self._tell(problems[0] if problems else "")

    def _disconnect(self) -> None:
        if self._connected is not None:
            self._connected[0].close()
            self._connected = None

    def _tell(self, problem: str) -> None:
        if problem == self._told:
            return
        file = self._spool / CONCERN_FILE
        # it tells the other processes of the machine too
        with contextlib.suppress(OSError):
            if problem:
                file.write_text(problem, encoding="utf-8")
            else:
                file.unlink(missing_ok=True)
        if problem and not self._told:
            write_event("error", problem)
        elif self._told and not problem:
            write_event("database", "the decisions that waited on the disk are in their database")
        self._told = problem


def _reason_of(error: Exception) -> str:
    if isinstance(error, OSError):
        # without the path that the text of an error of the system holds
        return error.strerror or str(error)
    return str(error) if isinstance(error, LogFormatError) else type(error).__name__

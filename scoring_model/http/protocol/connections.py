"""`Connections`: the open connections of a worker, their number and their silence."""

import asyncio
import os
from collections import OrderedDict
from functools import lru_cache
from typing import Protocol

from scoring_model.http.server import ScoringApp
from scoring_model.settings import allow_connections, read_settings

_TICK_SECONDS = 0.25


class Connection(Protocol):
    """What `Connections` asks of a connection."""

    def is_at_work(self) -> bool:
        """Return whether a whole request waits for its answer."""

    def is_stuck(self) -> bool:
        """Return whether the connection waits for its client alone."""

    def time_out(self) -> None:
        """End the wait for the head of a request, or for the end of what is dropped."""

    def announce_end(self) -> None:
        """Let the open request's answer be the last one."""

    def cut(self) -> None:
        """Close the connection at once."""


class Connections:
    """The open connections of an event loop, the one that has been silent longest first.

    One timer looks after all of them. Its clock stands still while the event loop is blocked, so
    that no client pays for the server's own delay.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
    application : ScoringApp or None
        Its settings hold the limits; None if another application wraps it.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, application: ScoringApp | None) -> None:
        self._loop = loop
        self._application = application
        self.settings = read_settings(os.environ) if application is None else application.settings
        self._most = allow_connections(self.settings.max_connections)
        # when each was active last, and since when those that have a deadline have been awaited
        self._active: OrderedDict[Connection, float] = OrderedDict()
        self._awaited: dict[Connection, float] = {}
        self._now = 0.0
        self._ticks = False

    def add(self, connection: Connection) -> None:
        """Add a new connection, and close another one if there are too many."""
        if len(self._active) >= self._most:
            self._make_room()
        self._active[connection] = self._awaited[connection] = self._now
        if not self._ticks:
            self._ticks = True
            self._loop.call_later(_TICK_SECONDS, self._tick)

    def _make_room(self) -> None:
        idle = (connection for connection in self._active if not connection.is_at_work())
        silent = next(idle, None) or next(iter(self._active))
        self.remove(silent)
        silent.cut()

    def remove(self, connection: Connection) -> None:
        """Forget a connection that is closed."""
        self._active.pop(connection, None)
        self._awaited.pop(connection, None)

    def touch(self, connection: Connection) -> None:
        """Note that a connection is not silent."""
        active = self._active
        if connection in active:
            active[connection] = self._now
            active.move_to_end(connection)

    def await_client(self, connection: Connection) -> None:
        """Set the deadline of a head that is incomplete, unless it has one."""
        if connection in self._active:
            self._awaited.setdefault(connection, self._now)

    def stop_waiting(self, connection: Connection) -> None:
        """Withdraw the deadline of a head, which is complete now."""
        self._awaited.pop(connection, None)

    def is_draining(self) -> bool:
        """Return whether each answer is the last one of its connection."""
        return self._application is not None and self._application.draining

    def _tick(self) -> None:
        """Close the connections that have waited for their client too long."""
        self._now += _TICK_SECONDS
        # a moment is noted up to a tick too early
        oldest = self._now - _TICK_SECONDS - self.settings.header_seconds
        for connection, since in list(self._awaited.items()):
            if since > oldest:
                break
            self._awaited.pop(connection, None)
            connection.time_out()
        oldest = self._now - _TICK_SECONDS - self.settings.keep_alive_seconds
        for connection, since in list(self._active.items()):
            if since > oldest:
                break
            if connection.is_stuck():
                connection.cut()
        if self.is_draining():
            for connection in self._active:
                connection.announce_end()
        self._ticks = bool(self._active)
        if self._ticks:
            self._loop.call_later(_TICK_SECONDS, self._tick)


@lru_cache(maxsize=4)
def connections_of(loop: asyncio.AbstractEventLoop, application: ScoringApp | None) -> Connections:
    """Return the connections of an event loop."""
    return Connections(loop, application)

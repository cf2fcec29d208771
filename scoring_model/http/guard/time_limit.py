"""`TimeLimit`: cancels requests that take too long, without slowing down the others."""

import asyncio
import time
from typing import Any

_TICKS_PER_LIMIT = 20
_LONGEST_TICK_SECONDS = 0.25


class TimeLimit:
    """Cancels the tasks of requests that have run out of time.

    One timer checks all requests at short intervals. `asyncio.timeout` would set a timer for each
    request, which takes a tenth of the time of a whole answer.

    Parameters
    ----------
    seconds : float
        Time limit of a request.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._tick_seconds = min(seconds / _TICKS_PER_LIMIT, _LONGEST_TICK_SECONDS)
        self._started: dict[asyncio.Task[Any], float] = {}
        self._expired: set[asyncio.Task[Any]] = set()

    def begin(self, task: asyncio.Task[Any]) -> None:
        """Start to watch the task of a request."""
        self._started[task] = time.monotonic()

    def end(self, task: asyncio.Task[Any]) -> None:
        """Stop watching a task."""
        self._started.pop(task, None)
        self._expired.discard(task)

    def has_expired(self, task: asyncio.Task[Any]) -> bool:
        """Return whether the time limit cancelled a task; if so, withdraw the cancellation."""
        if task not in self._expired:
            return False
        task.uncancel()
        return True

    async def watch(self) -> None:
        """Check all requests at short intervals, as long as the server runs."""
        while True:
            await asyncio.sleep(self._tick_seconds)
            oldest = time.monotonic() - self._seconds
            for task, started in list(self._started.items()):
                if started < oldest and task not in self._expired:
                    self._expired.add(task)
                    task.cancel()

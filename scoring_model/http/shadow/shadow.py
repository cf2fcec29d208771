"""`Shadow`: scores each applicant with a second version too, after the answer has left."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np

from scoring_model.errors import ScoringError
from scoring_model.http.bulk import BulkPool, BulkTask
from scoring_model.policy import Decision, Decisions
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import ShadowCounters, write_event
from scoring_model.version import Follower, read_version

# beyond these, applicants are dropped and counted
_MOST_REQUESTS = 10_000
_MOST_BYTES = 16 << 20
# single applicants are scored together, which costs the event loop less than one by one
_MOST_TOGETHER = 100
_GATHER_SECONDS = 0.05


class Answered(NamedTuple):
    """A request that was answered.

    Attributes
    ----------
    media_type : str or None
        Content type of a request to `/invocations`; None for one to `/predict`.
    body : sequence of bytes
        Its parts.
    decision : Decision or Decisions
        What was answered about one applicant, or about several.
    """

    media_type: str | None
    body: Sequence[bytes]
    decision: Decision | Decisions

    def count_rows(self) -> int:
        """Return the number of applicants."""
        decision = self.decision
        return 1 if isinstance(decision, Decision) else len(decision.probability)

    def count_bytes(self) -> int:
        """Return the size of the body."""
        return sum(map(len, self.body))


class Shadow:
    """Follows `SHADOW_URI`, and scores with its version what the server has answered.

    The version is loaded and scores in a process of its own, never in the server's. Use all methods
    in the event loop's thread only.

    Parameters
    ----------
    settings : ServerSettings
        `shadow_uri` must not be empty.
    counters : ShadowCounters
        Count the differences between the decisions of the two versions.
    """

    def __init__(self, settings: ServerSettings, counters: ShadowCounters) -> None:
        self._settings = replace(settings, model_uri=settings.shadow_uri)
        self._counters = counters
        self._pool: BulkPool | None = None
        self._follower = Follower(self._settings, self._load, self._install)
        self._waiting: deque[Answered] = deque()
        self._bytes = 0
        self._is_needed = asyncio.Event()
        self._together = min(_MOST_TOGETHER, settings.max_rows)

    def offer(self, answered: Answered) -> None:
        """Have a request scored later; if too much is waiting, it is dropped and counted."""
        size = answered.count_bytes()
        if len(self._waiting) >= _MOST_REQUESTS or self._bytes + size > _MOST_BYTES:
            self._counters.count_outcome("dropped", answered.count_rows())
            return
        self._bytes += size
        self._waiting.append(answered)
        self._is_needed.set()

    async def run(self) -> None:
        """Follow the URI and score what is offered, until cancelled."""
        try:
            await asyncio.gather(self._follower.run(), self._work())
        finally:
            if self._pool is not None:
                self._pool.close()

    async def _work(self) -> None:
        while True:
            await self._is_needed.wait()
            # answers leave first, and requests that follow soon are scored together
            await asyncio.sleep(_GATHER_SECONDS)
            self._is_needed.clear()
            while self._waiting:
                await self._score(self._take())

    def _take(self) -> list[Answered]:
        """Return the next request; single applicants come together."""
        taken = [self._waiting.popleft()]
        while self._waiting and len(taken) < self._together:
            if not all(
                isinstance(each.decision, Decision) for each in (taken[0], self._waiting[0])
            ):
                break
            taken.append(self._waiting.popleft())
        self._bytes -= sum(each.count_bytes() for each in taken)
        return taken

    async def _score(self, taken: Sequence[Answered]) -> None:
        rows = sum(each.count_rows() for each in taken)
        if self._pool is None:
            self._counters.count_outcome("dropped", rows)
            return
        task = BulkTask(taken[0].media_type, None, _join(taken))
        try:
            answer = await self._pool.ask(task, time.monotonic() + self._settings.timeout_seconds)
        except ScoringError:
            decisions = None
        else:
            decisions = answer.decisions
        if decisions is not None and len(decisions.probability) == rows:
            self._counters.count(_join_decisions(taken), decisions)
        elif len(taken) == 1:
            self._counters.count_outcome("failed", rows)
        else:
            # the version refuses some of them: find out which
            half = len(taken) // 2
            await self._score(taken[:half])
            await self._score(taken[half:])

    def _install(self, pool: BulkPool) -> None:
        if self._pool is not None:
            self._pool.retire()
        self._pool = pool

    # runs in a thread of the follower

    def _load(self, folder: str) -> BulkPool:
        content = read_version(Path(folder))
        pool = BulkPool(content.files, self._settings, None)
        write_event("loaded", f"model version {content.version} in the shadow")
        return pool


def _join(taken: Sequence[Answered]) -> Sequence[bytes]:
    """Return the parts of one body; several single applicants become an array."""
    if len(taken) == 1:
        return taken[0].body
    parts = [part for each in taken for part in (b",", *each.body)]
    return [b"[", *parts[1:], b"]"]


def _join_decisions(taken: Sequence[Answered]) -> Decisions:
    decision = taken[0].decision
    if isinstance(decision, Decisions):
        return decision
    singles = [each.decision for each in taken if isinstance(each.decision, Decision)]
    columns = np.array([(one.probability, one.score, one.threshold) for one in singles])
    return Decisions(columns[:, 0], columns[:, 1].astype(np.int64), columns[:, 2])

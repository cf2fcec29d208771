"""`Shadow`: scores each applicant with a second version too, after the answer has left."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from scoring_model.http.bulk import BulkAnswer, BulkPool, BulkTask
from scoring_model.policy import Decision, Decisions
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import ShadowCounters, write_event
from scoring_model.version import Follower, read_version

# beyond these, applicants are dropped and counted
_MOST_REQUESTS = 2_000
_MOST_BYTES = 16 << 20
# what a part of a body and a decision take beside the bytes of the body
_PART_BYTES, _ROW_BYTES = 64, 24
# single applicants are scored together: each task disturbs the answers a little
_MOST_TOGETHER, _GATHER_SECONDS = 500, 0.2
# between two tasks, so that answers leave first and have most of the time for them
_PAUSE_SECONDS = 0.02
# a pause after an error: a process that ends or hangs is not started again and again
_REST_SECONDS = 1.0


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

    def is_single(self) -> bool:
        """Return whether the body may become an element of an array."""
        return isinstance(self.decision, Decision)

    def count_rows(self) -> int:
        """Return the number of applicants."""
        decision = self.decision
        return 1 if isinstance(decision, Decision) else len(decision.probability)

    def count_bytes(self) -> int:
        """Return how much memory it takes."""
        parts = sum(map(len, self.body)) + _PART_BYTES * len(self.body)
        return parts + _ROW_BYTES * self.count_rows()


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
        self._follower = Follower(
            self._settings, self._load, self._install, about="the version in the shadow"
        )
        self._singles: deque[Answered] = deque()
        self._others: deque[Answered] = deque()
        self._bytes = 0
        self._may_load, self._is_needed = asyncio.Event(), asyncio.Event()
        self._together = min(_MOST_TOGETHER, settings.max_rows)

    def begin(self) -> None:
        """Load the version from now on, because the one that answers has been loaded.

        Two threads that import MLflow at the same time may both fail.
        """
        self._may_load.set()

    def offer(self, answered: Answered) -> None:
        """Have a request scored later; drop and count it if that cannot be done soon."""
        queue = self._singles if answered.is_single() else self._others
        size = answered.count_bytes()
        is_full = len(queue) >= _MOST_REQUESTS or self._bytes + size > _MOST_BYTES
        if is_full or self._pool is None:
            self._counters.count_outcome("dropped", answered.count_rows())
            return
        self._bytes += size
        queue.append(answered)
        self._is_needed.set()

    async def run(self) -> None:
        """Follow the URI and score what is offered, until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._follow())
                tasks.create_task(self._work())
        finally:
            if self._pool is not None:
                self._pool.close()

    async def _follow(self) -> None:
        await self._may_load.wait()
        await self._follower.run()

    async def _work(self) -> None:
        singles_due = 0.0
        while True:
            await self._is_needed.wait()
            while self._singles or self._others:
                await asyncio.sleep(_PAUSE_SECONDS)
                if self._others:
                    await self._score_and_forget([self._others.popleft()])
                if self._singles and time.monotonic() >= singles_due:
                    singles_due = time.monotonic() + _GATHER_SECONDS
                    most = min(len(self._singles), self._together)
                    await self._score_and_forget([self._singles.popleft() for _ in range(most)])
            self._is_needed.clear()

    async def _score_and_forget(self, taken: Sequence[Answered]) -> None:
        await self._score(taken)
        self._bytes -= sum(each.count_bytes() for each in taken)

    async def _score(self, taken: Sequence[Answered]) -> None:
        rows = sum(each.count_rows() for each in taken)
        try:
            answer = await self._ask(taken)
            decisions = answer.decisions
            if decisions is not None and len(decisions.probability) == rows:
                self._counters.count(_join_decisions(taken), decisions)
                return
        except Exception as error:  # noqa: BLE001  # its text may contain an applicant's value
            write_event("error", f"{type(error).__name__} of the version in the shadow")
            self._counters.count_outcome("failed", rows)
            await asyncio.sleep(_REST_SECONDS)
            return
        if len(taken) == 1:
            self._counters.count_outcome("failed", rows)
            return
        # the version refuses some of them: find out which
        half = len(taken) // 2
        for part in (taken[:half], taken[half:]):
            await asyncio.sleep(_PAUSE_SECONDS)
            await self._score(part)

    async def _ask(self, taken: Sequence[Answered]) -> BulkAnswer:
        # nothing waits before a version is loaded
        pool = cast("BulkPool", self._pool)
        task = BulkTask(taken[0].media_type, None, _join(taken))
        return await pool.ask(task, time.monotonic() + self._settings.timeout_seconds)

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
    return [b"[%s]" % b",".join([b"".join(each.body) for each in taken])]


def _join_decisions(taken: Sequence[Answered]) -> Decisions:
    decision = taken[0].decision
    if isinstance(decision, Decisions):
        return decision
    singles = [each.decision for each in taken if isinstance(each.decision, Decision)]
    columns = np.array([(one.probability, one.score, one.threshold) for one in singles])
    return Decisions(columns[:, 0], columns[:, 1].astype(np.int64), columns[:, 2])

"""`Shadow`: scores each applicant with a second version too, after the answer has left."""

import asyncio
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np

from scoring_model.decision_log import DecisionLog, VersionName
from scoring_model.http.bulk import BulkPool, BulkTask
from scoring_model.policy import Decision, Decisions
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import ShadowCounters, write_event
from scoring_model.version import Follower, read_version

# beyond these, applicants are dropped and counted; a single one has at most 16 KiB
_MOST_SINGLES, _MOST_OTHERS = 1_000, 1_000
_MOST_BYTES = 16 << 20
# what a part of a body and a decision take beside the bytes of the body
_PART_BYTES, _ROW_BYTES, _ID_BYTES = 64, 24, 96
# single applicants are scored together: each task disturbs the answers a little
_MOST_TOGETHER, _GATHER_SECONDS = 500, 0.2
# between two tasks, so that answers leave first and have most of the time for them
_PAUSE_SECONDS = 0.02
# a pause after an error: a process that ends or hangs is not started again and again
_REST_SECONDS = 1.0


class _Answered(NamedTuple):
    """An answered request about several applicants, with its place in memory."""

    media_type: str | None
    body: Sequence[bytes]
    decisions: Decisions
    ids: Sequence[str]
    size: int


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
    log : DecisionLog or None
        Gets what the version would have decided.
    """

    def __init__(
        self, settings: ServerSettings, counters: ShadowCounters, log: DecisionLog | None
    ) -> None:
        # its own answers are no decisions
        self._settings = replace(settings, model_uri=settings.shadow_uri, decision_log="")
        self._log = log
        self._name: VersionName | None = None
        self._counters = counters
        self._pool: BulkPool | None = None
        self._follower = Follower(
            self._settings, self._load, self._install, about="the version in the shadow"
        )
        self._singles: deque[tuple[bytes, Decision, str]] = deque()
        self._others: deque[_Answered] = deque()
        self._bytes = 0
        self._may_load, self._is_needed = asyncio.Event(), asyncio.Event()
        self._together = min(_MOST_TOGETHER, settings.max_rows)

    def begin(self) -> None:
        """Load the version from now on, because the one that answers has been loaded.

        Two threads that import MLflow at the same time may both fail.
        """
        self._may_load.set()

    def offer_one(self, body: bytes, decision: Decision, identifier: str) -> None:
        """Have a single applicant scored later; drop and count it if that cannot be done soon.

        Parameters
        ----------
        body : bytes
            The body of the request to `/predict`.
        decision : Decision
            What was answered.
        identifier : str
            Id of the decision in the log; empty if it is not logged.
        """
        if len(self._singles) >= _MOST_SINGLES or self._pool is None:
            self._counters.count_outcome("dropped", 1)
            return
        self._singles.append((body, decision, identifier))
        self._is_needed.set()

    def offer_many(
        self,
        media_type: str | None,
        body: Sequence[bytes],
        decisions: Decisions,
        ids: Sequence[str],
    ) -> None:
        """Have any other request scored later; drop and count it if that cannot be done soon.

        Parameters
        ----------
        media_type : str or None
            Content type of a request to `/invocations`; None for one to `/predict`.
        body : sequence of bytes
            Its parts.
        decisions : Decisions
            What was answered.
        ids : sequence of str
            Ids of the decisions in the log; empty if they are not logged.
        """
        rows = len(decisions.probability)
        size = sum(map(len, body)) + _PART_BYTES * len(body) + _ROW_BYTES * rows
        size += _ID_BYTES * len(ids)
        is_full = len(self._others) >= _MOST_OTHERS or self._bytes + size > _MOST_BYTES
        if is_full or self._pool is None:
            self._counters.count_outcome("dropped", rows)
            return
        self._bytes += size
        self._others.append(_Answered(media_type, body, decisions, ids, size))
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
                    await self._score_many(self._others.popleft())
                if self._singles and time.monotonic() >= singles_due:
                    singles_due = time.monotonic() + _GATHER_SECONDS
                    most = min(len(self._singles), self._together)
                    await self._score_singles([self._singles.popleft() for _ in range(most)])
            self._is_needed.clear()

    async def _score_many(self, answered: _Answered) -> None:
        media_type, body, decisions, ids, size = answered
        if not await self._score(media_type, body, decisions, ids):
            self._counters.count_outcome("failed", len(decisions.probability))
        self._bytes -= size

    async def _score_singles(self, singles: Sequence[tuple[bytes, Decision, str]]) -> None:
        body = b"[%s]" % b",".join([body for body, _, _ in singles])
        rows = np.array([(one.probability, one.score, one.threshold) for _, one, _ in singles])
        decisions = Decisions(rows[:, 0], rows[:, 1].astype(np.int64), rows[:, 2])
        if await self._score(None, (body,), decisions, [each for _, _, each in singles]):
            return
        if len(singles) == 1:
            self._counters.count_outcome("failed", 1)
            return
        # the version refuses some of them: find out which
        half = len(singles) // 2
        for part in (singles[:half], singles[half:]):
            await asyncio.sleep(_PAUSE_SECONDS)
            await self._score_singles(part)

    async def _score(
        self,
        media_type: str | None,
        body: Sequence[bytes],
        champion: Decisions,
        ids: Sequence[str],
    ) -> bool:
        """Score and count applicants; return False if the version refuses some of them."""
        # nothing waits before a version is loaded
        pool = cast("BulkPool", self._pool)
        task = BulkTask(media_type, None, body)
        rows = len(champion.probability)
        try:
            answer = await pool.ask(task, time.monotonic() + self._settings.timeout_seconds)
            decisions = answer.decisions
            if decisions is None or len(decisions.probability) != rows:
                return False
            self._counters.count(champion, decisions)
            if self._log is not None and self._name is not None:
                self._log.note_shadow(ids, self._name, decisions)
        except Exception as error:  # noqa: BLE001  # its text may contain an applicant's value
            write_event("error", f"{type(error).__name__} of the version in the shadow")
            self._counters.count_outcome("failed", rows)
            await asyncio.sleep(_REST_SECONDS)
        return True

    def _install(self, loaded: tuple[BulkPool, VersionName]) -> None:
        if self._pool is not None:
            self._pool.retire()
        self._pool, self._name = loaded
        write_event("loaded", f"model version {self._name.version} in the shadow")

    # runs in a thread of the follower

    def _load(self, folder: str) -> tuple[BulkPool, VersionName]:
        content = read_version(Path(folder))
        return BulkPool(content, self._settings, None), content.name

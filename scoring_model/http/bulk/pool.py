"""`BulkPool`: the child processes of one version, and the requests that wait for them."""

import asyncio
import contextlib
import time
from concurrent.futures import Future, ThreadPoolExecutor

from scoring_model.errors import Busy, ScoringError, TooSlow
from scoring_model.http.bulk.child import BulkChild
from scoring_model.http.bulk.frames import BulkAnswer, BulkTask
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import BulkGauge, BulkState, write_event
from scoring_model.version import VersionContent

MOST_CHILDREN = 2


class BulkPool:
    """Up to `MOST_CHILDREN` processes with a version; the first one is started at once.

    Each thread of the pool gives one request at a time to a process of its own. The other threads
    of the server, which answer `/metrics` for example, never wait for them.

    Parameters
    ----------
    content : VersionContent
    settings : ServerSettings
    gauge : BulkGauge or None
        Counts the open requests; None if metrics are off.

    Raises
    ------
    ArtifactError
        The version fails a check, ends its process, or takes too long to load.
    """

    def __init__(
        self, content: VersionContent, settings: ServerSettings, gauge: BulkGauge | None
    ) -> None:
        self._content = content
        self._settings = settings
        self._gauge = gauge
        self._is_retired = False
        self._free = [BulkChild(content, settings)]
        self._threads = ThreadPoolExecutor(MOST_CHILDREN, thread_name_prefix="bulk")

    async def ask(self, task: BulkTask, deadline: float) -> BulkAnswer:
        """Have a request answered by a process.

        Parameters
        ----------
        task : BulkTask
        deadline : float
            When the time limit has passed, on the clock of `time.monotonic`.

        Raises
        ------
        TooSlow, TooLarge
            The process was stopped.
        """
        job = self._threads.submit(self._run, task, deadline)
        self._count("waiting", 1)
        job.add_done_callback(self._forget_waiting)
        try:
            return await asyncio.wrap_future(job)
        finally:
            # if nobody waits any more, the queue of the threads must not keep the body
            task.body = ()

    def retire(self) -> None:
        """End each process when it is free, because another version answers from now on.

        A request that began with this version may still ask: it gets a process for itself.
        """
        self._is_retired = True
        self._threads.submit(self._end_free)

    def close(self) -> None:
        """Take no more requests, and end the processes that are free."""
        self._is_retired = True
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._end_free()

    # the methods below run in the threads of the pool

    def _run(self, task: BulkTask, deadline: float) -> BulkAnswer:
        self._count("waiting", -1)
        self._count("running", 1)
        try:
            if time.monotonic() > deadline:
                raise TooSlow
            child = self._take()
            is_over = True
            try:
                answer = child.ask(task, deadline)
                is_over = answer.is_last
            finally:
                self._replace(child) if is_over else self._give_back(child)
        finally:
            self._count("running", -1)
        return answer

    def _take(self) -> BulkChild:
        """Return a free process, or start one: there are never more than threads."""
        with contextlib.suppress(IndexError):
            while not (child := self._free.pop()).is_running():
                child.end()
            return child
        try:
            return BulkChild(self._content, self._settings)
        except (ScoringError, OSError) as error:
            # this version has been loaded before, so the system is short of something
            write_event("error", f"a process for large requests: {type(error).__name__}")
            raise Busy("no process can be started: send the request again later") from error

    def _give_back(self, child: BulkChild) -> None:
        self._free.append(child)
        if self._is_retired:
            self._end_free()

    def _replace(self, child: BulkChild) -> None:
        child.end()
        # the server may be ending
        with contextlib.suppress(RuntimeError):
            self._threads.submit(self._warm)

    def _warm(self) -> None:
        """Have a process ready for the next request."""
        if self._free or self._is_retired:
            return
        # if this fails, the next request tries it again
        with contextlib.suppress(Busy):
            self._give_back(self._take())

    def _end_free(self) -> None:
        with contextlib.suppress(IndexError):
            while True:
                self._free.pop().end()

    def _forget_waiting(self, job: "Future[BulkAnswer]") -> None:
        if job.cancelled():
            self._count("waiting", -1)

    def _count(self, state: BulkState, by: int) -> None:
        if self._gauge is not None:
            self._gauge.change(state, by)

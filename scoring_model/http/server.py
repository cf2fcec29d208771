"""`create_app`: the scoring server, which adds `/predict` to MLflow's own scoring app."""

import asyncio
import gc
import time
from collections.abc import Sequence
from typing import cast

from scoring_model.decision_log import describe_log, open_decision_log
from scoring_model.errors import Draining, LogUnavailable, ScoringError, TooSlow
from scoring_model.http.answers import RequestLimits
from scoring_model.http.background import live
from scoring_model.http.bulk import PendingBytes, end_children
from scoring_model.http.guard import Guard, TimeLimit
from scoring_model.http.messages import (
    Disconnected,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    error_reply,
)
from scoring_model.http.quick_answers import QuickAnswers, QuickRequest
from scoring_model.http.routes import (
    INVOCATIONS,
    PREDICT,
    TABLE,
    Routes,
    Serving,
    find_route,
    load_serving,
    name_path,
)
from scoring_model.http.shadow import Shadow
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import GiveUp, Metrics, RequestLog, write_event
from scoring_model.version import Follower

# how metrics and log name every unknown path, since its text may contain anything
OTHER = "other"


class ScoringApp:
    """The ASGI application of the server.

    Parameters
    ----------
    settings : ServerSettings

    Attributes
    ----------
    settings : ServerSettings
    draining : bool
        Whether the server is about to stop. Then `/ready` answers 503, and every answer closes its
        connection.
    """

    def __init__(self, settings: ServerSettings) -> None:
        self.settings = settings
        self.draining = False
        self._serving: Serving | None = None
        metrics = Metrics(settings.metrics_directory, [*TABLE, OTHER]) if settings.metrics else None
        self._metrics = metrics
        self._guard = Guard(settings, metrics)
        self._follower = Follower(
            settings,
            lambda folder: load_serving(folder, settings, metrics),
            self.install,
            metrics.start_refreshes() if metrics else None,
        )
        counters = metrics.start_shadow() if metrics and settings.shadow_uri else None
        self._decision_log = log = open_decision_log(settings)
        shadow = Shadow(settings, counters, log) if counters else None
        self._routes = Routes(
            settings,
            metrics,
            RequestLimits.from_settings(settings),
            PendingBytes(settings.max_pending_bytes),
            shadow,
            log,
            lambda: self._follower.concern,
            lambda: self.draining,
        )
        self._quick = QuickAnswers(settings, self._guard, self._routes)
        self._log = RequestLog()
        self._time_limit = TimeLimit(settings.timeout_seconds)
        self._works = [self._follower.run, self._time_limit.watch, self._guard.watch]
        if shadow is not None:
            self._works.append(shadow.run)
        if log is not None:
            self._works.append(log.run)

    def install(self, serving: Serving) -> None:
        """Use this version for every request that begins from now on."""
        if self._serving is not None:
            self._serving.bulk.retire()
        self._serving = serving
        write_event("loaded", f"model version {serving.model.version}{serving.model.scorer.lacks}")
        if self._routes.shadow is not None:
            self._routes.shadow.begin()
        # a loaded version stays for long, so the garbage collector need not scan it each time
        gc.unfreeze()
        gc.collect()
        gc.freeze()

    def close(self) -> None:
        """Take no more large requests, and end the log of this worker: the server stops."""
        if self._serving is not None:
            self._serving.bulk.close()
        end_children()
        if self._decision_log is not None:
            self._decision_log.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or run the server's background tasks from its start to its end."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                said = (self._guard.describe(), describe_log(self.settings))
                await live(self.settings, said, self._works, self.close, receive, send)
            return
        started = time.perf_counter()
        request = Request(scope, receive)
        serving = self._serving
        request_id = self._log.identify(request.headers.get(b"x-request-id"))
        # an ASGI server runs each request in a task
        task = cast("asyncio.Task[None]", asyncio.current_task())
        self._time_limit.begin(task)
        try:
            route = find_route(request, self._guard)
            reply = await route.answer(self._routes, request, scope, serving)
            self._guard.add_rows(request.key, request.rows)
        except ScoringError as error:
            reply = self._refuse_decision(request.path, error)
        except asyncio.CancelledError:
            reply = self._refuse_decision(request.path, self._explain_cancelling(task))
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001  # its text may contain an applicant's value
            write_event("error", f"{type(error).__name__} in request {request_id.decode()}")
            fault = ScoringError("the request could not be answered")
            reply = self._refuse_decision(request.path, fault)
        finally:
            self._time_limit.end(task)
        self._guard.pages.dress(reply, request.headers)
        await reply.send(send, request_id, is_last=self.draining)
        path = name_path(request.path) or OTHER
        method, rows, key = request.method, request.rows, request.key
        self._record(request_id, method, path, reply.status, rows, serving, started, key)

    def _refuse_decision(self, path: str, error: ScoringError) -> Reply:
        """Return the answer to a request that fails; count it if it asked for decisions."""
        if path in {PREDICT, INVOCATIONS}:
            self._routes.count_refusal(error.code)
        return error_reply(error)

    def _explain_cancelling(self, task: "asyncio.Task[None]") -> ScoringError:
        """Return why a request was cancelled, or raise again if the server did not do it."""
        if self._time_limit.has_expired(task):
            return TooSlow()
        if not self.draining:
            raise asyncio.CancelledError
        # the end of the server, which waits no longer
        task.uncancel()
        return Draining("the server stops, and the request was not answered in time")

    def answer_together(
        self, requests: Sequence[QuickRequest | None]
    ) -> list[tuple[Reply, bytes] | None]:
        """Answer complete requests `POST /predict` with one applicant each on the fast path.

        All are logged in one step. Call it in the event loop's thread only.

        Parameters
        ----------
        requests : sequence of QuickRequest or None
            None for a request that nobody waits for any more.

        Returns
        -------
        list of (Reply, bytes) or None
            The answer and the request's id. None if the fast path cannot answer: then only the
            cause has been counted, and the request must be answered on the normal path.
        """
        serving, quick = self._serving, self._quick
        decided = [None if asked is None else quick.decide(serving, asked) for asked in requests]
        # a loop for each step takes less time than a loop over all steps: see `Burst`
        ids: Sequence[str | None] = ("",) * len(decided)
        refused, is_logged = None, False
        if self._decision_log is not None:
            ids = list(map(quick.log, decided))
            try:
                is_logged = self._decision_log.commit()
            except LogUnavailable as error:
                refused = error
        answers: list[tuple[Reply, bytes] | None] = []
        for asked, found, identifier in zip(requests, decided, ids, strict=True):
            if asked is None or found is None or isinstance(found, str) or identifier is None:
                if found is not None:
                    self.give_up(found if isinstance(found, str) else "fault")
                answers.append(None)
                continue
            answered, key = found
            if refused is None:
                reply = self._routes.finish_one(answered, identifier, is_logged=is_logged)
            else:
                reply = error_reply(refused)
                self._routes.count_refusal(refused.code)
            self._guard.pages.dress(reply, asked.headers)
            request_id = self._log.identify(asked.headers.get(b"x-request-id"))
            status, started = reply.status, asked.started
            self._record(request_id, "POST", PREDICT, status, 1, serving, started, key)
            answers.append((reply, request_id))
        return answers

    def give_up(self, cause: GiveUp) -> None:
        """Count a request that the fast path hands over to the normal path."""
        if self._metrics is not None:
            self._metrics.requests.count_give_up(cause)

    def refuse(self, error: ScoringError) -> tuple[Reply, bytes]:
        """Return the answer to a request that is not read to its end, and the request's id."""
        request_id, started = self._log.identify(None), time.perf_counter()
        reply = error_reply(error)
        self._record(request_id, OTHER, OTHER, reply.status, 0, self._serving, started, None)
        return reply, request_id

    def _record(
        self,
        request_id: bytes,
        method: str,
        route: str,
        status: int,
        rows: int,
        serving: Serving | None,
        started: float,
        key: str | None,
    ) -> None:
        seconds = time.perf_counter() - started
        if self._metrics is not None:
            self._metrics.requests.count(route, status, seconds)
        if self.settings.request_log:
            version = serving.model.version if serving is not None else None
            self._log.write(request_id, method, route, status, rows, seconds, version, key)


def create_app(settings: ServerSettings) -> ScoringApp:
    """Return the application; it loads the model of the settings when the server starts."""
    return ScoringApp(settings)

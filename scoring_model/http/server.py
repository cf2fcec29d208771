"""`create_app`: the scoring server, which adds `/predict` to MLflow's own scoring app."""

import asyncio
import gc
import time
from collections.abc import Mapping
from typing import cast

from scoring_model.errors import Draining, ScoringError, TooSlow
from scoring_model.http.answers import RequestLimits
from scoring_model.http.background import live
from scoring_model.http.bulk import PendingBytes
from scoring_model.http.guard import Guard, TimeLimit
from scoring_model.http.messages import (
    JSON,
    Disconnected,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    error_reply,
)
from scoring_model.http.routes import (
    PREDICT,
    TABLE,
    Routes,
    Serving,
    find_route,
    is_object,
    is_quick,
    load_serving,
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
        shadow = Shadow(settings, counters) if counters else None
        self._routes = Routes(
            settings,
            metrics,
            lambda: self._follower.concern,
            lambda: self.draining,
            RequestLimits.from_settings(settings),
            PendingBytes(settings.max_pending_bytes),
            shadow,
        )
        self._log = RequestLog()
        self._time_limit = TimeLimit(settings.timeout_seconds)
        self._works = [self._follower.run, self._time_limit.watch, self._guard.watch]
        if shadow is not None:
            self._works.append(shadow.run)

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
        """Take no more large requests, because the server stops."""
        if self._serving is not None:
            self._serving.bulk.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or run the server's background tasks from its start to its end."""
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                who = self._guard.describe()
                await live(self.settings, who, self._works, self.close, receive, send)
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
            reply = error_reply(error)
        except asyncio.CancelledError:
            reply = error_reply(self._explain_cancelling(task))
        except Disconnected:
            return
        except Exception as error:  # noqa: BLE001  # its text may contain an applicant's value
            write_event("error", f"{type(error).__name__} in request {request_id.decode()}")
            reply = error_reply(ScoringError("the request could not be answered"))
        finally:
            self._time_limit.end(task)
        await reply.send(send, request_id, is_last=self.draining)
        path = request.path if request.path in TABLE else OTHER
        method, rows, key = request.method, request.rows, request.key
        self._record(request_id, method, path, reply.status, rows, serving, started, key)

    def _explain_cancelling(self, task: "asyncio.Task[None]") -> ScoringError:
        """Return why a request was cancelled, or raise again if the server did not do it."""
        if self._time_limit.has_expired(task):
            return TooSlow()
        if not self.draining:
            raise asyncio.CancelledError
        # the end of the server, which waits no longer
        task.uncancel()
        return Draining("the server stops, and the request was not answered in time")

    def answer_at_once(
        self, headers: Mapping[bytes, bytes], peer: str | None, body: bytes, started: float
    ) -> tuple[Reply, bytes] | None:
        """Answer a complete `POST /predict` with one applicant on the fast path.

        Call it in the event loop's thread only.

        Parameters
        ----------
        headers : mapping of bytes to bytes
            Names in lower case.
        peer : str or None
            Address of the other end of the connection.
        body : bytes
        started : float
            When the request began, on the clock of `time.perf_counter`.

        Returns
        -------
        (Reply, bytes) or None
            The answer and the request's id. None if the fast path cannot answer: then only the
            cause has been counted, and the request must be answered on the normal path.
        """
        serving = self._serving
        answer = self._try_fast_path(serving, headers, peer, body)
        if isinstance(answer, str):
            self.give_up(answer)
            return None
        reply, key = answer
        request_id = self._log.identify(headers.get(b"x-request-id"))
        self._record(request_id, "POST", PREDICT, reply.status, 1, serving, started, key)
        return reply, request_id

    def _try_fast_path(
        self,
        serving: Serving | None,
        headers: Mapping[bytes, bytes],
        peer: str | None,
        body: bytes,
    ) -> tuple[Reply, str | None] | GiveUp:
        """Return the answer and the key's name, or why the fast path cannot answer."""
        cause: GiveUp | None = None
        if serving is None:
            return "no_model"
        if headers.get(b"content-type") != JSON or b"content-encoding" in headers:
            cause = "content_type"
        elif serving.has_histories:
            cause = "histories"
        elif len(body) > self.settings.max_body_bytes or not is_quick(serving, body):
            cause = "size"
        elif not is_object(body):
            cause = "array"
        if cause is not None:
            return cause
        key: str | None = None
        try:
            key = self._guard.admit(peer, headers, "predict")
            return self._routes.answer_applicant(serving, body), key
        except ScoringError:
            cause = "refused"
        except Exception:  # noqa: BLE001  # the normal path repeats it and reports it
            cause = "fault"
        self._guard.give_back(key)
        return cause

    def give_up(self, cause: GiveUp) -> None:
        """Count a request that the fast path hands over to the normal path."""
        if self._metrics is not None:
            self._metrics.requests.count_give_up(cause)

    def refuse(self, error: ScoringError) -> tuple[Reply, bytes]:
        """Return the answer to a request that is not read to its end, and the request's id."""
        request_id = self._log.identify(None)
        reply = error_reply(error)
        self._record(
            request_id, OTHER, OTHER, reply.status, 0, self._serving, time.perf_counter(), None
        )
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

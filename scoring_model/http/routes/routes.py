"""`TABLE`: every path of the server and the method that answers it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from scoring_model.errors import Draining, InvalidRequest, ModelUnavailable, UnsupportedMediaType
from scoring_model.http.answers import (
    PARQUET,
    RequestLimits,
    predict_many,
    predict_one,
    read_explanation,
)
from scoring_model.http.bulk import BulkTask, PendingBytes
from scoring_model.http.document import PATHS, read_page
from scoring_model.http.guard import KeyScope
from scoring_model.http.messages import INLINE_BYTES, Reply, Request, Scope
from scoring_model.http.routes.invocations import ask_mlflow, invoke_mlflow
from scoring_model.http.routes.readiness import Readiness
from scoring_model.http.routes.serving import Serving
from scoring_model.policy import Decisions
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import CONTENT_TYPE, Metrics, render_metrics, write_event
from scoring_model.version import Explanation, TimedScoring

PREDICT = "/predict"
_SPACE = b" \t\r\n"
# a body within these counts has so few rows that it is answered in a few milliseconds
_MOST_INLINE_ROWS, _MOST_INLINE_CELLS = 100, 1000


@dataclass(frozen=True, slots=True)
class Routes:
    """Answers requests; each method gets the version to use.

    Attributes
    ----------
    settings : ServerSettings
    metrics : Metrics or None
    read_concern : callable
        Returns why a newer version could not be loaded; the text is empty if nothing went wrong.
    is_draining : callable
        Returns whether the server is about to stop.
    limits : RequestLimits
    pending : PendingBytes
        The large bodies that the worker holds.
    readiness : Readiness
    """

    settings: ServerSettings
    metrics: Metrics | None
    read_concern: Callable[[], str]
    is_draining: Callable[[], bool]
    limits: RequestLimits
    pending: PendingBytes
    readiness: Readiness = field(default_factory=Readiness)

    async def predict(self, request: Request, _scope: Scope, serving: Serving | None) -> Reply:
        """Score one applicant or an array of applicants."""
        serving = _loaded(serving)
        deadline = self._start()
        if request.read_media_type() != "application/json":
            raise UnsupportedMediaType("the Content-Type must be application/json")
        explanation = None
        if request.query:
            language = request.headers.get(b"accept-language")
            explanation = read_explanation(request.query, language)
        with self.pending.hold() as holding:
            parts = await request.read_body(self.settings.max_body_bytes, holding.grow_to)
            body = _join_if_short(parts)
            if body is None or not _stays(serving, body, explanation):
                task = BulkTask(None, explanation, parts)
                return await self._ask_bulk(request, serving, task, deadline)
        if explanation is None and is_object(body):
            reply = answer_applicant(serving, body)
            request.rows = 1
            return reply
        scoring = TimedScoring(deadline)
        arguments = (serving.model.scorer, None, body, self.limits, scoring, explanation)
        if explanation is None:
            answer = predict_many(*arguments)
        else:
            answer = await asyncio.to_thread(predict_many, *arguments)
        return self._finish(request, serving, scoring, Reply(200, answer))

    async def invoke(self, request: Request, scope: Scope, serving: Serving | None) -> Reply:
        """Answer a request of MLflow's protocol."""
        serving = _loaded(serving)
        deadline = self._start()
        media_type = request.read_media_type()
        if request.query:
            raise InvalidRequest("this path takes no query parameters")
        with self.pending.hold() as holding:
            parts = await request.read_body(self.settings.max_body_bytes, holding.grow_to)
            body = _join_if_short(parts)
            if body is None or media_type == PARQUET or not _is_small(serving, body):
                task = BulkTask(media_type, None, parts)
                return await self._ask_bulk(request, serving, task, deadline)
        scoring = TimedScoring(deadline)
        reply = await invoke_mlflow(serving, scope, media_type, body, self.limits, scoring)
        return self._finish(request, serving, scoring, reply)

    def _start(self) -> float:
        """Return when the time limit of a request passes that begins now."""
        return time.monotonic() + self.settings.timeout_seconds

    async def _ask_bulk(
        self, request: Request, serving: Serving, task: BulkTask, deadline: float
    ) -> Reply:
        """Have a child process answer a request."""
        answer = await serving.bulk.ask(task, deadline)
        if answer.fault:
            write_event("error", f"{answer.fault} in a large request")
        if answer.status != 200:
            return Reply(answer.status, answer.content)
        _count(request, serving, answer.decisions, answer.unseen)
        return Reply(200, answer.content, headers=serving.headers)

    def _finish(
        self, request: Request, serving: Serving, scoring: TimedScoring, reply: Reply
    ) -> Reply:
        """Count the decisions of a request that this process answered."""
        if scoring.rows is not None:
            _count(request, serving, scoring.decisions, scoring.rows.count_unseen())
        reply.headers = serving.headers
        return reply

    async def pass_to_mlflow(
        self, _request: Request, scope: Scope, serving: Serving | None
    ) -> Reply:
        """Return the answer of MLflow's app."""
        # HEAD is answered as GET; the HTTP protocol leaves the body out
        as_get = {**scope, "method": "GET"}
        return await ask_mlflow(_loaded(serving).mlflow_app, as_get, b"")

    async def say_ready(self, _request: Request, scope: Scope, serving: Serving | None) -> Reply:
        """Report that both routes answer, and why a newer version could not be loaded."""
        if self.is_draining():
            raise Draining("the server is about to stop: send new requests to another one")
        return await self.readiness.answer(serving, scope, self.limits, self.read_concern())

    async def show_page(self, request: Request, _scope: Scope, _serving: Serving | None) -> Reply:
        """Return a file of the page `/docs`."""
        return read_page(request.path)

    async def show_document(
        self, _request: Request, _scope: Scope, serving: Serving | None
    ) -> Reply:
        """Return the OpenAPI document of the version."""
        return Reply(200, _loaded(serving).document)

    async def show_metrics(
        self, _request: Request, _scope: Scope, _serving: Serving | None
    ) -> Reply:
        """Return the metrics of all workers."""
        metrics = self.metrics
        if metrics is None:
            return Reply(200, b"", CONTENT_TYPE)
        loop = asyncio.get_running_loop()
        text = await loop.run_in_executor(metrics.thread, render_metrics, metrics)
        return Reply(200, text, CONTENT_TYPE)


@dataclass(frozen=True, slots=True)
class Route:
    """The HTTP method that a path takes, and what answers it.

    Attributes
    ----------
    method : str
        The HTTP method. HEAD is answered too where callers without a key are.
    answer : callable
        A method of `Routes`.
    scope : {"predict", "read"} or None
        What a key needs for this path; None if callers without a key are answered.
    """

    method: str
    answer: Callable[[Routes, Request, Scope, Serving | None], Awaitable[Reply]]
    scope: KeyScope | None


TABLE: Mapping[str, Route] = {
    **dict.fromkeys(PATHS, Route("GET", Routes.show_page, "read")),
    PREDICT: Route("POST", Routes.predict, "predict"),
    "/invocations": Route("POST", Routes.invoke, "predict"),
    "/ping": Route("GET", Routes.pass_to_mlflow, None),
    "/health": Route("GET", Routes.pass_to_mlflow, None),
    "/ready": Route("GET", Routes.say_ready, None),
    "/version": Route("GET", Routes.pass_to_mlflow, "read"),
    "/metrics": Route("GET", Routes.show_metrics, "read"),
    "/openapi.json": Route("GET", Routes.show_document, "read"),
}
"""Every path of the server."""


def is_quick(serving: Serving, body: bytes) -> bool:
    """Return whether a body is answered so fast that a thread would only add time.

    Features from histories take a hundred times as long to compute as a row takes to score.
    """
    return len(body) <= INLINE_BYTES and not serving.has_histories


def _is_small(serving: Serving, body: bytes) -> bool:
    """Return whether this process answers a body with several applicants.

    A record begins with a brace, a row with a bracket or a new line. Values are separated by
    commas. Their numbers bound those of the rows, without parsing the body.
    """
    rows = max(map(body.count, (b"{", b"[", b"\n", b"\r")))
    is_short = rows <= _MOST_INLINE_ROWS and body.count(b",") <= _MOST_INLINE_CELLS
    return is_short and is_quick(serving, body)


def _stays(serving: Serving, body: bytes, explanation: Explanation | None) -> bool:
    """Return whether this process answers a body to `/predict`."""
    if is_object(body):
        return is_quick(serving, body)
    return explanation is None and _is_small(serving, body)


def _join_if_short(parts: list[bytes]) -> bytes | None:
    """Return a short body; a long one would keep all other callers waiting while it is joined."""
    return b"".join(parts) if sum(map(len, parts)) <= INLINE_BYTES else None


def is_object(body: bytes) -> bool:
    """Return whether a body is read as one applicant; it is not if it begins with `[`."""
    return body.startswith(b"{") or not body.lstrip(_SPACE).startswith(b"[")


def answer_applicant(serving: Serving, body: bytes) -> Reply:
    """Answer one applicant and count the decision.

    Call it in the event loop's thread only: the counters are not locked. It raises `InvalidRequest`
    if the body breaks the contract.
    """
    answer, decision = predict_one(serving.model.scorer, body)
    if serving.counters is not None:
        serving.counters.count_one(decision.probability, decision.score, decision.unseen)
    return Reply(200, answer, headers=serving.headers)


def _loaded(serving: Serving | None) -> Serving:
    if serving is None:
        raise ModelUnavailable("no model is loaded")
    return serving


def _count(
    request: Request,
    serving: Serving,
    decisions: Decisions | None,
    unseen: Mapping[str, int],
) -> None:
    """Count decisions about several applicants."""
    if decisions is None:
        return
    request.rows = len(decisions.probability)
    if serving.counters is not None:
        serving.counters.count_many(decisions, unseen)

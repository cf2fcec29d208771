"""`TABLE`: every path of the server and the method that answers it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import orjson

from scoring_model.errors import InvalidRequest, ModelUnavailable, UnsupportedMediaType
from scoring_model.http.answers import (
    PARQUET,
    RequestLimits,
    predict_many,
    predict_one,
    read_explanation,
)
from scoring_model.http.bulk import BulkTask, PendingBytes
from scoring_model.http.document import PATHS, read_page
from scoring_model.http.messages import Reply, Request, Scope
from scoring_model.http.routes.invocations import ask_mlflow, invoke_mlflow
from scoring_model.http.routes.serving import Serving
from scoring_model.http.routes.short_bodies import is_object, is_small, join_if_short, stays
from scoring_model.policy import Decisions
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import CONTENT_TYPE, Metrics, render_metrics, write_event
from scoring_model.version import TimedScoring

PREDICT = "/predict"
_READY = b'{"status":"ready"}'


@dataclass(frozen=True, slots=True)
class Routes:
    """Answers requests; each method gets the version to use.

    Attributes
    ----------
    settings : ServerSettings
    metrics : Metrics or None
    read_concern : callable
        Returns why a newer version could not be loaded; the text is empty if nothing went wrong.
    limits : RequestLimits
    pending : PendingBytes
        The large bodies that the worker holds.
    """

    settings: ServerSettings
    metrics: Metrics | None
    read_concern: Callable[[], str]
    limits: RequestLimits
    pending: PendingBytes

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
            body = join_if_short(parts)
            if body is None or not stays(serving, body, explanation):
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
            body = join_if_short(parts)
            if body is None or media_type == PARQUET or not is_small(serving, body):
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
        return await ask_mlflow(_loaded(serving).mlflow_app, scope, b"")

    async def say_ready(self, _request: Request, _scope: Scope, serving: Serving | None) -> Reply:
        """Report that a model is loaded, and why a newer version could not be loaded."""
        _loaded(serving)
        concern = self.read_concern()
        if not concern:
            return Reply(200, _READY)
        return Reply(200, orjson.dumps({"status": "ready", "refresh": concern}))

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
        return Reply(200, await asyncio.to_thread(render_metrics, metrics.folder), CONTENT_TYPE)


@dataclass(frozen=True, slots=True)
class Route:
    """The HTTP method that a path takes, and what answers it.

    Attributes
    ----------
    method : str
        The HTTP method.
    answer : callable
        A method of `Routes`.
    is_open : bool
        Whether callers without a key are answered.
    """

    method: str
    answer: Callable[[Routes, Request, Scope, Serving | None], Awaitable[Reply]]
    is_open: bool = False


TABLE: Mapping[str, Route] = {
    **dict.fromkeys(PATHS, Route("GET", Routes.show_page)),
    PREDICT: Route("POST", Routes.predict),
    "/invocations": Route("POST", Routes.invoke),
    "/ping": Route("GET", Routes.pass_to_mlflow, is_open=True),
    "/health": Route("GET", Routes.pass_to_mlflow, is_open=True),
    "/ready": Route("GET", Routes.say_ready, is_open=True),
    "/version": Route("GET", Routes.pass_to_mlflow),
    "/metrics": Route("GET", Routes.show_metrics),
    "/openapi.json": Route("GET", Routes.show_document),
}
"""Every path of the server."""


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

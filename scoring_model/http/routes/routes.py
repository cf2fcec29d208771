"""`TABLE`: every path of the server and the method that answers it."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

import orjson

from scoring_model.errors import Draining, InvalidRequest, ModelUnavailable, UnsupportedMediaType
from scoring_model.http.document import PATHS, read_page
from scoring_model.http.guard import KeyScope
from scoring_model.http.messages import INLINE_BYTES, Reply, Request, Scope
from scoring_model.http.routes.invocations import ask_mlflow, invoke
from scoring_model.http.routes.predict import predict_many, predict_one, read_explanation
from scoring_model.http.routes.serving import Serving
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import CONTENT_TYPE, Metrics, render_metrics
from scoring_model.version import TimedScoring

PREDICT = "/predict"
_SPACE = b" \t\r\n"
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
    is_draining : callable
        Returns whether the server is about to stop.
    """

    settings: ServerSettings
    metrics: Metrics | None
    read_concern: Callable[[], str]
    is_draining: Callable[[], bool]

    async def predict(self, request: Request, _scope: Scope, serving: Serving | None) -> Reply:
        """Score one applicant or an array of applicants."""
        serving = _loaded(serving)
        if request.read_media_type() != "application/json":
            raise UnsupportedMediaType("the Content-Type must be application/json")
        explanation = None
        if request.query:
            language = request.headers.get(b"accept-language")
            explanation = read_explanation(request.query, language)
        body = await request.read_body(self.settings.max_body_bytes)
        quick = explanation is None and is_quick(serving, body)
        if quick and is_object(body):
            reply = answer_applicant(serving, body)
            request.rows = 1
            return reply
        scoring = self._start_scoring()
        scorer, histories = serving.model.scorer, serving.histories
        arguments = (scorer, histories, body, self.settings, scoring, explanation)
        if quick:
            answer = predict_many(*arguments)
        else:
            answer = await asyncio.to_thread(predict_many, *arguments)
        self._count(request, scoring, serving)
        return Reply(200, answer, headers=serving.headers)

    async def invoke(self, request: Request, scope: Scope, serving: Serving | None) -> Reply:
        """Answer a request of MLflow's protocol."""
        serving = _loaded(serving)
        media_type = request.read_media_type()
        if request.query:
            raise InvalidRequest("this path takes no query parameters")
        body = await request.read_body(self.settings.max_body_bytes)
        scoring = self._start_scoring()
        contract, most = serving.model.scorer.contract, self.settings.max_rows
        reply = await invoke(serving.mlflow_app, contract, scope, media_type, body, most, scoring)
        self._count(request, scoring, serving)
        reply.headers = serving.headers
        return reply

    def _start_scoring(self) -> TimedScoring:
        return TimedScoring(time.monotonic() + self.settings.timeout_seconds)

    def _count(self, request: Request, scoring: TimedScoring, serving: Serving) -> None:
        if scoring.decisions is None or scoring.rows is None:
            return
        request.rows = len(scoring.decisions.probability)
        if serving.counters is not None:
            serving.counters.count_many(scoring.decisions, scoring.rows.unseen)

    async def pass_to_mlflow(
        self, _request: Request, scope: Scope, serving: Serving | None
    ) -> Reply:
        """Return the answer of MLflow's app."""
        # HEAD is answered as GET; the HTTP protocol leaves the body out
        as_get = {**scope, "method": "GET"}
        return await ask_mlflow(_loaded(serving).mlflow_app, as_get, b"")

    async def say_ready(self, _request: Request, _scope: Scope, serving: Serving | None) -> Reply:
        """Report that a model is loaded, and why a newer version could not be loaded."""
        if self.is_draining():
            raise Draining("the server is about to stop: send new requests to another one")
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
    return len(body) <= INLINE_BYTES and serving.histories is None


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

"""`Routes`: every path of the server and who answers it."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

from scoring_model.errors import InvalidRequest, ModelUnavailable, UnsupportedMediaType
from scoring_model.invocations import ask_mlflow, invoke
from scoring_model.messages import Reply, Request, Scope
from scoring_model.metrics import CONTENT_TYPE, Metrics
from scoring_model.pages import PATHS, read_page
from scoring_model.predict import predict_many, predict_one, read_explanation
from scoring_model.serving import Serving
from scoring_model.settings import Settings
from scoring_model.work import INLINE_BYTES, Work

PREDICT = "/predict"
_SPACE = b" \t\r\n"
_READY = b'{"status":"ready"}'


@dataclass(frozen=True, slots=True)
class Route:
    """What a path takes and who answers it."""

    method: str
    answer: Callable[[Request, Scope, Serving | None], Awaitable[Reply]]
    is_open: bool = False


class Routes:
    """Answers a request from the version that the request is given.

    Parameters
    ----------
    settings : Settings
    metrics : Metrics or None
    read_concern : callable
        Returns what stands in the way of a newer version, if anything does.
    """

    def __init__(
        self, settings: Settings, metrics: Metrics | None, read_concern: Callable[[], str]
    ) -> None:
        self._settings = settings
        self._metrics = metrics
        self._read_concern = read_concern
        pages = {path: Route("GET", self._show_page) for path in PATHS}
        self.table = pages | {
            PREDICT: Route("POST", self._predict),
            "/invocations": Route("POST", self._invoke),
            "/ping": Route("GET", self._ask_mlflow, is_open=True),
            "/health": Route("GET", self._ask_mlflow, is_open=True),
            "/ready": Route("GET", self._say_ready, is_open=True),
            "/version": Route("GET", self._ask_mlflow),
            "/metrics": Route("GET", self._show_metrics),
            "/openapi.json": Route("GET", self._show_document),
        }

    async def _predict(self, request: Request, _scope: Scope, serving: Serving | None) -> Reply:
        serving = _loaded(serving)
        if request.read_media_type() != "application/json":
            raise UnsupportedMediaType("send application/json")
        explanation = None
        if request.query:
            language = request.headers.get(b"accept-language")
            explanation = read_explanation(request.query, language)
        body = await request.read_body(self._settings.max_body_bytes)
        quick = explanation is None and is_quick(serving, body)
        if quick and is_object(body):
            reply = answer_applicant(serving, body)
            request.rows = 1
            return reply
        work = self._start_work()
        scorer, histories = serving.model.scorer, serving.histories
        arguments = (scorer, histories, body, self._settings, work, explanation)
        if quick:
            answer = predict_many(*arguments)
        else:
            answer = await asyncio.to_thread(predict_many, *arguments)
        self._count(request, work, serving)
        return Reply(200, answer, headers=serving.headers)

    async def _invoke(self, request: Request, scope: Scope, serving: Serving | None) -> Reply:
        serving = _loaded(serving)
        media_type = request.read_media_type()
        if request.query:
            raise InvalidRequest("this path takes no query")
        body = await request.read_body(self._settings.max_body_bytes)
        work = self._start_work()
        contract, max_rows = serving.model.scorer.contract, self._settings.max_rows
        reply = await invoke(serving.mlflow_app, contract, scope, media_type, body, max_rows, work)
        self._count(request, work, serving)
        reply.headers = serving.headers
        return reply

    def _start_work(self) -> Work:
        return Work(time.monotonic() + self._settings.timeout_seconds)

    def _count(self, request: Request, work: Work, serving: Serving) -> None:
        if work.decisions is None:
            return
        request.rows = len(work.decisions.probability)
        if serving.counters is not None:
            serving.counters.count_many(work.decisions, work.unseen)

    async def _ask_mlflow(self, _request: Request, scope: Scope, serving: Serving | None) -> Reply:
        return await ask_mlflow(_loaded(serving).mlflow_app, scope, b"")

    async def _say_ready(self, _request: Request, _scope: Scope, serving: Serving | None) -> Reply:
        _loaded(serving)
        concern = self._read_concern()
        if not concern:
            return Reply(200, _READY)
        return Reply(200, orjson.dumps({"status": "ready", "refresh": concern}))

    async def _show_page(self, request: Request, _scope: Scope, _serving: Serving | None) -> Reply:
        return read_page(request.path)

    async def _show_document(
        self, _request: Request, _scope: Scope, serving: Serving | None
    ) -> Reply:
        return Reply(200, _loaded(serving).document)

    async def _show_metrics(
        self, _request: Request, _scope: Scope, _serving: Serving | None
    ) -> Reply:
        metrics = self._metrics
        if metrics is None:
            return Reply(200, b"", CONTENT_TYPE)
        return Reply(200, await asyncio.to_thread(metrics.render), CONTENT_TYPE)


def is_quick(serving: Serving, body: bytes) -> bool:
    """Return whether a body is answered in less time than a thread takes.

    Features from histories take a hundred times as long as a finished row.
    """
    return len(body) <= INLINE_BYTES and serving.histories is None


def is_object(body: bytes) -> bool:
    """Return whether a body is to be one applicant, and not an array of them."""
    return body.startswith(b"{") or not body.lstrip(_SPACE).startswith(b"[")


def answer_applicant(serving: Serving, body: bytes) -> Reply:
    """Answer one applicant and count the decision; for the event loop's thread only.

    Raises
    ------
    InvalidRequest
        As `predict_one` does.
    """
    answer, decision = predict_one(serving.model.scorer, body)
    if serving.counters is not None:
        serving.counters.count_one(decision.probability, decision.score, decision.unseen)
    return Reply(200, answer, headers=serving.headers)


def _loaded(serving: Serving | None) -> Serving:
    if serving is None:
        raise ModelUnavailable("no model is loaded")
    return serving

"""`Routes`: the methods that answer the paths of `TABLE`."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
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
from scoring_model.http.document import read_page
from scoring_model.http.messages import Reply, Request, Scope
from scoring_model.http.routes.invocations import ask_mlflow, invoke_mlflow
from scoring_model.http.routes.readiness import Readiness
from scoring_model.http.routes.serving import Serving
from scoring_model.http.routes.short_bodies import is_object, is_small, join_if_short, stays
from scoring_model.http.shadow import Shadow
from scoring_model.policy import Decisions
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import CONTENT_TYPE, Metrics, render_metrics, write_event
from scoring_model.version import TimedScoring


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
    shadow : Shadow or None
        Scores what was answered with another version too; None if there is none.
    readiness : Readiness
    """

    settings: ServerSettings
    metrics: Metrics | None
    read_concern: Callable[[], str]
    is_draining: Callable[[], bool]
    limits: RequestLimits
    pending: PendingBytes
    shadow: Shadow | None
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
            body = join_if_short(parts)
            if body is None or not stays(serving, body, explanation):
                task = BulkTask(None, explanation, parts)
                return await self._ask_bulk(request, serving, task, deadline)
        if explanation is None and is_object(body):
            reply = self.answer_applicant(serving, body)
            request.rows = 1
            return reply
        scoring = TimedScoring(deadline)
        arguments = (serving.model.scorer, None, body, self.limits, scoring, explanation)
        if explanation is None:
            answer = predict_many(*arguments)
        else:
            answer = await asyncio.to_thread(predict_many, *arguments)
        return self._finish(request, serving, scoring, Reply(200, answer), (None, parts))

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
        return self._finish(request, serving, scoring, reply, (media_type, parts))

    def _start(self) -> float:
        """Return when the time limit of a request passes that begins now."""
        return time.monotonic() + self.settings.timeout_seconds

    async def _ask_bulk(
        self, request: Request, serving: Serving, task: BulkTask, deadline: float
    ) -> Reply:
        """Have a child process answer a request."""
        asked = (task.media_type, task.body)
        answer = await serving.bulk.ask(task, deadline)
        if answer.fault:
            write_event("error", f"{answer.fault} in a large request")
        if answer.status != 200:
            return Reply(answer.status, answer.content)
        if answer.decisions is not None:
            self._count(request, serving, answer.decisions, answer.unseen, asked)
        return Reply(200, answer.content, headers=(*serving.headers, *answer.headers))

    def _finish(
        self,
        request: Request,
        serving: Serving,
        scoring: TimedScoring,
        reply: Reply,
        asked: tuple[str | None, Sequence[bytes]],
    ) -> Reply:
        """Count the decisions of a request that this process answered."""
        if scoring.rows is not None and scoring.decisions is not None:
            unseen = scoring.rows.count_unseen()
            self._count(request, serving, scoring.decisions, unseen, asked)
        reply.headers = (*serving.headers, *reply.headers)
        return reply

    def _count(
        self,
        request: Request,
        serving: Serving,
        decisions: Decisions,
        unseen: Mapping[str, int],
        asked: tuple[str | None, Sequence[bytes]],
    ) -> None:
        """Count decisions about several applicants; `asked` is the media type and the body."""
        request.rows = len(decisions.probability)
        if serving.counters is not None:
            serving.counters.count_many(decisions, unseen)
        if self.shadow is not None:
            self.shadow.offer_many(*asked, decisions)

    def answer_applicant(self, serving: Serving, body: bytes) -> Reply:
        """Answer one applicant and count the decision.

        Call it in the event loop's thread only: the counters are not locked. It raises
        `InvalidRequest` if the body breaks the contract.
        """
        answer, decision = predict_one(serving.model.scorer, body)
        if serving.counters is not None:
            serving.counters.count_one(decision.probability, decision.score, decision.notices)
        if self.shadow is not None:
            self.shadow.offer_one(body, decision)
        return Reply(200, answer, headers=serving.headers)

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


def _loaded(serving: Serving | None) -> Serving:
    if serving is None:
        raise ModelUnavailable("no model is loaded")
    return serving

"""`ScoringRoutes`: `/predict` and `/invocations`, from the request to the logged decision."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass

import orjson

from scoring_model.decision_log import DecisionLog, Origin
from scoring_model.errors import InvalidRequest, UnsupportedMediaType
from scoring_model.http.answers import (
    PARQUET,
    Asked,
    PredictQuery,
    RequestLimits,
    decision_headers,
    log_many,
    log_one,
    predict_many,
    predict_one,
    read_query,
    read_reference,
)
from scoring_model.http.bulk import BulkTask, PendingBytes
from scoring_model.http.messages import Reply, Request, Scope
from scoring_model.http.routes.answered import Answered, Scored
from scoring_model.http.routes.invocations import invoke_mlflow
from scoring_model.http.routes.serving import Serving, require_version
from scoring_model.http.routes.short_bodies import is_object, is_small, join_if_short, stays
from scoring_model.http.shadow import Shadow
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import Metrics, write_event
from scoring_model.version import TimedScoring


@dataclass(frozen=True, slots=True)
class ScoringRoutes:
    """Answers requests for decisions; each method gets the version to use.

    Attributes
    ----------
    settings : ServerSettings
    metrics : Metrics or None
    limits : RequestLimits
    pending : PendingBytes
        The large bodies that the worker holds.
    shadow : Shadow or None
        Scores what was answered with another version too; None if there is none.
    log : DecisionLog or None
        Logs the decisions; None if they are not logged.
    """

    settings: ServerSettings
    metrics: Metrics | None
    limits: RequestLimits
    pending: PendingBytes
    shadow: Shadow | None
    log: DecisionLog | None

    async def predict(self, request: Request, _scope: Scope, serving: Serving | None) -> Reply:
        """Score one applicant or an array of applicants."""
        serving = require_version(serving)
        deadline = time.monotonic() + self.settings.timeout_seconds
        if request.read_media_type() != "application/json":
            raise UnsupportedMediaType("the Content-Type must be application/json")
        query = PredictQuery()
        if request.query:
            query = read_query(request.query, request.headers.get(b"accept-language"))
        asked = None if query.is_simulated else self._ask(request.path, request)
        explanation = query.explanation
        with self.pending.hold() as holding:
            parts = await request.read_body(self.settings.max_body_bytes, holding.grow_to)
            body = join_if_short(parts)
            if body is None or not stays(serving, body, explanation):
                task = BulkTask(None, explanation, parts, asked)
                return await self._ask_bulk(request, serving, task, deadline, query.is_simulated)
        if explanation is None and is_object(body):
            answered = self.decide_one(serving, body, asked)
            request.rows = 1
            if query.is_simulated:
                self._count_simulated(1)
                return Reply(200, answered.answer, headers=serving.headers)
            identifier = self.log_one(answered)
            return self.finish_one(answered, identifier, is_logged=self._commit())
        scoring = TimedScoring(deadline, is_logged=asked is not None)
        arguments = (serving.model.scorer, None, body, self.limits, scoring, explanation)
        if explanation is None:
            answer = predict_many(*arguments)
        else:
            answer = await asyncio.to_thread(predict_many, *arguments)
        sent = (None, parts, asked)
        return self._finish(request, serving, scoring, Reply(200, answer), sent, query.is_simulated)

    async def invoke(self, request: Request, scope: Scope, serving: Serving | None) -> Reply:
        """Answer a request of MLflow's protocol."""
        serving = require_version(serving)
        deadline = time.monotonic() + self.settings.timeout_seconds
        media_type = request.read_media_type()
        if request.query:
            raise InvalidRequest("this path takes no query parameters")
        asked = self._ask(request.path, request)
        with self.pending.hold() as holding:
            parts = await request.read_body(self.settings.max_body_bytes, holding.grow_to)
            body = join_if_short(parts)
            if body is None or media_type == PARQUET or not is_small(serving, body):
                task = BulkTask(media_type, None, parts, asked)
                return await self._ask_bulk(request, serving, task, deadline)
        scoring = TimedScoring(deadline, is_logged=asked is not None)
        reply = await invoke_mlflow(serving, scope, media_type, body, self.limits, scoring)
        return self._finish(request, serving, scoring, reply, (media_type, parts, asked))

    def _ask(self, route: str, request: Request) -> Asked | None:
        """Return what the log needs of a request; None if there is no log."""
        if self.log is None:
            return None
        return Asked(route, request.key, read_reference(request.headers))

    def _commit(self) -> bool:
        """Write what was added to the log; raises `LogUnavailable`."""
        return self.log is not None and self.log.commit()

    async def _ask_bulk(
        self,
        request: Request,
        serving: Serving,
        task: BulkTask,
        deadline: float,
        is_simulated: bool = False,
    ) -> Reply:
        """Have a child process answer a request; it logs the decisions itself."""
        asked = (task.media_type, task.body)
        answer = await serving.bulk.ask(task, deadline)
        if answer.fault:
            write_event("error", f"{answer.fault} in a large request")
        if answer.status != 200:
            self.count_refusal(orjson.loads(answer.content)["error"]["code"])
            return Reply(answer.status, answer.content)
        if answer.decisions is not None:
            scored = Scored(answer.decisions, answer.unseen, answer.ids, *asked)
            self._count(request, serving, scored, is_simulated)
        headers = (*serving.headers, *answer.headers)
        return Reply(200, answer.content, headers=headers, own=decision_headers(answer.ids))

    def _finish(
        self,
        request: Request,
        serving: Serving,
        scoring: TimedScoring,
        reply: Reply,
        sent: tuple[str | None, Sequence[bytes], Asked | None],
        is_simulated: bool = False,
    ) -> Reply:
        """Log and count the decisions of a request that this process answered."""
        media_type, parts, asked = sent
        if scoring.rows is not None and scoring.decisions is not None:
            ids = self._log_many(serving, scoring, asked)
            unseen = scoring.rows.count_unseen()
            scored = Scored(scoring.decisions, unseen, ids, media_type, parts)
            self._count(request, serving, scored, is_simulated)
            reply.own = decision_headers(ids)
        reply.headers = (*serving.headers, *reply.headers)
        return reply

    def _log_many(
        self, serving: Serving, scoring: TimedScoring, asked: Asked | None
    ) -> Sequence[str]:
        if self.log is None or asked is None:
            return ()
        contract = serving.model.scorer.contract
        decided = log_many(self.log.values, contract, scoring, asked.reference)
        origin = Origin(serving.model.name, asked.route, asked.key)
        ids = self.log.add_many(origin, decided)
        return ids if self._commit() else ()

    def _count(
        self, request: Request, serving: Serving, scored: Scored, is_simulated: bool
    ) -> None:
        """Count decisions about several applicants."""
        rows = request.rows = len(scored.decisions.probability)
        if is_simulated:
            self._count_simulated(rows)
            return
        if self.log is not None and not scored.ids and rows:
            self._count_unlogged(rows)
        if serving.counters is not None:
            serving.counters.count_many(scored.decisions, scored.unseen)
        if self.shadow is not None:
            self.shadow.offer_many(scored.media_type, scored.parts, scored.decisions, scored.ids)

    def decide_one(self, serving: Serving, body: bytes, asked: Asked | None) -> Answered:
        """Answer one applicant; raises `InvalidRequest` if the body breaks the contract."""
        # this and the next two methods are for the event loop's thread: nothing is locked
        answer, decision, applicant = predict_one(serving.model.scorer, body)
        return Answered(serving, body, answer, decision, applicant, asked)

    def log_one(self, answered: Answered) -> str:
        """Return the id of a decision for the next `commit`; empty if it is not logged."""
        serving, body, _, decision, applicant, asked = answered
        if self.log is None or asked is None:
            return ""
        route, key, reference = asked
        model = serving.model
        contract = model.scorer.contract
        logged = log_one(self.log.values, contract, body, applicant, decision, reference)
        return self.log.add(Origin(model.name, route, key), logged)

    def finish_one(self, answered: Answered, identifier: str, *, is_logged: bool) -> Reply:
        """Count a decision, and return the reply.

        Parameters
        ----------
        answered : Answered
        identifier : str
            From `log_one`.
        is_logged : bool
            Whether the log has written the decision.
        """
        serving, decision = answered.serving, answered.decision
        if serving.counters is not None:
            serving.counters.count_one(decision.probability, decision.score, decision.notices)
        if identifier and not is_logged:
            self._count_unlogged(1)
            identifier = ""
        if self.shadow is not None:
            self.shadow.offer_one(answered.body, decision, identifier)
        own = decision_headers((identifier,)) if identifier else ()
        return Reply(200, answered.answer, headers=serving.headers, own=own)

    def count_refusal(self, code: str) -> None:
        """Count a request for decisions that was refused, by the code of the error."""
        if self.metrics is not None:
            self.metrics.requests.count_refusal(code)
        if self.log is not None:
            self.log.count("refused", code, 1)

    def _count_simulated(self, rows: int) -> None:
        if self.metrics is not None:
            self.metrics.requests.count_simulated(rows)
        if self.log is not None:
            self.log.count("simulated", "", rows)

    def _count_unlogged(self, rows: int) -> None:
        if self.metrics is not None:
            self.metrics.requests.count_unlogged(rows)
        if self.log is not None:
            self.log.count("unlogged", "", rows)

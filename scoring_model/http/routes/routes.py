"""`Routes`: the methods that answer the paths of `TABLE`."""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, field

import orjson

from scoring_model.decision_log import ID_PATTERN
from scoring_model.errors import Draining, NotFound
from scoring_model.http.document import read_page
from scoring_model.http.guard import PREFLIGHT_HEADERS
from scoring_model.http.messages import Reply, Request, Scope
from scoring_model.http.routes.invocations import ask_mlflow
from scoring_model.http.routes.readiness import Readiness
from scoring_model.http.routes.scoring_routes import ScoringRoutes
from scoring_model.http.routes.serving import Serving, require_version
from scoring_model.telemetry import CONTENT_TYPE, render_metrics

DECISIONS_PATH = "/decisions/"
_IDENTIFIER = re.compile(ID_PATTERN)


@dataclass(frozen=True, slots=True)
class Routes(ScoringRoutes):
    """Answers requests; each method gets the version to use.

    Attributes
    ----------
    read_concern : callable
        Returns why a newer version could not be loaded; the text is empty if nothing went wrong.
    is_draining : callable
        Returns whether the server is about to stop.
    readiness : Readiness
    """

    read_concern: Callable[[], str]
    is_draining: Callable[[], bool]
    readiness: Readiness = field(default_factory=Readiness)

    async def pass_to_mlflow(
        self, _request: Request, scope: Scope, serving: Serving | None
    ) -> Reply:
        """Return the answer of MLflow's app."""
        # HEAD is answered as GET; the HTTP protocol leaves the body out
        as_get = {**scope, "method": "GET"}
        return await ask_mlflow(require_version(serving).mlflow_app, as_get, b"")

    async def say_ready(self, _request: Request, scope: Scope, serving: Serving | None) -> Reply:
        """Report that both routes answer, and why a newer version could not be loaded."""
        if self.is_draining():
            raise Draining("the server is about to stop: send new requests to another one")
        log_concern = ""
        if self.log is not None:
            self.log.require_writable()
            log_concern = self.log.problem or self.log.concern
        concern = self.read_concern()
        return await self.readiness.answer(serving, scope, self.limits, concern, log_concern)

    async def show_decision(
        self, request: Request, _scope: Scope, _serving: Serving | None
    ) -> Reply:
        """Return a decision of the log."""
        identifier = request.path.removeprefix(DECISIONS_PATH)
        if self.log is None:
            raise NotFound("the server has no decision log")
        found = None
        if _IDENTIFIER.fullmatch(identifier):
            found = await asyncio.to_thread(self.log.find, identifier)
        if found is None:
            raise NotFound("the log has no such decision")
        return Reply(200, orjson.dumps(found))

    async def lead_to_page(
        self, _request: Request, _scope: Scope, _serving: Serving | None
    ) -> Reply:
        """Send a browser on to `/docs`."""
        # relative, because a proxy may add a prefix to the paths
        return Reply(307, b"", headers=((b"location", b"docs"),))

    async def answer_preflight(
        self, _request: Request, _scope: Scope, _serving: Serving | None
    ) -> Reply:
        """Tell a browser what a page of an allowed origin may send."""
        return Reply(204, b"", headers=PREFLIGHT_HEADERS)

    async def show_page(self, request: Request, _scope: Scope, _serving: Serving | None) -> Reply:
        """Return a file of the page `/docs`."""
        return read_page(request.path)

    async def show_document(
        self, _request: Request, _scope: Scope, serving: Serving | None
    ) -> Reply:
        """Return the OpenAPI document of the version."""
        return Reply(200, require_version(serving).document)

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

"""`Readiness`: `/ready` tries `/predict` and `/invocations` with the example applicant."""

import asyncio
import time

import orjson

from scoring_model.errors import ModelUnavailable
from scoring_model.http.answers import RequestLimits, predict_one
from scoring_model.http.messages import Reply, Scope
from scoring_model.http.routes.invocations import invoke_mlflow
from scoring_model.http.routes.serving import Serving
from scoring_model.policy import FIELDS
from scoring_model.telemetry import write_event
from scoring_model.version import TimedScoring

# everybody may ask, so a trial answers all who ask within a second
_FRESH_SECONDS = 1.0
_PATIENCE_SECONDS = 5.0


class Readiness:
    """Answers `/ready`. The decisions about the example are not counted."""

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._tried: Serving | None = None
        self._until = 0.0
        self._problem = ""

    async def answer(
        self,
        serving: Serving | None,
        scope: Scope,
        limits: RequestLimits,
        concern: str,
        log_concern: str,
    ) -> Reply:
        """Report that both routes answer, and why a newer version could not be loaded.

        Parameters
        ----------
        serving : Serving or None
            The version in use.
        scope : mapping
            The ASGI scope of the request.
        limits : RequestLimits
        concern : str
            Why a newer version could not be loaded; empty if nothing went wrong.
        log_concern : str
            Why decisions wait for their database; empty if they do not.

        Raises
        ------
        ModelUnavailable
            No version is loaded, or a route does not answer.
        """
        if serving is None:
            raise ModelUnavailable(
                f"no model is loaded: {concern}" if concern else "no model is loaded"
            )
        async with self._lock:
            if serving is not self._tried or time.monotonic() > self._until:
                await self._try(serving, scope, limits)
        if self._problem:
            raise ModelUnavailable(self._problem)
        said = {"status": "ready", "refresh": concern, "decision_log": log_concern}
        said = {name: text for name, text in said.items() if text}
        return Reply(200, orjson.dumps(said))

    async def _try(self, serving: Serving, scope: Scope, limits: RequestLimits) -> None:
        before = self._problem
        try:
            self._problem = await _find_problem(serving, scope, limits)
        except Exception as error:  # noqa: BLE001  # whatever it is, the version is not ready
            self._problem = "the example applicant cannot be scored on both routes"
            if self._problem != before:
                write_event("not ready", f"{self._problem}: {type(error).__name__}")
        self._tried, self._until = serving, time.monotonic() + _FRESH_SECONDS


async def _find_problem(serving: Serving, scope: Scope, limits: RequestLimits) -> str:
    """Score the example on both routes, and return what is wrong; empty if nothing is."""
    example = serving.model.example
    answer, *_ = predict_one(serving.model.scorer, orjson.dumps(example))
    asked = {**scope, "method": "POST", "path": "/invocations", "raw_path": b"/invocations"}
    body = orjson.dumps({"dataframe_records": [example]})
    scoring = TimedScoring(time.monotonic() + _PATIENCE_SECONDS)
    invoked = await asyncio.wait_for(
        invoke_mlflow(serving, asked, "application/json", body, limits, scoring), _PATIENCE_SECONDS
    )
    (other,) = orjson.loads(invoked.body)["predictions"]
    one = orjson.loads(answer)
    if any(one[name] != other[name] for name in FIELDS):
        return "/predict and /invocations give different answers to the example applicant"
    return ""

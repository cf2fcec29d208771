"""`QuickAnswers`: decides about single applicants without an asyncio task."""

from collections.abc import Mapping
from typing import NamedTuple

from scoring_model.errors import ScoringError
from scoring_model.http.answers import Asked, read_reference
from scoring_model.http.guard import Guard
from scoring_model.http.messages import JSON
from scoring_model.http.routes import PREDICT, Answered, Routes, Serving, is_object, is_quick
from scoring_model.settings import ServerSettings
from scoring_model.telemetry import GiveUp


class QuickRequest(NamedTuple):
    """A complete `POST /predict`, whose body may be one applicant.

    Attributes
    ----------
    headers : mapping of bytes to bytes
        Names in lower case.
    peer : str or None
        Address of the other end of the connection.
    body : bytes
    started : float
        When the request began, on the clock of `time.perf_counter`.
    """

    headers: Mapping[bytes, bytes]
    peer: str | None
    body: bytes
    started: float


class QuickAnswers:
    """Decides about single applicants, or says why the normal path must do it.

    Parameters
    ----------
    settings : ServerSettings
    guard : Guard
    routes : Routes
    """

    def __init__(self, settings: ServerSettings, guard: Guard, routes: Routes) -> None:
        self._most_bytes = settings.max_body_bytes
        self._guard = guard
        self._routes = routes

    def decide(
        self, serving: Serving | None, request: QuickRequest
    ) -> tuple[Answered, str | None] | GiveUp:
        """Return the decision and the name of the caller's key, or why it cannot be made here."""
        if serving is None:
            return "no_model"
        headers, peer, body, _ = request
        cause: GiveUp | None = None
        if headers.get(b"content-type") != JSON or b"content-encoding" in headers:
            cause = "content_type"
        elif serving.has_histories:
            cause = "histories"
        elif len(body) > self._most_bytes or not is_quick(serving, body):
            cause = "size"
        elif not is_object(body):
            cause = "array"
        if cause is not None:
            return cause
        key: str | None = None
        try:
            key = self._guard.admit(peer, headers, "predict")
            asked = None
            if self._routes.log is not None:
                asked = Asked(PREDICT, key, read_reference(headers))
            return self._routes.decide_one(serving, body, asked), key
        except ScoringError:
            cause = "refused"
        except Exception:  # noqa: BLE001  # the normal path repeats it and reports it
            cause = "fault"
        self._guard.give_back(key)
        return cause

    def log(self, found: tuple[Answered, str | None] | GiveUp | None) -> str | None:
        """Return the id of a decision that was made, empty if there is none; None after a fault."""
        if type(found) is not tuple:
            return ""
        try:
            return self._routes.log_one(found[0])
        except Exception:  # noqa: BLE001  # the normal path repeats it and reports it
            self._guard.give_back(found[1])
            return None

"""`/ready` tries both routes with the example applicant, and counts nothing of it."""

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from scoring_model.errors import ModelUnavailable
from scoring_model.http.answers import RequestLimits
from scoring_model.http.messages import Receive, Scope, Send
from scoring_model.http.routes import Serving, load_serving
from scoring_model.http.routes.readiness import Readiness
from scoring_model.settings import ServerSettings
from tests.scoring_model.processes import Server
from tests.scoring_model.telemetry.test_telemetry import samples

SETTINGS = ServerSettings("model")
LIMITS = RequestLimits.from_settings(SETTINGS)
SCOPE = {"type": "http", "method": "GET", "path": "/ready", "raw_path": b"/ready", "headers": []}


@pytest.fixture(scope="module")
def serving(model_folder: Path) -> Iterator[Serving]:
    """Return a version as the server has it."""
    made = load_serving(str(model_folder), SETTINGS, None)
    yield made
    made.bulk.close()


class Answers:
    """MLflow's app, or one that always fails; counts the requests."""

    def __init__(self, serving: Serving, status: int) -> None:
        self._app, self._status, self.requests = serving.mlflow_app, status, 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        self.requests += 1
        if self._status == 200:
            await self._app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        await send({"type": "http.response.body", "body": b"secret of an applicant"})


def ask(*servings: Serving | None, concern: str = "") -> list[bytes]:
    """Return the answers to requests that come at the same time."""

    async def ask_all() -> list[bytes]:
        readiness = Readiness()
        asked = [readiness.answer(serving, SCOPE, LIMITS, concern, "") for serving in servings]
        return [reply.body for reply in await asyncio.gather(*asked)]

    return asyncio.run(ask_all())


def decisions(server: Server) -> dict[tuple[str, ...], float]:
    return {key: value for key, value in samples(server).items() if "decision" in key[0]}


def test_a_server_whose_routes_answer_is_ready(server: Server) -> None:
    before = decisions(server)
    for _ in range(5):
        answer = server.http.get("/ready")
        assert (answer.status_code, answer.json()) == (200, {"status": "ready"})
    assert decisions(server) == before


def test_a_second_of_questions_is_one_trial(serving: Serving) -> None:
    app = Answers(serving, 200)
    asked = replace(serving, mlflow_app=app)
    answers = ask(*[asked] * 50, concern="the newest version failed its checks")
    assert app.requests == 1
    assert [json.loads(answer)["refresh"] for answer in answers] == [
        "the newest version failed its checks"
    ] * 50


@pytest.mark.hostile("a version that fails on one route only")
def test_a_route_that_fails_makes_the_server_unready(serving: Serving) -> None:
    broken = replace(serving, mlflow_app=Answers(serving, 500))
    with pytest.raises(ModelUnavailable, match="cannot be scored on both routes"):
        ask(broken)
    wrong = replace(serving, model=replace(serving.model, example={"unknown": 1}))
    with pytest.raises(ModelUnavailable, match="cannot be scored on both routes"):
        ask(wrong)


def test_without_a_version_the_cause_is_said() -> None:
    with pytest.raises(ModelUnavailable, match="no model is loaded: the registry does not answer"):
        ask(None, concern="the registry does not answer")

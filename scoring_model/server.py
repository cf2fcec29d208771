"""`create_app`: the scoring server, MLflow's own scoring app with `/predict` beside it."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from scoring_model.errors import (
    MethodNotAllowed,
    ModelUnavailable,
    NotFound,
    ScoringError,
    TooSlow,
    UnsupportedMediaType,
)
from scoring_model.invocations import ask_mlflow, invoke
from scoring_model.messages import (
    Disconnected,
    Receive,
    Reply,
    Request,
    Scope,
    Send,
    error_reply,
)
from scoring_model.predict import predict_many, predict_one
from scoring_model.serving import Serving, load_serving
from scoring_model.settings import Settings
from scoring_model.work import Work

# threads for arrays and for MLflow's app: work that is out of time never holds more than these
BULK_THREADS = 2
# a body up to this size is scored in about a millisecond: a thread would cost more
INLINE_BYTES = 16384
RETRY_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Route:
    """What a path takes and who answers it."""

    method: str
    answer: Callable[[Request, Scope], Awaitable[Reply]]
    is_open: bool = False


class ScoringApp:
    """The ASGI application; `install` swaps the model that it answers from.

    Parameters
    ----------
    settings : Settings
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._serving: Serving | None = None
        self._loading: asyncio.Task[None] | None = None
        self._routes = {
            "/predict": Route("POST", self._predict),
            "/invocations": Route("POST", self._invoke),
            "/ping": Route("GET", self._ask_mlflow, is_open=True),
            "/health": Route("GET", self._ask_mlflow, is_open=True),
            "/version": Route("GET", self._ask_mlflow),
        }

    def install(self, serving: Serving) -> None:
        """Answer every request that begins from now on from this version."""
        self._serving = serving

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection event of the ASGI server."""
        if scope["type"] == "http":
            await self._answer(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        try:
            async with asyncio.timeout(self._settings.timeout_seconds):
                route = self._find_route(request)
                reply = await route.answer(request, scope)
        except ScoringError as error:
            reply = error_reply(error)
        except TimeoutError:
            reply = error_reply(TooSlow("the request was not answered within the time limit"))
        except Disconnected:
            return
        except Exception:  # noqa: BLE001  # whatever it says may hold an applicant's value
            reply = error_reply(ScoringError("the request could not be answered"))
        await send(
            {
                "type": "http.response.start",
                "status": reply.status,
                "headers": [
                    (b"content-type", reply.content_type),
                    (b"content-length", str(len(reply.body)).encode()),
                    *reply.headers,
                ],
            }
        )
        await send({"type": "http.response.body", "body": reply.body})

    def _find_route(self, request: Request) -> Route:
        route = self._routes.get(request.path)
        if route is None:
            raise NotFound("there is nothing at this path")
        if request.method != route.method:
            raise MethodNotAllowed(route.method)
        return route

    def _current(self) -> Serving:
        if self._serving is None:
            raise ModelUnavailable("no model is loaded")
        return self._serving

    def _start_work(self) -> Work:
        return Work(time.monotonic() + self._settings.timeout_seconds)

    async def _predict(self, request: Request, _scope: Scope) -> Reply:
        serving = self._current()
        if request.read_media_type() != "application/json":
            raise UnsupportedMediaType("send application/json")
        body = await request.read_body(self._settings.max_body_bytes)
        scorer = serving.model.scorer
        if not body.lstrip(b" \t\r\n").startswith(b"["):
            answer, _ = predict_one(scorer, body)
            return Reply(200, answer)
        arguments = (scorer, body, self._settings.max_rows, self._start_work())
        if len(body) <= INLINE_BYTES:
            return Reply(200, predict_many(*arguments))
        return Reply(200, await asyncio.to_thread(predict_many, *arguments))

    async def _invoke(self, request: Request, scope: Scope) -> Reply:
        serving = self._current()
        request.read_media_type()
        body = await request.read_body(self._settings.max_body_bytes)
        return await invoke(serving.mlflow_app, scope, body, self._start_work())

    async def _ask_mlflow(self, _request: Request, scope: Scope) -> Reply:
        return await ask_mlflow(self._current().mlflow_app, scope, b"")

    async def _live(self, receive: Receive, send: Send) -> None:
        """Load the model while the server is already up, and stop when it stops."""
        await receive()
        executor = ThreadPoolExecutor(BULK_THREADS, thread_name_prefix="scoring")
        asyncio.get_running_loop().set_default_executor(executor)
        self._loading = asyncio.create_task(self._load())
        await send({"type": "lifespan.startup.complete"})
        await receive()
        self._loading.cancel()
        executor.shutdown(wait=False, cancel_futures=True)
        await send({"type": "lifespan.shutdown.complete"})

    async def _load(self) -> None:
        while True:
            try:
                self.install(await asyncio.to_thread(load_serving, self._settings.model_uri))
            except ScoringError as error:
                sys.stderr.write(f"{error}\n")
                await asyncio.sleep(RETRY_SECONDS)
            else:
                return


def create_app(settings: Settings) -> ScoringApp:
    """Return the server of the model that the settings name; it loads when the server starts."""
    return ScoringApp(settings)

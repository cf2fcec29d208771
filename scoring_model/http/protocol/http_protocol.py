"""`HttpProtocol`: uvicorn's HTTP protocol with a fast path for single applicants.

`uvicorn --http scoring_model.http_protocol:HttpProtocol` turns the fast path on. Without this
option the server gives the same answers, but more slowly.
"""

import asyncio
import time
from functools import lru_cache
from typing import cast

from scoring_model.errors import ScoringError
from scoring_model.http.messages import INLINE_BYTES, Reply
from scoring_model.http.protocol.rendering import render
from scoring_model.http.protocol.strict_protocol import StrictProtocol
from scoring_model.http.quick_answers import QuickRequest
from scoring_model.http.routes import PREDICT
from scoring_model.http.server import ScoringApp
from scoring_model.telemetry import GiveUp

_FAST_URL = PREDICT.encode()
# this many answers take about a millisecond: the first request of a burst waits no longer
_MOST_IN_A_BURST = 32


class Burst:
    """Single applicants whose requests arrive in the same turn of the event loop.

    All answers are computed first, and then all are sent. This takes half the time of answering one
    by one: the code stays in the processor's caches, and a client that waits for several answers is
    woken only once.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
        The event loop of the connections.
    application : ScoringApp
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, application: ScoringApp) -> None:
        self._loop = loop
        self._application = application
        self._waiting: list[HttpProtocol] = []

    def add(self, connection: "HttpProtocol") -> None:
        """Add the request that a connection holds."""
        if not self._waiting:
            self._loop.call_soon(self.answer)
        self._waiting.append(connection)
        if len(self._waiting) == _MOST_IN_A_BURST:
            self.answer()

    def answer(self) -> None:
        """Answer all waiting requests."""
        connections, self._waiting = self._waiting, []
        requests = [connection.quick_request() for connection in connections]
        answers = self._application.answer_together(requests)
        for connection, answer in zip(connections, answers, strict=True):
            connection.finish(answer)


class HttpProtocol(StrictProtocol):
    """The HTTP protocol of uvicorn with a fast path for `POST /predict`.

    The fast path takes a request that arrives whole, on a connection without another open request.
    It gives the request to the application directly, without ASGI's task, scope and messages. All
    other requests, and those that the application does not answer there, take uvicorn's normal
    path. On that path, too, an answer is sent in one piece.
    """

    # whether the request that is being read is held back from uvicorn's normal path, the part of
    # its body that has arrived, and when it began
    _held = False
    _body = b""
    _started = 0.0
    # whether that request is complete and waits in its burst
    _waits = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Set up a new connection."""
        super().connection_made(transport)
        # only requests to a `ScoringApp` are held back
        self._burst = _burst_of(self.loop, cast("ScoringApp", self._application))

    def data_received(self, data: bytes) -> None:
        """Read data; a request that is still incomplete then takes uvicorn's normal path."""
        super().data_received(data)
        if self._held and not self._waits:
            self._give_up("in_pieces")
            self._let_go()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Answer the open request before closing, when the client has stopped sending."""
        self._answer_what_waits()
        return super().eof_received()

    def on_message_begin(self) -> None:
        """Begin a request, after answering the one before it."""
        if self._waits:
            self._answer_what_waits()
        super().on_message_begin()

    def begin_request(self) -> None:
        """Hold a request back from uvicorn's normal path if the fast path may answer it."""
        self._body = b""
        self._started = time.perf_counter()
        if self.url == _FAST_URL:
            # uvicorn's access log and its limit of connections must see every request
            watched = self.access_log or self.limit_concurrency is not None
            self._held = not watched and self._may_be_quick()
            if self._held:
                return
            self._give_up("watched" if watched else "connection")
        super().begin_request()

    def _may_be_quick(self) -> bool:
        return (
            self._application is not None
            and not self._application.draining
            and self._version == "1.1"
            and self.parser.get_method() == b"POST"
            and self.parser.should_keep_alive()
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self._socket.is_closing()
            and (self.cycle is None or self.cycle.response_complete)
        )

    def on_body(self, body: bytes) -> None:
        """Read a part of a body."""
        if self._held:
            self._proceeds = True
            self._body += body
            if len(self._body) > INLINE_BYTES:
                self._give_up("size")
                self._let_go()
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Finish reading a request."""
        if self._held:
            self._in_body = False
            self._waits = True
            self._burst.add(self)
        else:
            super().on_message_complete()

    def quick_request(self) -> QuickRequest | None:
        """Return the request that waits in the burst; None if the connection is closing."""
        if self._socket.is_closing():
            return None
        peer = self.client[0] if self.client else None
        return QuickRequest(self._found, peer, self._body, self._started)

    def finish(self, answer: tuple[Reply, bytes] | None) -> None:
        """Send the answer; if there is none, hand the request over to uvicorn."""
        self._waits = self._held = False
        if self._socket.is_closing():
            return
        if answer is None:
            self._let_go()
            super().on_message_complete()
        else:
            self._socket.write(render(*answer, self.server_state.default_headers))
            self.go_on()

    def _give_up(self, cause: GiveUp) -> None:
        """Count a request to `/predict` that takes uvicorn's normal path."""
        if self._application is not None:
            self._application.give_up(cause)

    def _let_go(self) -> None:
        """Hand over to uvicorn what has arrived of the request that was held back."""
        self._held = False
        body, self._body = self._body, b""
        super().begin_request()
        if body:
            super().on_body(body)
            self._pass_body()

    def _answer_what_waits(self) -> None:
        if self._waits:
            self._burst.answer()

    def refuse(self, error: ScoringError) -> None:
        """Answer with an error after the requests before it, and read no more."""
        self._answer_what_waits()
        self._held = False
        super().refuse(error)

    def is_at_work(self) -> bool:
        """Return whether a whole request waits for its answer."""
        return self._waits or super().is_at_work()

    def shutdown(self) -> None:
        """Close the connection once its request is answered."""
        self._answer_what_waits()
        super().shutdown()


@lru_cache(maxsize=4)
def _burst_of(loop: asyncio.AbstractEventLoop, application: ScoringApp) -> Burst:
    """Return the burst that all connections of an event loop share."""
    return Burst(loop, application)

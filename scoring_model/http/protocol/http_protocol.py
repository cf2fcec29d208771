"""`HttpProtocol`: uvicorn's HTTP protocol with a fast path for single applicants.

`uvicorn --http scoring_model.http_protocol:HttpProtocol` turns the fast path on. Without this
option the server gives the same answers, but more slowly.
"""

import asyncio
import time
from functools import lru_cache
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from scoring_model.http.messages import INLINE_BYTES, Headers, Reply
from scoring_model.http.protocol.transport import GatheringTransport, PatientFlow
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
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
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
        answers = [connection.compute() for connection in connections]
        for connection, answer in zip(connections, answers, strict=True):
            connection.finish(answer)


class HttpProtocol(HttpToolsProtocol):
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
        self._socket = transport
        self._gathering = GatheringTransport(transport)
        self._application = self._find_application()
        self._burst = _burst_of(self.loop)
        super().connection_made(self._gathering)  # type: ignore[arg-type]  # acts as one
        self.flow = PatientFlow(transport, self.pipeline)

    def _find_application(self) -> ScoringApp | None:
        """Return the server's application, or None if another application wraps it."""
        app: Any = self.app
        if isinstance(app, ProxyHeadersMiddleware):
            # it only sets the address of a caller behind a proxy; `Guard` itself checks for a proxy
            app = app.app
        return app if isinstance(app, ScoringApp) else None

    def data_received(self, data: bytes) -> None:
        """Read data; a request that is still incomplete then takes uvicorn's normal path."""
        super().data_received(data)
        # a connection that sent malformed HTTP is closing, and its request is given up
        if self._held and not self._waits and not self._socket.is_closing():
            self._give_up("in_pieces")
            self._let_go()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Answer the open request before closing, when the client has stopped sending."""
        self._answer_what_waits()
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body or self.scheme == "https":
            # no request, an incomplete one, or TLS, which has no half-closed connections
            return None
        cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        """Begin a request, after answering the one before it."""
        if self._waits:
            self._answer_what_waits()
            # after that answer uvicorn treats the connection as idle, but this request has begun
            self._unset_keepalive_if_required()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Hold a request back from uvicorn's normal path if the fast path may answer it."""
        # uvicorn's access log and its limit of connections must see every request
        watched = self.access_log or self.limit_concurrency is not None
        self._held = self.url == _FAST_URL and not watched and self._may_be_quick()
        if self.url == _FAST_URL and not self._held:
            self._give_up("watched" if watched else "connection")
        self._body = b""
        self._started = time.perf_counter()
        if not self._held:
            super().on_headers_complete()

    def _may_be_quick(self) -> bool:
        return (
            self._application is not None
            and not self._application.draining
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.expect_100_continue
            and not self.flow.write_paused
            and not self._socket.is_closing()
            and (self.cycle is None or self.cycle.response_complete)
        )

    def on_body(self, body: bytes) -> None:
        """Read a part of a body."""
        if self._held:
            self._body += body
            if len(self._body) > INLINE_BYTES:
                self._give_up("size")
                self._let_go()
        else:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Finish reading a request."""
        if self._held:
            self._waits = True
            self._burst.add(self)
        else:
            super().on_message_complete()

    def compute(self) -> tuple[Reply, bytes] | None:
        """Return the answer and the request's id, or None if uvicorn has to answer."""
        if self._application is None or self._socket.is_closing():
            return None
        peer = self.client[0] if self.client else None
        headers = dict(self.headers)
        return self._application.answer_at_once(headers, peer, self._body, self._started)

    def finish(self, answer: tuple[Reply, bytes] | None) -> None:
        """Send the answer; if there is none, hand the request over to uvicorn."""
        self._waits = self._held = False
        if self._socket.is_closing():
            return
        if answer is None:
            self._let_go()
            super().on_message_complete()
        else:
            self._socket.write(_render(*answer, self.server_state.default_headers))
            super().on_response_complete()

    def _give_up(self, cause: GiveUp) -> None:
        """Count a request to `/predict` that takes uvicorn's normal path."""
        if self._application is not None:
            self._application.give_up(cause)

    def _let_go(self) -> None:
        """Hand over to uvicorn what has arrived of the request that was held back."""
        self._held = False
        body, self._body = self._body, b""
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def _answer_what_waits(self) -> None:
        if self._waits:
            self._burst.answer()

    def send_400_response(self, msg: str) -> None:
        """Refuse malformed HTTP, after answering the request before it."""
        self._answer_what_waits()
        super().send_400_response(msg)

    def shutdown(self) -> None:
        """Close the connection once its request is answered."""
        self._answer_what_waits()
        super().shutdown()

    def on_response_complete(self) -> None:
        """Send the answer, which is complete now."""
        self._gathering.flush()
        super().on_response_complete()


@lru_cache(maxsize=4)
def _burst_of(loop: asyncio.AbstractEventLoop) -> Burst:
    """Return the burst that all connections of an event loop share."""
    return Burst(loop)


def _render(reply: Reply, request_id: bytes, server_headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return a whole answer in the format of HTTP/1.1."""
    own = b"x-request-id: %s\r\ncontent-length: %d\r\n\r\n" % (request_id, len(reply.body))
    server = [b"%s: %s\r\n" % header for header in server_headers]
    return b"".join(
        (STATUS_LINE[reply.status], *server, _lines(reply.standing_headers()), own, reply.body)
    )


@lru_cache(maxsize=64)
def _lines(headers: Headers) -> bytes:
    """Return headers as lines; all answers of a version have the same, so a cache keeps them."""
    return b"".join(b"%s: %s\r\n" % header for header in headers)

"""`HttpProtocol`: uvicorn's own, with a short way for single applicants.

For `uvicorn --http scoring_model.http_protocol:HttpProtocol`; without it all works, more slowly.
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

_SHORT_WAY = PREDICT.encode()
# about a millisecond of computing: the first of a burst does not wait longer for its answer
_MOST_IN_A_BURST = 32


class Burst:
    """Requests that came in one turn of the event loop: first all are computed, then all sent.

    To send wakes a reader that sleeps again while the next answer is computed, and wakes it again;
    and code that runs on one request after the other stays in the processor's caches. Together they
    take half the time of one by one.

    Parameters
    ----------
    loop : asyncio.AbstractEventLoop
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._waiting: list[HttpProtocol] = []

    def add(self, connection: "HttpProtocol") -> None:
        """Take the request that a connection holds."""
        if not self._waiting:
            self._loop.call_soon(self.answer)
        self._waiting.append(connection)
        if len(self._waiting) == _MOST_IN_A_BURST:
            self.answer()

    def answer(self) -> None:
        """Answer all that are waiting."""
        connections, self._waiting = self._waiting, []
        answers = [connection.compute() for connection in connections]
        for connection, answer in zip(connections, answers, strict=True):
            connection.finish(answer)


class HttpProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a short way for `POST /predict`.

    A request that arrives whole, on a connection with nothing before it in work, is offered to the
    application as it is: no task, no scope, no messages. What the application does not take goes
    uvicorn's way, and so does all else; there answers are never sent in pieces.
    """

    # whether the request that is being read is kept from uvicorn's way, its body so far, and when
    # it began
    _held = False
    _body = b""
    _started = 0.0
    # whether it is whole and waits for the others of its burst
    _waits = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin a connection."""
        self._socket = transport
        self._gathering = GatheringTransport(transport)
        self._application = self._find_application()
        self._burst = _burst_of(self.loop)
        super().connection_made(self._gathering)  # type: ignore[arg-type]  # it acts as one
        self.flow = PatientFlow(transport, self.pipeline)

    def _find_application(self) -> ScoringApp | None:
        """Return the server's application, None where another one stands before it."""
        app: Any = self.app
        if isinstance(app, ProxyHeadersMiddleware):
            # it tells who called through a proxy, and no such caller is ever taken for local
            app = app.app
        return app if isinstance(app, ScoringApp) else None

    def data_received(self, data: bytes) -> None:
        """Read what came; a request that is not whole by then goes uvicorn's way."""
        super().data_received(data)
        # after malformed HTTP the connection closes
        if self._held and not self._waits and not self._socket.is_closing():
            self._give_up("in_pieces")
            self._let_go()

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Answer what is in work to a client that has sent all it will, before closing."""
        self._answer_what_waits()
        cycle = self.cycle
        if cycle is None or cycle.response_complete or cycle.more_body or self.scheme == "https":
            # nothing to answer, nothing whole, or TLS, which has no half-closed connections
            return None
        cycle.keep_alive = False
        return True

    def on_message_begin(self) -> None:
        """Begin a request; the one before it is answered by then."""
        if self._waits:
            self._answer_what_waits()
            # that answer left the connection idle, which it is not
            self._unset_keepalive_if_required()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """Keep a request from uvicorn's way if it may be answered on the short one."""
        # uvicorn's own log and limit are to see every request
        watched = self.access_log or self.limit_concurrency is not None
        self._held = self.url == _SHORT_WAY and not watched and self._may_be_quick()
        if self.url == _SHORT_WAY and not self._held:
            self._give_up("watched" if watched else "connection")
        self._body = b""
        self._started = time.perf_counter()
        if not self._held:
            super().on_headers_complete()

    def _may_be_quick(self) -> bool:
        return (
            self._application is not None
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
        """End a request."""
        if self._held:
            self._waits = True
            self._burst.add(self)
        else:
            super().on_message_complete()

    def compute(self) -> tuple[Reply, bytes] | None:
        """Return the answer to the request that waits and its id, None for uvicorn's way."""
        if self._application is None or self._socket.is_closing():
            return None
        peer = self.client[0] if self.client else None
        headers = dict(self.headers)
        return self._application.answer_at_once(headers, peer, self._body, self._started)

    def finish(self, answer: tuple[Reply, bytes] | None) -> None:
        """Send an answer, or hand the request to uvicorn."""
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
        """Count a request to `/predict` that goes uvicorn's way."""
        if self._application is not None:
            self._application.give_up(cause)

    def _let_go(self) -> None:
        """Give the request that was held to uvicorn, as far as it has come."""
        self._held = False
        body, self._body = self._body, b""
        super().on_headers_complete()
        if body:
            super().on_body(body)

    def _answer_what_waits(self) -> None:
        if self._waits:
            self._burst.answer()

    def send_400_response(self, msg: str) -> None:
        """Refuse malformed HTTP, after the answer to what came before it."""
        self._answer_what_waits()
        super().send_400_response(msg)

    def shutdown(self) -> None:
        """Close the connection once its request is answered."""
        self._answer_what_waits()
        super().shutdown()

    def on_response_complete(self) -> None:
        """Send the answer, which is whole now."""
        self._gathering.flush()
        super().on_response_complete()


@lru_cache(maxsize=4)
def _burst_of(loop: asyncio.AbstractEventLoop) -> Burst:
    """Return the burst that all connections of an event loop share."""
    return Burst(loop)


def _render(reply: Reply, request_id: bytes, server_headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return a whole answer as HTTP/1.1 has it."""
    own = b"x-request-id: %s\r\ncontent-length: %d\r\n\r\n" % (request_id, len(reply.body))
    server = [b"%s: %s\r\n" % header for header in server_headers]
    return b"".join(
        (STATUS_LINE[reply.status], *server, _lines(reply.standing_headers()), own, reply.body)
    )


@lru_cache(maxsize=64)
def _lines(headers: Headers) -> bytes:
    """Return headers as lines; they are the same in every answer of a version."""
    return b"".join(b"%s: %s\r\n" % header for header in headers)

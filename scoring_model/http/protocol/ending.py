"""`EndingProtocol`: uvicorn's HTTP protocol with an orderly end of each connection."""

import asyncio
import os
from typing import Any

from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from scoring_model.errors import HeadTooSlow, ScoringError
from scoring_model.http.messages import error_reply
from scoring_model.http.protocol.connections import connections_of
from scoring_model.http.protocol.rendering import render
from scoring_model.http.protocol.transport import GatheringTransport, PatientFlow
from scoring_model.http.server import ScoringApp

# a body that is too large, but not absurd, is dropped to its end, so that the answer is read
_MOST_DROPPED_BODIES = 4


class EndingProtocol(HttpToolsProtocol):
    """The HTTP protocol of uvicorn with one way to end a connection.

    An answer that begins before its request has been read to the end is the last one. The client
    then gets it whole: the server closes its own side, and drops what still arrives, within limits
    of bytes and time. Who waits too long, and for whom, is the business of `Connections`.
    """

    # whether the head or the body of a request is being read
    _in_head = _in_body = False
    # bytes of a head, a trailer or a line that has not ended yet
    _unfinished = 0
    # why nothing more is read, and the bytes dropped since the last answer
    _refusal: ScoringError | None = None
    _dropped: int | None = None
    # whether the client and the server keep the connection after the request that is being read
    _keeps = False
    # bytes of answers that the client had left unread when that was looked at last
    _unread = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Set up a new connection."""
        self._socket = transport
        self._gathering = GatheringTransport(transport, self._close)
        self._application = self._find_application()
        self._connections = connections_of(self.loop, self._application)
        settings = self._connections.settings
        self._most_bytes, self._most_headers = settings.max_header_bytes, settings.max_headers
        super().connection_made(self._gathering)  # type: ignore[arg-type]  # acts as one
        self.flow = PatientFlow(transport, self.pipeline)
        self._connections.add(self)

    def _find_application(self) -> ScoringApp | None:
        """Return the server's application, or None if another application wraps it."""
        app: Any = self.app
        if isinstance(app, ProxyHeadersMiddleware):
            # it only sets the address of a caller behind a proxy; `Guard` itself checks for a proxy
            app = app.app
        return app if isinstance(app, ScoringApp) else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        self._connections.remove(self)
        super().connection_lost(exc)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Answer the open request before closing, when the client has stopped sending."""
        cycle = self.cycle
        if self._dropped is not None or not self.is_busy() or cycle.more_body:
            # no request, or an incomplete one
            return None
        if self.scheme == "https":
            # TLS has no half-closed connections
            return None
        cycle.keep_alive = False
        return True

    def begin_request(self) -> None:
        """Hand the head of a request to uvicorn."""
        super().on_headers_complete()
        # an answer that begins before the request has ended is the last one of the connection
        self._keeps = self.cycle.keep_alive
        self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Finish reading a request."""
        self._in_body = False
        if not self.cycle.response_started:
            self.cycle.keep_alive = self._keeps and not self._connections.is_draining()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        """Send the answer, which is complete now."""
        self._gathering.flush()
        self._connections.touch(self)
        self.go_on()

    def go_on(self) -> None:
        """Begin the next request, or wait for it."""
        self.server_state.total_requests += 1
        if self._dropped is not None or self._socket.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._refusal is not None:
            self._send_refusal(self._refusal)

    def refuse(self, error: ScoringError) -> None:
        """Answer with an error after the requests before it, and read no more."""
        self._refusal = error
        cycle = self.cycle
        if self.is_busy() and cycle.more_body:
            # the request that is refused has begun already
            if self.pipeline:
                self.pipeline.popleft()
            elif not cycle.response_started:
                cycle.disconnected = True
                cycle.message_event.set()
        if not self.is_busy():
            self._send_refusal(error)

    def _send_refusal(self, error: ScoringError) -> None:
        if self._application is None:
            reply, request_id = error_reply(error), os.urandom(8).hex().encode()
        else:
            reply, request_id = self._application.refuse(error)
        headers = [*self.server_state.default_headers, (b"connection", b"close")]
        self._socket.write(render(reply, request_id, headers))
        self._close()

    def _close(self) -> None:
        """Close the connection; first let the client read why, if it may still be sending."""
        if self._dropped is not None or not (self._in_body or self._refusal):
            self._socket.close()
            return
        if self._socket.is_closing():
            return
        self._dropped = 0
        self.pipeline.clear()
        self.flow.resume_reading()
        # closed with unread data, the connection would be reset, and the answer might be lost
        if self._socket.can_write_eof():
            self._socket.write_eof()
        self._connections.await_client(self)

    def drop(self, data: bytes) -> None:
        """Drop what arrives after the last answer, up to some bodies of the largest size."""
        self._dropped = (self._dropped or 0) + len(data)
        if self._dropped > _MOST_DROPPED_BODIES * self._connections.settings.max_body_bytes:
            self._socket.close()

    def is_busy(self) -> bool:
        """Return whether a request has begun and has no answer yet."""
        cycle = self.cycle
        return cycle is not None and not (cycle.response_complete or cycle.disconnected)

    def is_at_work(self) -> bool:
        """Return whether a whole request waits for its answer."""
        return self.is_busy() and not self.cycle.more_body

    def is_stuck(self) -> bool:
        """Return whether the connection waits for its client alone."""
        unread = self._socket.get_write_buffer_size()
        if unread:
            stuck = unread == self._unread
            self._unread = unread
            if not stuck:
                self._connections.touch(self)
            return stuck
        return not self.is_busy()

    def time_out(self) -> None:
        """End the wait for the head of a request, or for the end of what is dropped."""
        if self._dropped is None and (self._in_head or self._unfinished):
            self.refuse(HeadTooSlow("the headers did not arrive in time (HEADER_SECONDS)"))
        else:
            self._socket.close()

    def announce_end(self) -> None:
        """Let the answer to the request in work be the last one."""
        if self.is_busy() and not self.cycle.response_started:
            self._keeps = self.cycle.keep_alive = False

    def cut(self) -> None:
        """Close the connection at once, without the rest of an answer that nobody reads."""
        self._socket.abort()

    def shutdown(self) -> None:
        """Close the connection once its request is answered."""
        self._keeps = False
        super().shutdown()

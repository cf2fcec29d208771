"""`StrictProtocol`: reads requests within limits and by the rules of RFC 9110 and 9112."""

from httptools import HttpParserError, HttpParserUpgrade, HttpRequestParser

from scoring_model.errors import (
    HeadTooLarge,
    InvalidRequest,
    MethodNotAllowed,
    ScoringError,
)
from scoring_model.http.protocol.ending import EndingProtocol
from scoring_model.http.protocol.framing import (
    check_head,
    check_host,
    count_bytes,
    split_target,
    without_upgrade,
)

# parts of bodies in what arrives at a time; a body of tiny chunks has tens of thousands of them
_MANY_PARTS = 1000
# methods that some path of the server takes
_METHODS = "GET, HEAD, POST"


class StrictProtocol(EndingProtocol):
    """The HTTP protocol of uvicorn, without what a client could use to hold, fill or fool it.

    A head has a limit of bytes, headers and time. What breaks a rule is refused with an error of
    the application, and the connection is closed. A wish for another protocol is ignored.
    """

    # bytes of what has not ended yet, together with what arrives just now
    _fed = 0
    # whether what arrives just now ends a head or holds a part of a body
    _proceeds = False
    # whether the head has a deadline, as that of a new connection has
    _awaited = True
    # the Host header that was checked last: a client sends the same one again and again
    _host: bytes | None = None
    # the head that takes the place of one that asks for another protocol
    _plain_head = b""
    _version = ""
    _found: dict[bytes, bytes]
    """Headers of the request, each name once."""
    _parts: list[bytes]
    """Parts of a body in what arrives just now."""

    def data_received(self, data: bytes) -> None:
        """Read data, or drop them after an error."""
        if self._refusal is not None or self._dropped is not None:
            self.drop(data)
            return
        connections = self._connections
        connections.touch(self)
        self._fed = self._unfinished + len(data)
        self._proceeds = False
        self._parts = []
        try:
            self._parse(data)
        except HttpParserError as error:
            self.refuse(_explain(error))
            return
        if self._proceeds:
            self._unfinished = 0
        else:
            self._unfinished = self._fed
            if self._fed > connections.settings.max_header_bytes:
                self.refuse(self._too_large())
                return
        if self._in_head or not (self._proceeds or self._in_body):
            self._awaited = True
            connections.await_client(self)
        if len(self._parts) > _MANY_PARTS:
            self._give_way()
        self._pass_body()

    def _give_way(self) -> None:
        """Stop reading until the other connections have had their turn.

        As long as data arrive, uvloop reads from a connection many times in one turn.
        """
        self._socket.pause_reading()
        self.loop.call_soon(self._read_on)

    def _read_on(self) -> None:
        if not (self.flow.read_paused or self._socket.is_closing()):
            self._socket.resume_reading()

    def _parse(self, data: bytes) -> None:
        """Give data to the parser, and requests for another protocol a second time without that."""
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as pause:
            rest = memoryview(data)[pause.args[0] :]
        else:
            return
        while True:
            # llhttp takes no body after such a request, so that a new parser reads it again
            self.parser = HttpRequestParser(self)
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            head, self._plain_head = self._plain_head, b""
            self.parser.feed_data(head)
            try:
                self.parser.feed_data(rest)
            except HttpParserUpgrade as pause:
                rest = rest[pause.args[0] :]
            else:
                return

    def on_message_begin(self) -> None:
        """Begin a request."""
        self._in_head = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Read a header; those after a body, the trailers, are dropped."""
        if self._in_head:
            self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        """Check the head of a request, and begin it."""
        self._in_head = False
        self._proceeds = True
        if self._awaited:
            self._awaited = False
            self._connections.stop_waiting(self)
        self._found = found = dict(self.headers)
        if self._fed > self._most_bytes or len(self.headers) > self._most_headers:
            self._check_size()
        self._version = self.parser.get_http_version()
        check_head(self._version, self.headers, found)
        if self.parser.should_upgrade():
            self._skip_upgrade()
            return
        if not self.url.startswith(b"/"):
            self._read_target()
        host = found.get(b"host")
        if host is not None and host != self._host:
            check_host(host)
            self._host = host
        self._in_body = True
        self.expect_100_continue = b"expect" in found and self._version == "1.1"
        self.begin_request()

    def _check_size(self) -> None:
        settings = self._connections.settings
        if len(self.headers) > settings.max_headers:
            raise HeadTooLarge(
                f"the request must have at most {settings.max_headers} headers (MAX_HEADERS)"
            )
        # what arrived may hold more than the head
        if (
            self._fed > settings.max_header_bytes
            and count_bytes(self.url, self.headers) > settings.max_header_bytes
        ):
            raise self._too_large()

    def _too_large(self) -> HeadTooLarge:
        most = self._connections.settings.max_header_bytes
        return HeadTooLarge(
            f"the request line and the headers must have at most {most} bytes (MAX_HEADER_BYTES)"
        )

    def _skip_upgrade(self) -> None:
        """Prepare to read the request a second time, as if it asked for no other protocol."""
        method = self.parser.get_method()
        if method == b"CONNECT":
            raise MethodNotAllowed(_METHODS)
        self._plain_head = without_upgrade(method, self.url, self._version, self.headers)

    def _read_target(self) -> None:
        """Take the host of a target in absolute form in place of the Host header."""
        if self.url == b"*":
            raise MethodNotAllowed(_METHODS)
        host, self.url = split_target(self.url)
        others = [(name, value) for name, value in self.headers if name != b"host"]
        # the list itself is part of the request's scope
        self.headers[:] = [(b"host", host), *others]
        self._found[b"host"] = host

    def on_body(self, body: bytes) -> None:
        """Read a part of a body."""
        self._proceeds = True
        self._parts.append(body)

    def _pass_body(self) -> None:
        """Hand over what has just arrived of a body, in one part."""
        parts, self._parts = self._parts, []
        if parts:
            super().on_body(parts[0] if len(parts) == 1 else b"".join(parts))

    def on_message_complete(self) -> None:
        """Finish reading a request, unless it is read a second time."""
        if not self._plain_head:
            self._pass_body()
            super().on_message_complete()


def _explain(error: HttpParserError) -> ScoringError:
    """Return the error that a check raised within the parser, or one with the parser's reason."""
    cause = error.__context__
    if isinstance(cause, ScoringError):
        return cause
    # the parser's reasons are fixed texts, without anything that the client sent
    return InvalidRequest(f"the request is not valid HTTP: {error}")

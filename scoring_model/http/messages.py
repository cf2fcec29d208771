"""`Request` and `Reply`: the HTTP messages of the server, built on plain ASGI messages."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

import orjson

from scoring_model.errors import (
    FieldProblem,
    InvalidRequest,
    MethodNotAllowed,
    ScoringError,
    TooLarge,
    Unauthorized,
    UnsupportedMediaType,
)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Asgi = Callable[[Scope, Receive, Send], Awaitable[None]]

Headers = tuple[tuple[bytes, bytes], ...]

JSON = b"application/json"
CLOSE = (b"connection", b"close")
NO_SNIFF = (b"x-content-type-options", b"nosniff")
MOST_NAME_CHARACTERS = 100
# a body up to this size is scored in about a millisecond, so a thread would only add time
INLINE_BYTES = 16384

# what browsers and curl send unless they are told otherwise
_FORMS = {"multipart/form-data", "application/x-www-form-urlencoded"}
_NO_FORM = (
    "a form is not read: send the JSON itself as the body, with the header"
    " Content-Type: application/json"
)
_OLD_FORMATS = {
    ("format", "pandas-split"): '{"dataframe_split": {"columns": [...], "data": [...]}}',
    ("format", "pandas-records"): '{"dataframe_records": [...]}',
}


class Disconnected(Exception):
    """The client closed the connection before its request was complete."""


@dataclass(slots=True)
class Reply:
    """The answer to a request.

    Attributes
    ----------
    status : int
        HTTP status.
    body : bytes
    content_type : bytes
    headers : tuple of (bytes, bytes)
        Headers in addition to those that every reply has.
    own : tuple of (bytes, bytes)
        Headers that no other reply has, such as the id of a decision.
    policy : bytes
        Content-Security-Policy: what a browser may load; by default nothing.
    """

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: Headers = ()
    own: Headers = ()
    policy: bytes = b"default-src 'none'"

    def standing_headers(self) -> Headers:
        """Return the headers that depend neither on the request nor on the body's length."""
        own = ((b"content-type", self.content_type), (b"content-security-policy", self.policy))
        return (*own, NO_SNIFF, *self.headers)

    async def send(self, send: Send, request_id: bytes, *, is_last: bool = False) -> None:
        """Send the reply, with the headers that every reply has; close after the last one."""
        # RFC 9110, 8.6: an answer without content must not have a length
        has_length = self.status != 204
        length = ((b"content-length", b"%d" % len(self.body)),) if has_length else ()
        headers = (*self.standing_headers(), *self.own, (b"x-request-id", request_id), *length)
        start = {
            "type": "http.response.start",
            "status": self.status,
            "headers": (*headers, CLOSE) if is_last else headers,
        }
        await send(start)
        await send({"type": "http.response.body", "body": self.body})


class Request:
    """One HTTP request, with its headers as a dictionary and the name of its key."""

    __slots__ = ("_receive", "headers", "key", "method", "path", "peer", "query", "rows")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.method: str = scope["method"]
        # the proxy has removed a prefix (`--root-path`), which ASGI puts back in front of the path
        self.path: str = scope["path"].removeprefix(scope.get("root_path", ""))
        self.query: bytes = scope["query_string"]
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        client = scope.get("client")
        self.peer: str | None = client[0] if client else None
        self.rows = 0
        self.key: str | None = None
        self._receive = receive

    async def read_body(self, limit: int, grow_to: Callable[[int], None]) -> list[bytes]:
        """Return the whole body in the parts in which it arrived.

        Parameters
        ----------
        limit : int
            Maximum number of bytes of the body.
        grow_to : callable
            Called with the bytes that have arrived, once they are more than `INLINE_BYTES`. It
            raises `Busy` if there is no room. The declared size does not count: a caller could
            declare much, send little, and leave no room for the others.

        Raises
        ------
        TooLarge
            The body has more than `limit` bytes.
        Disconnected
            The client closed the connection.
        """
        declared = self.headers.get(b"content-length")
        if declared is not None and int(declared) > limit:
            raise TooLarge(f"the body must have at most {limit} bytes (MAX_BODY_BYTES)")
        parts: list[bytes] = []
        size, more = 0, True
        while more:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise Disconnected
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            more = message.get("more_body", False)
            if size > limit:
                raise TooLarge(f"the body must have at most {limit} bytes (MAX_BODY_BYTES)")
            if size > INLINE_BYTES:
                grow_to(size)
        return parts

    def read_media_type(self) -> str:
        """Return the content type without parameters, in lower case.

        Raises
        ------
        UnsupportedMediaType
            The header is missing, names a form, or has a parameter that is not read, such as
            another charset than UTF-8; or the body is compressed.
        """
        header = self.headers.get(b"content-type")
        if header is None:
            raise UnsupportedMediaType("the request must have a Content-Type header")
        if self.headers.get(b"content-encoding", b"identity").lower() != b"identity":
            raise UnsupportedMediaType("the body must not be compressed")
        if header == JSON:
            return "application/json"
        media_type, *parameters = map(str.strip, header.decode("latin-1").lower().split(";"))
        if media_type in _FORMS:
            raise UnsupportedMediaType(_NO_FORM)
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            _check_parameter(media_type, name.strip(), value.strip().strip('"'))
        return media_type


def _check_parameter(media_type: str, name: str, value: str) -> None:
    """Raise `UnsupportedMediaType` if a parameter of the content type changes how to read it."""
    given = (name, value)
    if not name or given == ("charset", "utf-8"):
        return
    if given in _OLD_FORMATS:
        raise UnsupportedMediaType(
            f"format={value} is of MLflow 1: send {_OLD_FORMATS[given]} as application/json,"
            " without format"
        )
    if media_type == "text/csv" and name == "header":
        if value == "present":
            return
        raise UnsupportedMediaType("the CSV must have a heading: header must be present")
    raise UnsupportedMediaType(
        "Content-Type may have no parameter but charset=utf-8, and for text/csv header=present"
    )


def error_reply(error: ScoringError) -> Reply:
    """Return an error as JSON: `{"error": {"code", "message", "fields"}}`."""
    message = str(error)
    if isinstance(error, InvalidRequest) and error.fields:
        message = str(InvalidRequest.from_problems([_shorten(error.fields[0])], error.count))
    fields = [_shorten(problem) for problem in error.fields]
    body = {"error": {"code": error.code, "message": message, "fields": fields}}
    headers: Headers = ()
    if isinstance(error, Unauthorized):
        headers = ((b"www-authenticate", b'Bearer, Basic realm="scoring"'),)
    elif isinstance(error, MethodNotAllowed):
        headers = ((b"allow", error.allowed.encode()),)
    elif error.retry_seconds is not None:
        headers = ((b"retry-after", b"%d" % error.retry_seconds),)
    return Reply(error.status, orjson.dumps(body), headers=headers)


def _shorten(problem: FieldProblem) -> FieldProblem:
    """Shorten the name of a field: the caller may have sent an unknown name of any length."""
    if len(problem.field) <= MOST_NAME_CHARACTERS:
        return problem
    return FieldProblem(problem.row, problem.field[:MOST_NAME_CHARACTERS] + "...", problem.problem)

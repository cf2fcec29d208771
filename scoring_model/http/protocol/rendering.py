"""`render`: a whole answer as bytes."""

from functools import lru_cache

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from scoring_model.http.messages import Headers, Reply


def render(reply: Reply, request_id: bytes, server_headers: list[tuple[bytes, bytes]]) -> bytes:
    """Return a whole answer in the format of HTTP/1.1."""
    last = b"x-request-id: %s\r\ncontent-length: %d\r\n\r\n" % (request_id, len(reply.body))
    server = [b"%s: %s\r\n" % header for header in server_headers]
    standing = _lines(reply.standing_headers())
    own = [b"%s: %s\r\n" % header for header in reply.own]
    return b"".join((STATUS_LINE[reply.status], *server, standing, *own, last, reply.body))


@lru_cache(maxsize=64)
def _lines(headers: Headers) -> bytes:
    """Return headers as lines; all answers of a version have the same, so a cache keeps them."""
    return b"".join(b"%s: %s\r\n" % header for header in headers)

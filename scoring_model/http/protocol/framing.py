"""`check_head`, `split_target`, `without_upgrade`: rules of RFC 9110 and 9112 for a head.

llhttp already refuses bad line ends, bad characters, and two lengths of one body.
"""

import re
from collections.abc import Mapping, Sequence

from httptools import HttpParserError, parse_url

from scoring_model.errors import ExpectationFailed, InvalidRequest

Header = tuple[bytes, bytes]

# two values of one of these would mean different things to different readers
_SINGLE = frozenset(
    {b"host", b"content-length", b"transfer-encoding", b"content-type", b"authorization"}
)
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]{2,45}\]|[A-Za-z0-9._~!$&'()*+,;=%-]{1,255})(:[0-9]{0,5})?")
# headers of a connection that asks for another protocol (RFC 9110, 7.8; RFC 7540, 3.2)
_UPGRADE = frozenset({b"upgrade", b"http2-settings"})
_SCHEMES = (b"http", b"https")


def check_head(version: str, headers: Sequence[Header], found: Mapping[bytes, bytes]) -> None:
    """Raise an error if the headers of a request break a rule.

    Parameters
    ----------
    version : str
        HTTP version of the request, such as `1.1`.
    headers : sequence of (bytes, bytes)
        Names in lower case.
    found : mapping of bytes to bytes
        The same headers, each name once.

    Raises
    ------
    InvalidRequest
        The version is unknown, a header is given twice or must not be there, or the body is encoded
        in another way than chunked.
    ExpectationFailed
        The client expects something else than `100 Continue`.
    """
    if version not in {"1.0", "1.1"}:
        raise InvalidRequest("the HTTP version must be 1.0 or 1.1")
    if len(found) != len(headers):
        _check_repeated(headers)
    if version == "1.1" and b"host" not in found:
        raise InvalidRequest("the request must have a Host header")
    coding = found.get(b"transfer-encoding")
    if coding is not None:
        if version == "1.0":
            raise InvalidRequest("HTTP/1.0 has no Transfer-Encoding")
        if coding.strip(b" \t").lower() != b"chunked":
            # RFC 9112 advises 501, but no caller shall make the server count a failure of its own
            raise InvalidRequest("Transfer-Encoding must be chunked")
    expectation = found.get(b"expect")
    if expectation is not None and expectation.strip(b" \t").lower() != b"100-continue":
        raise ExpectationFailed("Expect must be 100-continue")


def _check_repeated(headers: Sequence[Header]) -> None:
    seen = set()
    for name, _ in headers:
        if name in seen and name in _SINGLE:
            raise InvalidRequest(f"the header {name.decode().title()} must not be given twice")
        seen.add(name)


def check_host(host: bytes) -> None:
    """Raise `InvalidRequest` if a Host header is not a name or an address with a port."""
    if not _HOST.fullmatch(host.rstrip(b" \t")):
        raise InvalidRequest("the Host header must be a name or an address, and may have a port")


def count_bytes(url: bytes, headers: Sequence[Header]) -> int:
    """Return the bytes of a head: the request line and the headers."""
    # a method and a version have about 16 bytes; a header has a colon, a space and a line end
    return 16 + len(url) + sum(len(name) + len(value) + 4 for name, value in headers)


def split_target(url: bytes) -> tuple[bytes, bytes]:
    """Split a target in absolute form, such as `http://host/path`, into host and path.

    The path keeps its query. `InvalidRequest` is raised if the target has another form.
    """
    problem = InvalidRequest("the target of the request must be a path or an http URL")
    try:
        parsed = parse_url(url)
    except HttpParserError as error:
        raise problem from error
    if parsed.schema is None or parsed.schema.lower() not in _SCHEMES:
        raise problem
    if not parsed.host or parsed.userinfo:
        raise problem
    host = b"[%s]" % parsed.host if b":" in parsed.host else parsed.host
    if parsed.port is not None:
        host += b":%d" % parsed.port
    query = b"" if parsed.query is None else b"?" + parsed.query
    return host, (parsed.path or b"/") + query


def without_upgrade(method: bytes, url: bytes, version: str, headers: Sequence[Header]) -> bytes:
    """Return the head of a request as if the client had not asked for another protocol."""
    lines = [b"%s %s HTTP/%s" % (method, url, version.encode())]
    for name, value in headers:
        if name in _UPGRADE:
            continue
        kept = value
        if name == b"connection":
            options = [option.strip() for option in value.split(b",")]
            kept = b", ".join(option for option in options if option.lower() not in _UPGRADE)
        lines.append(b"%s: %s" % (name, kept))
    return b"\r\n".join([*lines, b"", b""])

"""`WebPages`: the pages of other origins that may call the server from a browser (CORS)."""

from collections.abc import Mapping, Sequence

from scoring_model.http.messages import Headers, Reply, Request

_VARY = (b"vary", b"origin")
_EXPOSED = (
    b"access-control-expose-headers",
    b"retry-after, x-decision-count, x-decision-id, x-model-version, x-request-id, x-warnings, "
    b"x-warnings-count",
)
PREFLIGHT_HEADERS: Headers = (
    (b"access-control-allow-methods", b"GET, HEAD, POST"),
    (
        b"access-control-allow-headers",
        b"authorization, content-type, x-reference, x-request-id",
    ),
    (b"access-control-max-age", b"600"),
)
"""What a page may send. A browser remembers it for ten minutes."""


class WebPages:
    """Tells a browser which pages may read the answers, without credentials [1]_.

    Without credentials a browser sends no cookie and no stored password. A page sends its key
    itself.

    Parameters
    ----------
    origins : sequence of str
        Exact origins, as a browser sends them. Without any, no answer is changed.

    References
    ----------
    .. [1] WHATWG, Fetch standard, CORS protocol.
    """

    def __init__(self, origins: Sequence[str]) -> None:
        self._origins = frozenset(origin.encode() for origin in origins)

    def ask_first(self, request: Request) -> bool:
        """Return whether a browser asks if a page may send a request (a preflight).

        A browser sends no key with this question. So the answer says nothing about paths and keys:
        the request itself is checked.
        """
        return (
            request.method == "OPTIONS"
            and b"access-control-request-method" in request.headers
            and request.headers.get(b"origin") in self._origins
        )

    def dress(self, reply: Reply, headers: Mapping[bytes, bytes]) -> None:
        """Add the headers by which a browser lets a page read a reply.

        Parameters
        ----------
        reply : Reply
            It is changed.
        headers : mapping of bytes to bytes
            Headers of the request, names in lower case.
        """
        if self._origins:
            origin = headers.get(b"origin", b"")
            allowed = ((b"access-control-allow-origin", origin), _EXPOSED)
            known = origin in self._origins
            reply.headers = (*reply.headers, _VARY, *(allowed if known else ()))

"""Which bodies this process answers itself: short ones, with few applicants."""

from scoring_model.http.messages import INLINE_BYTES
from scoring_model.http.routes.serving import Serving
from scoring_model.version import Explanation

_SPACE = b" \t\r\n"
# a body within these counts has so few rows that it is answered in a few milliseconds
_MOST_INLINE_ROWS, _MOST_INLINE_CELLS = 100, 1000


def is_quick(serving: Serving, body: bytes) -> bool:
    """Return whether a body is answered so fast that a thread would only add time.

    Features from histories take a hundred times as long to compute as a row takes to score.
    """
    return len(body) <= INLINE_BYTES and not serving.has_histories


def is_small(serving: Serving, body: bytes) -> bool:
    """Return whether this process answers a body with several applicants.

    A record begins with a brace, a row with a bracket or a new line. Values are separated by
    commas. Their numbers bound those of the rows, without parsing the body.
    """
    rows = max(map(body.count, (b"{", b"[", b"\n", b"\r")))
    is_short = rows <= _MOST_INLINE_ROWS and body.count(b",") <= _MOST_INLINE_CELLS
    return is_short and is_quick(serving, body)


def stays(serving: Serving, body: bytes, explanation: Explanation | None) -> bool:
    """Return whether this process answers a body to `/predict`."""
    if is_object(body):
        return is_quick(serving, body)
    return explanation is None and is_small(serving, body)


def join_if_short(parts: list[bytes]) -> bytes | None:
    """Return a short body; a long one would keep all other callers waiting while it is joined."""
    return b"".join(parts) if sum(map(len, parts)) <= INLINE_BYTES else None


def is_object(body: bytes) -> bool:
    """Return whether a body is read as one applicant; it is not if it begins with `[`."""
    return body.startswith(b"{") or not body.lstrip(_SPACE).startswith(b"[")

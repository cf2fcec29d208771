"""`make_warning_headers`: the notices about a request, for a body that has no place for them."""

from collections.abc import Sequence
from urllib.parse import quote

import orjson

from scoring_model.contract import Notice

# nginx takes 4 KiB of headers by default, and answers 502 if a server sends more
_MOST_BYTES = 2048
_MOST_ENTRIES, _MOST_NAME_CHARACTERS = 20, 100
_PLAIN = " :/[]{}"
_COMMA = "%2C"


def make_warning_headers(notices: Sequence[Notice]) -> tuple[tuple[bytes, bytes], ...]:
    """Return the headers that tell a caller of `/invocations` about valid values.

    Parameters
    ----------
    notices : sequence of Notice
        About the request's applicants, sorted by row.

    Returns
    -------
    tuple of (bytes, bytes)
        `x-warnings` holds the first notices as a JSON list, percent-encoded: at most 20, and 2 KiB.
        `x-warnings-count` says how many there are in all. Empty if there are none.
    """
    if not notices:
        return ()
    entries: list[str] = []
    size = len("[]")
    for notice in notices[:_MOST_ENTRIES]:
        entry = _encode(notice)
        size += len(entry) + len(_COMMA)
        if size > _MOST_BYTES:
            break
        entries.append(entry)
    listed = f"[{_COMMA.join(entries)}]"
    return ((b"x-warnings", listed.encode()), (b"x-warnings-count", b"%d" % len(notices)))


def _encode(notice: Notice) -> str:
    """Return a notice as percent-encoded JSON; its field may have a name of any length."""
    field = notice.field
    if len(field) > _MOST_NAME_CHARACTERS:
        field = f"{field[:_MOST_NAME_CHARACTERS]}..."
    entry = {"row": notice.row, "field": field, "problem": notice.problem}
    return quote(orjson.dumps(entry), safe=_PLAIN)

"""`RequestLog`: one JSON line per request, without any applicant's value."""

import asyncio
import contextlib
import logging
import os
import re
import time
from functools import lru_cache

import orjson

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._\-]{1,64}")
_STANDARD_OUTPUT = 1
# this many lines have fewer than 4096 bytes: a pipe takes them as a whole, so that the lines of
# several workers do not mix
_MOST_LINES = 12


class RequestLog:
    """Writes a line per request to standard output, and gives each request an id."""

    def __init__(self) -> None:
        self._prefix = os.urandom(6).hex().encode()
        self._number = 0
        self._second = 0
        self._timestamp = ""
        self._lines: list[str] = []

    def identify(self, given: bytes | None) -> bytes:
        """Return the caller's own id if it is safe to log, else a new one."""
        if given is not None and _REQUEST_ID.fullmatch(given):
            return given
        self._number += 1
        return b"%s-%x" % (self._prefix, self._number)

    def write(
        self,
        request_id: bytes,
        method: str,
        route: str,
        status: int,
        rows: int,
        seconds: float,
        version: str | None,
    ) -> None:
        """Queue the line of one request; all lines of a turn of the event loop go out together."""
        microseconds = int(seconds * 1e6)
        # half the time of `orjson`: ids and numbers need no escaping, `_quote` escapes the rest
        line = (
            f'{{"time":"{self._now()}","event":"request","request_id":"{request_id.decode()}",'
            f'"method":{_quote(method)},"route":{_quote(route)},"status":{status},"rows":{rows},'
            f'"milliseconds":{microseconds / 1000},"model_version":{_quote(version)}}}\n'
        )
        if not self._lines:
            asyncio.get_running_loop().call_soon(self.flush)
        elif len(self._lines) == _MOST_LINES:
            self.flush()
        self._lines.append(line)

    def flush(self) -> None:
        """Write the lines that are queued."""
        if self._lines:
            _write("".join(self._lines).encode())
            self._lines.clear()

    def _now(self) -> str:
        moment = time.time()
        second = int(moment)
        if second != self._second:
            self._second = second
            self._timestamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._timestamp}.{int((moment - second) * 1000):03d}Z"


@lru_cache(maxsize=256)
def _quote(text: str | None) -> str:
    """Return text as JSON; there are few different texts, so a cache keeps them."""
    return orjson.dumps(text).decode()


def write_event(event: str, message: str) -> None:
    """Write an event of the server itself as one JSON line."""
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    entry = {"time": now, "event": event, "message": message}
    _write(orjson.dumps(entry, option=orjson.OPT_APPEND_NEWLINE))


class EventHandler(logging.Handler):
    """Writes messages of Python's logging as events of the server."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one message."""
        write_event(record.levelname.lower(), record.getMessage())


def _write(data: bytes) -> None:
    # if nobody reads the log any more, the server goes on answering without it
    with contextlib.suppress(OSError):
        os.write(_STANDARD_OUTPUT, data)

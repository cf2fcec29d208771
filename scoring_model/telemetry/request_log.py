"""`RequestLog`: one JSON line per request, without any applicant's value."""

import os
import re
import time
from functools import lru_cache

import orjson

from scoring_model.telemetry.log_queue import LOG

_REQUEST_ID = re.compile(rb"[A-Za-z0-9._\-]{1,64}")
# longer than any method of HTTP and any name of a version that the registry gives
_MOST_CHARACTERS = 200


class RequestLog:
    """Writes a line per request to the log, and gives each request an id."""

    def __init__(self) -> None:
        self._prefix = os.urandom(6).hex().encode()
        self._number = 0
        self._second = 0
        self._timestamp = ""
        self._add = LOG.add

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
        key: str | None,
    ) -> None:
        """Queue the line of one request."""
        microseconds = int(seconds * 1e6)
        # a name of a key has only letters, digits, - and _
        name = "null" if key is None else f'"{key}"'
        # half the time of `orjson`: ids and numbers need no escaping, `_quote` escapes the rest
        self._add(
            f'{{"time":"{self._now()}","event":"request","request_id":"{request_id.decode()}",'
            f'"method":{_quote(method)},"route":{_quote(route)},"status":{status},"rows":{rows},'
            f'"milliseconds":{microseconds / 1000},"model_version":{_quote(version)},'
            f'"key":{name}}}\n'
        )

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
    return orjson.dumps(text[:_MOST_CHARACTERS] if text else text).decode()

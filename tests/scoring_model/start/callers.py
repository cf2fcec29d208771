"""Callers that send without pause on connections that they keep open."""

import contextlib
import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator

from tests.scoring_model.planted import EXAMPLE

ONE, MANY = json.dumps(EXAMPLE), json.dumps([EXAMPLE] * 3)
JSON = {"Content-Type": "application/json"}
WAIT_SECONDS = 60.0


class Caller(threading.Thread):
    """Sends applicants on one connection until an answer says that it is closed.

    Parameters
    ----------
    address : (str, int)
    body : str
    context : ssl.SSLContext, optional
        For TLS.
    """

    def __init__(
        self, address: tuple[str, int], body: str, context: ssl.SSLContext | None = None
    ) -> None:
        super().__init__(daemon=True)
        self._body = body
        host, port = address
        self._connection = (
            http.client.HTTPConnection(host, port, timeout=WAIT_SECONDS)
            if context is None
            else http.client.HTTPSConnection(host, port, timeout=WAIT_SECONDS, context=context)
        )
        self.answered = 0
        self.was_told = False
        self.error = "it still runs"

    def run(self) -> None:
        """Send, and stop when the server says so; note what went wrong."""
        try:
            while not self.was_told:
                self._connection.request("POST", "/predict", self._body, JSON)
                answer = self._connection.getresponse()
                assert answer.status == 200
                assert json.loads(answer.read())
                self.answered += 1
                self.was_told = answer.getheader("connection") == "close"
        except (OSError, http.client.HTTPException, AssertionError) as error:
            self.error = f"after {self.answered} answers: {error!r}"
        else:
            self.error = ""
        finally:
            self._connection.close()


@contextlib.contextmanager
def busy_callers(
    address: tuple[str, int], context: ssl.SSLContext | None = None
) -> Iterator[list[Caller]]:
    """Run 16 callers; the block begins when each has many answers, and ends when all have ended.

    Most of them send one applicant, which the fast path answers; four of them send arrays.
    """
    callers = [Caller(address, MANY if n % 4 == 0 else ONE, context) for n in range(16)]
    for caller in callers:
        caller.start()
    deadline = time.monotonic() + WAIT_SECONDS
    while any(caller.answered < 20 and caller.is_alive() for caller in callers):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    yield callers
    for caller in callers:
        caller.join(WAIT_SECONDS)

"""A real HTTP server that receives messages, and answers as a test says."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import NamedTuple


class Received(NamedTuple):
    """One request."""

    path: str
    headers: dict[str, str]
    body: bytes


class Receiver(NamedTuple):
    """A server with the requests that it got."""

    url: str
    requests: list[Received]


@contextmanager
def receiving(statuses: Sequence[int]) -> Iterator[Receiver]:
    """Yield a server that answers with these statuses, and with the last one from then on."""
    requests: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status = statuses[min(len(requests), len(statuses) - 1)]
            requests.append(Received(self.path, headers, body))
            self.send_response(status)
            self.send_header("content-length", "0")
            if 300 <= status < 400:
                self.send_header("location", "/elsewhere")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Write nothing to the screen."""

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield Receiver(f"http://127.0.0.1:{server.server_port}", requests)
        finally:
            server.shutdown()
            thread.join()

"""An answer leaves in one piece, and nothing that a client waits for is held back."""

import json
import socket

from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server

BODY = json.dumps(EXAMPLE).encode()


def make_head(*more: str) -> bytes:
    lines = ["POST /predict HTTP/1.1", "Host: here", "Content-Type: application/json"]
    return "\r\n".join([*lines, f"Content-Length: {len(BODY)}", *more, "", ""]).encode()


def read_to_end(connection: socket.socket) -> bytes:
    parts = []
    while part := connection.recv(65536):
        parts.append(part)
    return b"".join(parts)


def test_head_and_body_arrive_together(server: Server) -> None:
    with socket.create_connection(server.address, timeout=10) as connection:
        connection.sendall(make_head() + BODY)
        assert json.loads(connection.recv(65536).partition(b"\r\n\r\n")[2])["score"] in {0, 1}


def test_a_client_that_asks_whether_to_continue_is_told_to(server: Server) -> None:
    with socket.create_connection(server.address, timeout=10) as connection:
        connection.sendall(make_head("Expect: 100-continue"))
        assert connection.recv(65536) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(BODY)
        assert connection.recv(65536).startswith(b"HTTP/1.1 200 OK")


def test_requests_sent_at_once_are_answered_one_by_one(server: Server) -> None:
    with socket.create_connection(server.address, timeout=10) as connection:
        connection.sendall(2 * (make_head() + BODY) + make_head("Connection: close") + BODY)
        assert read_to_end(connection).count(b"HTTP/1.1 200 OK") == 3

"""Named keys against a real server of two workers: scopes, limits, wrong keys, log and metrics."""

import contextlib
import hashlib
import json
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scoring_model.http.guard.keys import SCOPES
from scoring_model.http.routes import TABLE
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server, start_server, wait_until
from tests.scoring_model.telemetry.test_telemetry import events

pytestmark = pytest.mark.hostile("a key that asks for more than its scopes allow")

OPEN = ("/", "/ping", "/health", "/ready")
UNNAMED = "a-key-without-a-name"
OPTIONS = {
    "all": 'scopes = ["predict", "read"]',
    "reader": 'scopes = ["read"]',
    "scorer": 'scopes = ["predict"]',
    "expired": 'scopes = ["predict", "read"], expires = 2020-02-29',
    "lasting": 'scopes = ["predict"], expires = 9999-12-31, requests_per_second = 100000',
    "slow": 'scopes = ["predict"], requests_per_second = 5',
    "small": 'scopes = ["predict", "read"], rows_per_second = 50',
}
WRONG_KEYS_PER_MINUTE = 30
BODY = json.dumps(EXAMPLE).encode()


def secret(name: str) -> str:
    return f"the-key-of-{name}"


def digest(key: str) -> str:
    return hashlib.sha256(key.encode()).hexdigest()


def line(name: str, options: str) -> str:
    return f'{name} = {{ sha256 = "{digest(secret(name))}", {options} }}\n'


def bearer(key: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


@pytest.fixture(scope="module")
def keys_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("keys") / "keys.toml"
    path.write_text("".join(line(*item) for item in OPTIONS.items()))
    return path


@pytest.fixture(scope="module")
def named(
    model_folder: Path, keys_file: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Start a server of two workers with a file of keys."""
    folder = tmp_path_factory.mktemp("named")
    environment = {
        "PROMETHEUS_MULTIPROC_DIR": str(folder / "metrics"),
        "SCORING_KEYS_FILE": str(keys_file),
        "SCORING_API_KEYS": digest(UNNAMED),
        "WRONG_KEYS_PER_MINUTE": str(WRONG_KEYS_PER_MINUTE),
    }
    with start_server(model_folder, folder, environment, ("--workers", "2")) as running:
        wait_until(lambda: len([e for e in events(running) if e["event"] == "loaded"]) == 2)
        yield running


def ask_at_once(server: Server, key: str, body: bytes) -> httpx.Headers:
    """Send a whole request in one piece, so that the fast path gets it; return the head."""
    lines = ["POST /predict HTTP/1.1", "Host: here", "Content-Type: application/json"]
    lines += [f"Content-Length: {len(body)}", f"Authorization: Bearer {key}", "", ""]
    with socket.create_connection(server.address, timeout=60) as connection:
        connection.sendall("\r\n".join(lines).encode() + body)
        first, *headers = connection.recv(65536).partition(b"\r\n\r\n")[0].split(b"\r\n")
    named = (header.partition(b": ") for header in headers)
    found = httpx.Headers([(name, value) for name, _, value in named])
    found["status"] = first.split()[1].decode()
    return found


def ask(server: Server, path: str, key: str, **content: Any) -> httpx.Response:
    """Send a request on a connection of its own, which one of the workers accepts."""
    method = TABLE[path].method if path in TABLE else "GET"
    if method == "POST" and not content:
        content = {"json": EXAMPLE if path == "/predict" else {"dataframe_records": [EXAMPLE]}}
    with server.another_client() as http:
        return http.request(method, path, headers=bearer(key), **content)


def logged(server: Server, headers: httpx.Headers) -> dict[str, Any]:
    """Return the log line of an answered request."""
    wanted = headers["x-request-id"]
    found: list[dict[str, Any]] = []

    def is_there() -> bool:
        found.extend(e for e in events(server) if e.get("request_id") == wanted)
        return bool(found)

    wait_until(is_there)
    return found[0]


def workers_that_answered(answers: list[httpx.Response]) -> set[str]:
    return {answer.headers["x-request-id"].partition("-")[0] for answer in answers}


def test_every_route_has_a_scope_or_is_open() -> None:
    for path, route in TABLE.items():
        assert route.scope in (None, *SCOPES)
        assert (route.scope is None) == (path in OPEN), f"{path}: who may call it?"


@pytest.mark.parametrize("path", TABLE)
def test_a_key_may_use_the_paths_of_its_scopes_only(named: Server, path: str) -> None:
    scope = TABLE[path].scope
    allowed = {"/": 307, "/decisions/{id}": 404}.get(path, 200)
    for name, scopes in (("all", SCOPES), ("reader", ("read",)), ("scorer", ("predict",))):
        answer = ask(named, path, secret(name))
        if scope is None or scope in scopes:
            assert answer.status_code == allowed
        else:
            assert answer.status_code == 403
            assert answer.json()["error"]["code"] == "forbidden"
            assert f"lacks the scope {scope}" in answer.json()["error"]["message"]
        assert logged(named, answer.headers)["key"] == (name if scope else None)
    assert ask(named, path, UNNAMED).status_code == allowed


def test_an_unknown_path_is_404_for_every_key(named: Server) -> None:
    for name in ("all", "reader", "scorer"):
        assert ask(named, "/nothing", secret(name)).status_code == 404


@pytest.mark.hostile("a key that has expired")
def test_an_expired_key_is_told_so(named: Server) -> None:
    for path in ("/predict", "/metrics", "/nothing"):
        answer = ask(named, path, secret("expired"))
        assert answer.status_code == 401
        assert "has expired" in answer.json()["error"]["message"]
        assert "Bearer" in answer.headers["www-authenticate"]
        assert logged(named, answer.headers)["key"] == "expired"
    assert ask(named, "/ping", secret("expired")).status_code == 200
    assert ask(named, "/predict", secret("lasting")).status_code == 200


def given_up(server: Server) -> dict[str, float]:
    metrics = ask(server, "/metrics", secret("all")).text.splitlines()
    name = "scoring_fast_path_given_up_total{"
    counts = (line.removeprefix(name).split("} ") for line in metrics if line.startswith(name))
    return {cause: float(count) for cause, count in counts}


def test_the_log_names_the_key_on_the_fast_path_too(named: Server) -> None:
    before = given_up(named)
    for name, key in (
        ("all", secret("all")),
        ("lasting", secret("lasting")),
        ("key-1", UNNAMED),
    ):
        entry = logged(named, ask_at_once(named, key, BODY))
        assert (entry["key"], entry["status"], entry["rows"]) == (name, 200, 1)
    assert given_up(named) == before
    answer = ask(named, "/predict", secret("all"), json=[EXAMPLE, EXAMPLE])
    assert logged(named, answer.headers)["key"] == "all"
    answer = ask(named, "/predict", secret("all"), json={})
    assert (answer.status_code, logged(named, answer.headers)["key"]) == (400, "all")
    answer = ask(named, "/predict", "no-such-key")
    assert (answer.status_code, logged(named, answer.headers)["key"]) == (401, None)


def check_too_many(answer: httpx.Response, rule: str) -> int:
    """Check an answer with status 429, and return the seconds to wait."""
    assert answer.status_code == 429
    assert answer.json()["error"]["code"] == "too_many_requests"
    assert rule in answer.json()["error"]["message"]
    assert int(answer.headers["retry-after"]) >= 1
    return int(answer.headers["retry-after"])


@pytest.mark.hostile("a key that asks more often than it may, over several workers")
def test_requests_per_second_hold_over_both_workers(named: Server) -> None:
    began = time.monotonic()
    answers = [ask(named, "/predict", secret("slow")) for _ in range(60)]
    quick = [ask_at_once(named, secret("slow"), BODY) for _ in range(60)]
    most = 5 + 5 * (time.monotonic() - began) + 1
    answered = [answer for answer in answers if answer.status_code == 200]
    at_once = [headers for headers in quick if headers["status"] == "200"]
    assert 5 <= len(answered) + len(at_once) <= most
    assert len(workers_that_answered(answers)) == 2
    refused = [answer for answer in answers if answer.status_code != 200]
    assert {headers["status"] for headers in quick} <= {"200", "429"}
    for answer in refused:
        assert check_too_many(answer, "5 requests per second") == 1
        assert logged(named, answer.headers)["key"] == "slow"
    time.sleep(1)
    assert ask(named, "/predict", secret("slow")).status_code == 200
    assert ask(named, "/predict", secret("all")).status_code == 200


def test_limits_hold_over_both_workers_without_metrics(
    model_folder: Path, keys_file: Path, tmp_path: Path
) -> None:
    environment = {"SCORING_KEYS_FILE": str(keys_file), "SCORING_METRICS": "0"}
    with start_server(model_folder, tmp_path, environment, ("--workers", "2")) as server:
        wait_until(lambda: len([e for e in events(server) if e["event"] == "loaded"]) == 2)
        began = time.monotonic()
        answers = [ask(server, "/predict", secret("slow")) for _ in range(60)]
        most = 5 + 5 * (time.monotonic() - began) + 1
        assert len(workers_that_answered(answers)) == 2
        assert 5 <= sum(answer.status_code == 200 for answer in answers) <= most


@pytest.mark.hostile("a key that asks more often than it may, over several workers")
def test_a_refused_body_counts_as_one_request(named: Server) -> None:
    """The fast path hands it to the normal path, which must not count it once more."""
    before = given_up(named)['cause="refused"']
    time.sleep(1)  # the bucket is full again
    answers = [ask_at_once(named, secret("slow"), b"{}") for _ in range(5)]
    assert [headers["status"] for headers in answers] == ["400"] * 5
    assert given_up(named)['cause="refused"'] == before + 5


@pytest.mark.hostile("a key that asks more often than it may, over several workers")
@pytest.mark.parametrize("path", ["/predict", "/invocations"])
def test_rows_per_second_hold_over_both_workers(named: Server, path: str) -> None:
    rows = [EXAMPLE] * 150
    content = {"json": rows if path == "/predict" else {"dataframe_records": rows}}
    # an earlier test may have left a debt
    wait_until(lambda: ask(named, path, secret("small"), **content).status_code == 200)
    answers = [ask(named, path, secret("small")) for _ in range(15)]
    waits = [
        check_too_many(answer, "50 applicants per second")
        for answer in answers
        if answer.status_code != 200
    ]
    # more than 100 rows of debt take two seconds; a slow machine may need longer to ask
    assert not waits or waits[0] in (1, 2, 3)
    assert ask(named, "/version", secret("small")).status_code == 200


def wrong_keys(server: Server) -> float:
    metrics = ask(server, "/metrics", secret("all")).text.splitlines()
    (count,) = (line.split()[1] for line in metrics if line.startswith("scoring_wrong_keys_total "))
    return float(count)


@pytest.mark.hostile("wrong keys, one after the other")
def test_wrong_keys_are_counted_and_refused_but_right_keys_are_not(named: Server) -> None:
    before = wrong_keys(named)
    began = time.monotonic()
    answers = [ask(named, "/predict", f"wrong-{number}") for number in range(60)]
    assert wrong_keys(named) == before + 60
    tried = [answer for answer in answers if answer.status_code == 401]
    most = WRONG_KEYS_PER_MINUTE * (1 + (time.monotonic() - began) / 60) + 1
    assert len(tried) <= most
    for answer in answers:
        if answer.status_code != 401:
            check_too_many(answer, "wrong keys per minute (WRONG_KEYS_PER_MINUTE)")
    assert len(workers_that_answered(answers)) == 2
    for _ in range(10):
        assert ask(named, "/predict", secret("all")).status_code == 200
    with named.another_client() as http:
        for _ in range(10):  # a request without any key guesses nothing
            assert http.post("/predict", json=EXAMPLE).status_code == 401
    assert wrong_keys(named) == before + 60


@pytest.mark.hostile("a file of keys that is broken, or replaced while it is read")
def test_the_file_is_read_again_while_the_server_runs(named: Server, keys_file: Path) -> None:
    before = keys_file.read_text()
    with contextlib.ExitStack() as stack:
        stack.callback(keys_file.write_text, before)
        with keys_file.open("a") as file:
            file.write(line("new", 'scopes = ["read"]'))
        count = len(OPTIONS) + 2
        wait_until(lambda: said(named, f"read again: callers need one of {count} keys") == 2)
        for _ in range(10):
            assert ask(named, "/version", secret("new")).status_code == 200
        keys_file.write_text(before + f'broken = {{ sha256 = "{digest("x")}" }}\n')
        rule = f"line {len(OPTIONS) + 1} must have scopes"
        wait_until(lambda: said(named, rule) == 2)
        assert said(named, "the keys that were read before stay in use") == 2
        for _ in range(10):
            assert ask(named, "/version", secret("new")).status_code == 200
    count = len(OPTIONS) + 1
    wait_until(lambda: said(named, f"read again: callers need one of {count} keys") == 2)
    for _ in range(10):
        assert ask(named, "/version", secret("new")).status_code in (401, 429)


def said(server: Server, text: str) -> int:
    return sum(text in event.get("message", "") for event in events(server))


@pytest.mark.hostile("a key or a path that stands in a log or an error")
def test_no_log_metric_or_error_holds_a_key_a_digest_or_a_path(
    named: Server, keys_file: Path
) -> None:
    answers = [ask(named, "/predict", key) for key in ("wrong-again", secret("reader"))]
    shown = "".join(answer.text + str(answer.headers) for answer in answers)
    shown += ask(named, "/metrics", secret("all")).text
    shown += named.read_log()
    for name in OPTIONS:
        assert secret(name) not in shown
        assert digest(secret(name)) not in shown
    for hidden in (UNNAMED, digest(UNNAMED), "wrong-", str(keys_file.parent)):
        assert hidden not in shown


def test_the_document_says_what_a_key_may_get(named: Server) -> None:
    paths = ask(named, "/openapi.json", secret("all")).json()["paths"]
    for path, operations in paths.items():
        (operation,) = operations.values()
        is_open = TABLE[path].scope is None
        for status in ("401", "403", "429"):
            assert (status in operation["responses"]) != is_open
        assert ("security" in operation) != is_open
        if not is_open:
            assert "Retry-After" in operation["responses"]["429"]["headers"]

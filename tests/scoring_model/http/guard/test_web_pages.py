"""CORS: pages of the origins in `CORS_ORIGINS` may call the server, and no others."""

import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from scoring_model.settings import read_settings
from tests.scoring_model.conftest import DESK_KEY
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server

ALLOWED = "https://desk.example.org"
# what looks like an allowed origin and is none
OTHERS = [
    *("https://evil.example", "http://desk.example.org", "https://desk.example.org:8443", "null"),
    *("https://desk.example.org.evil.example", "https://DESK.example.org", "desk.example.org", ""),
]
ASKED = {"Access-Control-Request-Method": "POST"}
PATHS = ["/predict", "/invocations", "/version", "/metrics", "/openapi.json", "/ready", "/nothing"]


def cors_of(answer: httpx.Response) -> dict[str, str]:
    return {n: v for n, v in answer.headers.items() if n.startswith("access-control-")}


def without_key(server: Server) -> httpx.Client:
    return httpx.Client(base_url=server.http.base_url)


@pytest.mark.parametrize("path", PATHS)
def test_a_preflight_is_answered_without_a_key(desk: Server, path: str) -> None:
    with without_key(desk) as client:
        answer = client.options(path, headers=ASKED | {"Origin": ALLOWED})
    assert (answer.status_code, answer.content) == (204, b"")
    assert "content-length" not in answer.headers
    assert answer.headers["vary"] == "origin"
    assert cors_of(answer) == {
        "access-control-allow-origin": ALLOWED,
        "access-control-allow-methods": "GET, HEAD, POST",
        "access-control-allow-headers": "authorization, content-type, x-reference, x-request-id",
        "access-control-expose-headers": "retry-after, x-decision-count, x-decision-id, "
        "x-model-version, x-request-id, x-warnings, x-warnings-count",
        "access-control-max-age": "600",
    }


@pytest.mark.hostile("a web page of another site that calls the server")
@pytest.mark.parametrize("origin", OTHERS)
def test_no_other_origin_gets_a_header(desk: Server, origin: str) -> None:
    with without_key(desk) as client:
        asked = client.options("/predict", headers=ASKED | {"Origin": origin})
    assert (asked.status_code, cors_of(asked)) == (401, {})
    with_key = desk.http.options("/predict", headers=ASKED | {"Origin": origin})
    assert (with_key.status_code, cors_of(with_key)) == (405, {})
    for body in (EXAMPLE, [EXAMPLE], {}):
        answer = desk.http.post("/predict", json=body, headers={"Origin": origin})
        assert (cors_of(answer), answer.headers["vary"]) == ({}, "origin")


def test_every_answer_to_an_allowed_page_may_be_read(desk: Server) -> None:
    origin = {"Origin": ALLOWED}
    expected = {"access-control-allow-origin", "access-control-expose-headers"}
    answers = [
        # the fast path, the worker, a child process
        desk.http.post("/predict", json=EXAMPLE, headers=origin),
        desk.http.post("/predict", json=[EXAMPLE], headers=origin),
        desk.http.post("/predict", json=[EXAMPLE] * 200, headers=origin),
        desk.http.post("/invocations", json={"dataframe_records": [EXAMPLE]}, headers=origin),
        desk.http.get("/version", headers=origin),
        desk.http.post("/predict", json={}, headers=origin),
        desk.http.post("/predict", content="x", headers=origin | {"Content-Type": "text/plain"}),
        desk.http.post("/predict", json="x" * (8 << 20), headers=origin),
        desk.http.get("/predict", headers=origin),
        desk.http.get("/nothing", headers=origin),
        # no question of a browser, but of a tool
        desk.http.options("/predict", headers=origin),
    ]
    with without_key(desk) as client:
        answers.append(client.post("/predict", json=EXAMPLE, headers=origin))
    statuses = [200, 200, 200, 200, 200, 400, 415, 413, 405, 404, 405, 401]
    assert [answer.status_code for answer in answers] == statuses
    for answer in answers:
        assert cors_of(answer).keys() == expected
        assert answer.headers["access-control-allow-origin"] == ALLOWED
        assert answer.headers["vary"] == "origin"


def test_without_the_variable_no_answer_changes(server: Server) -> None:
    asked = server.http.options("/predict", headers=ASKED | {"Origin": ALLOWED})
    assert asked.status_code == 405
    answer = server.http.post("/predict", json=EXAMPLE, headers={"Origin": ALLOWED})
    plain = server.http.post("/predict", json=EXAMPLE)
    assert answer.content == plain.content
    assert answer.headers.keys() == plain.headers.keys()
    for each in (asked, answer, plain):
        assert not cors_of(each)
        assert "vary" not in each.headers


def test_the_root_leads_to_the_page(desk: Server) -> None:
    with without_key(desk) as client:
        for method in ("GET", "HEAD"):
            answer = client.request(method, "/")
            assert (answer.status_code, answer.headers["location"]) == (307, "docs")
        assert client.post("/").status_code == 405
        assert client.get("/", follow_redirects=True).status_code == 401
    page = desk.http.get("/", follow_redirects=True)
    assert (page.status_code, page.url.path) == (200, "/docs")


@pytest.mark.parametrize(
    "text",
    [
        *("*", "null", "https://*.example.org", "https://desk.example.org/", "desk.example.org"),
        *("https://desk.example.org/app", "https://user:pass@desk.example.org", "ftp://x.org"),
        *("https://Desk.example.org", "https://desk.example.org:443", "http://x.org:80"),
        *("https://a.org https://b.org", "https://a.org,*", "https://a.org?x", "https://a.org:"),
        *(
            "https://",
            "https://a.org:0",
            "https://a.org:999999",
            "http://[::1]:80",
        ),
    ],
)
def test_only_exact_origins_are_taken(text: str) -> None:
    with pytest.raises(ValueError, match="CORS_ORIGINS must list origins as a browser") as caught:
        read_settings({"CORS_ORIGINS": text})
    assert "\n" not in str(caught.value)


def test_exact_origins_are_read() -> None:
    text = "https://desk.example.org , http://localhost:3000,http://[::1]:3000,https://x-1.org:80,"
    assert read_settings({"CORS_ORIGINS": text}).cors_origins == (
        *("https://desk.example.org", "http://localhost:3000", "http://[::1]:3000"),
        "https://x-1.org:80",
    )


PAGE = """<!doctype html><title>desk</title><pre id="said"></pre><script>
const {url, key, applicant} = VALUES;
async function ask(name, path, init) {
  try {
    const answer = await fetch(url + path, init);
    const id = answer.headers.get("x-request-id") ? "with id" : "without id";
    return `${name}: ${answer.status} ${id} ${(await answer.text()).slice(0, 16)}`;
  } catch (error) { return `${name}: blocked`; }
}
async function show() {
  const headers = {"Content-Type": "application/json", "Authorization": `Bearer ${key}`};
  const body = JSON.stringify(applicant);
  const wrong = {...headers, "Authorization": "Bearer wrong"};
  const lines = [
    await ask("predict", "/predict", {method: "POST", headers, body}),
    await ask("refused", "/predict", {method: "POST", headers, body: "{}"}),
    await ask("wrong key", "/predict", {method: "POST", headers: wrong, body}),
    await ask("version", "/version", {headers}),
    await ask("plain", "/ready"),
    await ask("cookies", "/ready", {credentials: "include"}),
  ];
  document.getElementById("said").textContent = lines.join("; ");
}
show();
</script>"""


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_arguments: object) -> None:
        """Write nothing."""


@pytest.fixture
def pages(desk: Server, desk_origin: str, tmp_path: Path) -> Iterator[int]:
    """Serve a page that calls the server, and return its port."""
    url = str(desk.http.base_url).rstrip("/")
    values = {"url": url, "key": DESK_KEY, "applicant": EXAMPLE}
    text = PAGE.replace("VALUES", json.dumps(values))
    (tmp_path / "index.html").write_text(text)
    port = int(desk_origin.rpartition(":")[2])
    handler = functools.partial(_Quiet, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", port), handler) as running:
        thread = threading.Thread(target=running.serve_forever)
        thread.start()
        yield port
        running.shutdown()
        thread.join()


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium")
def test_a_browser_lets_the_allowed_page_read_the_answers_and_no_other(
    pages: int, tmp_path: Path
) -> None:
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"]
    command += ["--disable-background-networking", "--disable-component-update", "--disable-sync"]
    command += [f"--user-data-dir={tmp_path}/profile", "--virtual-time-budget=20000", "--dump-dom"]
    documents = {
        host: subprocess.run(
            [*command, f"http://{host}:{pages}/"],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        ).stdout
        # the same page, once from the allowed origin
        for host in ("localhost", "127.0.0.1")
    }
    shown = {
        host: document.partition('id="said">')[2].partition("</pre>")[0]
        for host, document in documents.items()
    }
    for line in (
        'predict: 200 with id {"probability":',
        'refused: 400 with id {"error":{"code"',
        'wrong key: 401 with id {"error":{"code"',
        "version: 200 with id",
        'plain: 200 with id {"status":"ready',
        "cookies: blocked",
    ):
        assert line in shown["localhost"]
    assert shown["127.0.0.1"].count(": blocked") == 6

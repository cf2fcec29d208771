"""Clients that people use get their answers: Java, curl and the libraries of Python."""

import asyncio
import http.client
import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3

from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server

BODY = json.dumps(EXAMPLE).encode()
# too long for the fast path, so that it arrives in several segments
ARRAY = b"[" + b",".join(1000 * [BODY]) + b"]"
JSON = "application/json"
HEADERS = {"Content-Type": JSON}
JAVA = shutil.which("java")
CURL = shutil.which("curl")


def pieces(body: bytes) -> Iterator[bytes]:
    for start in range(0, len(body), 20_000):
        yield body[start : start + 20_000]


def with_httpx(url: str, body: bytes) -> list[Any]:
    with httpx.Client() as client:
        answers = [client.post(url, content=body, headers=HEADERS) for _ in range(3)]
        answers.append(client.post(url, content=pieces(body), headers=HEADERS))
    return [answer.json() for answer in answers]


def with_requests(url: str, body: bytes) -> list[Any]:
    with requests.Session() as client:
        answers = [client.post(url, data=body, headers=HEADERS, timeout=60) for _ in range(3)]
        answers.append(client.post(url, data=pieces(body), headers=HEADERS, timeout=60))
        return [answer.json() for answer in answers]


def with_urllib3(url: str, body: bytes) -> list[Any]:
    with urllib3.PoolManager() as client:
        answers = [client.request("POST", url, body=body, headers=HEADERS) for _ in range(3)]
        answers.append(client.request("POST", url, body=pieces(body), headers=HEADERS))
        return [answer.json() for answer in answers]


def with_aiohttp(url: str, body: bytes) -> list[Any]:
    async def ask() -> list[Any]:
        async with aiohttp.ClientSession() as client:
            answers = []
            for expects in (False, False, True):
                call = client.post(url, data=body, headers=HEADERS, expect100=expects)
                async with call as answer:
                    answers.append(await answer.json())
        return answers

    return asyncio.run(ask())


def with_http_client(url: str, body: bytes) -> list[Any]:
    parsed = httpx.URL(url)
    client = http.client.HTTPConnection(parsed.host, parsed.port, timeout=60)
    with closing(client):
        answers = []
        for chunked in (False, False, True):
            sent = pieces(body) if chunked else body
            client.request("POST", parsed.path, sent, HEADERS, encode_chunked=chunked)
            answers.append(json.loads(client.getresponse().read()))
    return answers


LIBRARIES = (with_httpx, with_requests, with_urllib3, with_aiohttp, with_http_client)


@pytest.mark.hostile("real clients: five libraries of Python")
@pytest.mark.parametrize("body", [BODY, ARRAY], ids=["one", "many"])
@pytest.mark.parametrize("ask", LIBRARIES)
def test_libraries_of_python_get_their_answers(
    ask: Callable[[str, bytes], list[Any]], body: bytes, server: Server
) -> None:
    answers = ask(f"{server.http.base_url}/predict", body)
    expected = server.http.post("/predict", content=body, headers=HEADERS).json()
    assert answers == len(answers) * [expected]


@pytest.mark.hostile("real clients: Java, which asks for HTTP/2")
@pytest.mark.parametrize("body", [BODY, ARRAY], ids=["one", "many"])
@pytest.mark.skipif(JAVA is None, reason="needs a JDK: `java` runs the file Ask.java")
def test_the_client_of_java_gets_its_answers(body: bytes, server: Server, tmp_path: Path) -> None:
    assert JAVA is not None
    file = tmp_path / "body.json"
    file.write_bytes(body)
    source = Path(__file__).with_name("Ask.java")
    url = f"{server.http.base_url}/predict"
    command = [JAVA, str(source), url, str(file)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr
    expected = server.http.post("/predict", content=body, headers=HEADERS).text
    assert result.stdout.splitlines() == 6 * [f"200 {expected}"]


@pytest.mark.hostile("real clients: curl, which asks for HTTP/2")
@pytest.mark.parametrize("body", [BODY, ARRAY], ids=["one", "many"])
@pytest.mark.parametrize("options", [("--http2",), ("--http1.1",), ("--http1.0",)])
@pytest.mark.skipif(CURL is None, reason="needs curl")
def test_curl_gets_its_answers(
    options: tuple[str, ...], body: bytes, server: Server, tmp_path: Path
) -> None:
    assert CURL is not None
    file = tmp_path / "body.json"
    file.write_bytes(body)
    url = f"{server.http.base_url}/predict"
    command = [CURL, "--silent", "--show-error", *options, "--header", f"Content-Type: {JSON}"]
    upload = ("--upload-file", str(file))
    for calls in (
        # the second request uses the connection of the first
        ("--data-binary", f"@{file}", url, url),
        ("--request", "POST", *upload, url, *upload, url),
    ):
        result = subprocess.run([*command, *calls], capture_output=True, timeout=120, check=False)
        assert result.returncode == 0, result.stderr
        expected = server.http.post("/predict", content=body, headers=HEADERS).content
        assert result.stdout == 2 * expected

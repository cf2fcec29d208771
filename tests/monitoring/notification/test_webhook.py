"""The webhook, with a real HTTP server."""

import logging
import socket
import subprocess

import pytest

from monitoring.notification import NotDelivered, Webhook, open_webhook
from monitoring.notification import webhook as module
from tests.monitoring.notification.receiver import receiving
from train.errors import InputError

KEY = "a-secret-of-at-least-32-characters"
BODY = b'{"type":"monitoring.alarms"}'


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_NOTIFY_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


def opened(url: str) -> Webhook:
    webhook = open_webhook(url)
    assert webhook is not None
    return webhook


def test_a_busy_receiver_gets_the_message_at_the_third_try() -> None:
    with receiving([503, 429, 200]) as receiver:
        opened(f"{receiver.url}/hook").send("run-1", BODY)
    assert [request.path for request in receiver.requests] == ["/hook"] * 3
    assert {request.body for request in receiver.requests} == {BODY}
    # the receiver can tell that it is one message
    assert {request.headers["webhook-id"] for request in receiver.requests} == {"run-1"}


def test_openssl_verifies_the_signature() -> None:
    with receiving([200]) as receiver:
        opened(receiver.url).send("run-1", BODY)
    [request] = receiver.requests
    stamp = request.headers["webhook-timestamp"]
    signed = f"run-1.{stamp}.".encode() + request.body
    command = ["openssl", "dgst", "-sha256", "-mac", "HMAC", "-macopt", f"key:{KEY}", "-binary"]
    digest = subprocess.run(command, input=signed, capture_output=True, check=True).stdout
    encoded = subprocess.run(
        ["openssl", "base64", "-A"], input=digest, capture_output=True, check=True
    ).stdout.decode()
    assert request.headers["webhook-signature"] == f"v1,{encoded}"
    assert request.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("status", "tries", "problem"),
    [
        (404, 1, "the receiver answered with status 404"),
        (307, 1, "the receiver answered with status 307"),
        (500, 5, "the receiver answered with an error 5 times"),
    ],
)
def test_what_is_not_delivered_says_why_without_the_url(
    status: int,
    tries: int,
    problem: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    # no test waits for 15 seconds
    monkeypatch.setattr("urllib3.util.Retry.sleep", lambda *_: None)
    with (
        caplog.at_level(logging.DEBUG),
        receiving([status]) as receiver,
        pytest.raises(NotDelivered) as raised,
    ):
        opened(f"{receiver.url}/token-7").send("run-1", BODY)
    assert str(raised.value) == problem
    assert len(receiver.requests) == tries
    assert "token-7" not in caplog.text


def test_a_receiver_that_is_away(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("urllib3.util.Retry.sleep", lambda *_: None)
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        with caplog.at_level(logging.DEBUG), pytest.raises(NotDelivered) as raised:
            opened(f"http://127.0.0.1:{port}/token-7").send("run-1", BODY)
    assert str(raised.value) == "the receiver could not be reached, or did not answer, in 5 tries"
    assert "token-7" not in caplog.text


def test_a_receiver_that_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("urllib3.util.Retry.sleep", lambda *_: None)
    monkeypatch.setattr(module, "TIMEOUT_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(NotDelivered, match="the receiver"):
            opened(f"http://127.0.0.1:{port}").send("run-1", BODY)


@pytest.mark.parametrize(
    "address",
    [
        *("http://hooks.example/token-7", "ftp://hooks.example/token-7", "hooks.example/token-7"),
        *("https:///token-7", "http://[token-7", "http://127.0.0.1.hooks.example/token-7"),
    ],
)
def test_an_address_that_others_could_read(address: str) -> None:
    with pytest.raises(InputError) as raised:
        open_webhook(address)
    assert str(raised.value) == (
        "notify: must begin with https://; http:// is for this machine alone"
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:99999/token-7",
        "https://hooks.example:port/token-7",
        "https://a b/token-7",
        "https://a..b/token-7",
        f"https://{'a' * 70}.example/token-7",
    ],
)
def test_an_address_that_nothing_can_have(address: str) -> None:
    with pytest.raises(InputError) as raised:
        open_webhook(address)
    assert str(raised.value) == "notify: the host or the port of the URL is not valid"


def test_the_token_may_be_a_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "token-7")
    found = opened("https://hooks.example/${HOOK_TOKEN}")
    assert found.url == "https://hooks.example/token-7"
    assert "token-7" not in repr(found)
    assert KEY not in repr(found)
    monkeypatch.delenv("HOOK_TOKEN")
    with pytest.raises(InputError) as raised:
        open_webhook("https://hooks.example/a/${HOOK_TOKEN}")
    assert str(raised.value) == "notify: the environment variable HOOK_TOKEN is not set"


@pytest.mark.parametrize("key", ["", "short", "x" * 31])
def test_a_key_that_can_be_guessed(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_NOTIFY_KEY", key)
    with pytest.raises(InputError, match=r"^notify: set the variable MONITOR_NOTIFY_KEY to a sec"):
        open_webhook("https://hooks.example")
    assert open_webhook("") is None

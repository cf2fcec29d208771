"""Ask a server about the applicant that was logged with a model, and compare the answers."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

WAIT_SECONDS = 180


def is_right(url: str, model: Path, key: str) -> bool:
    """Return whether the server gives the logged answer, once it is up.

    Parameters
    ----------
    url : str
        The server's address, without a path.
    model : Path
        Folder of the model.
    key : str
        What callers send; empty where the server asks for none.
    """
    logged = json.loads((model / "artifacts/scorer/example.json").read_text(encoding="utf-8"))
    if not wait_until_up(url):
        print(f"{url} does not come up")
        return False
    status, answer = send(f"{url}/predict", json.dumps(logged["applicant"]).encode(), key)
    said = json.loads(answer) if status == 200 else None
    if said is None or any(said.get(name) != value for name, value in logged["answer"].items()):
        # the applicant is nobody's, so that its answer may stand in a log
        print(f"status {status}, {answer!r}; logged with the model: {logged['answer']}")
        return False
    return True


def wait_until_up(url: str) -> bool:
    """Wait until the server answers its health check."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if send(f"{url}/ping", None, "")[0] == 200:
            return True
        time.sleep(0.5)
    return False


def send(url: str, body: bytes | None, key: str) -> tuple[int, bytes]:
    """Send a request and return status and body; status 0 where nobody answers."""
    headers = {"Content-Type": "application/json"}
    if key:
        headers["Authorization"] = f"Bearer {key}"
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as got:
            return got.status, got.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()
    except OSError:
        return 0, b""

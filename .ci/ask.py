"""Send a model's example applicant to a server, and compare the answer with the logged one."""

import json
import time
import urllib.error
import urllib.request
from pathlib import Path

WAIT_SECONDS = 180


def is_right(url: str, model: Path, key: str) -> bool:
    """Wait for a server, and return whether it gives the logged answer.

    Parameters
    ----------
    url : str
        The server's address, without a path.
    model : Path
        Folder of the model.
    key : str
        The key to send; empty if the server needs none.
    """
    logged = json.loads((model / "artifacts/scorer/example.json").read_text(encoding="utf-8"))
    if not wait_until_up(url):
        print(f"{url} does not answer its health check within {WAIT_SECONDS} s")
        return False
    status, answer = send(f"{url}/predict", json.dumps(logged["applicant"]).encode(), key)
    said = json.loads(answer) if status == 200 else None
    if said is None or any(said.get(name) != value for name, value in logged["answer"].items()):
        # the example is not a real applicant, so its answer may be logged
        print(f"got status {status}, {answer!r}; expected the logged answer {logged['answer']}")
        return False
    return True


def wait_until_up(url: str) -> bool:
    """Wait until the server answers its health check; return whether it does in time."""
    deadline = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < deadline:
        if send(f"{url}/ping", None, "")[0] == 200:
            return True
        time.sleep(0.5)
    return False


def send(url: str, body: bytes | None, key: str) -> tuple[int, bytes]:
    """Send a request and return status and body; status 0 if no server answers."""
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

"""Start the image of the server as docs/deploying.md says, and check its answer.

`python .ci/try_image.py <image> <folder of the model>` needs a Docker engine.
"""

import hashlib
import secrets
import subprocess
import sys
import time
from pathlib import Path

from ask import is_right, send

HEALTH_SECONDS = 60
STOP_SECONDS = "20"


def docker(*arguments: str) -> str:
    """Run a command of Docker and return what it prints."""
    result = subprocess.run(["docker", *arguments], check=True, capture_output=True, text=True)
    return result.stdout.strip()


def start(image: str, model: Path, key: str) -> str:
    """Start a container with a read-only file system and return its id."""
    digest = hashlib.sha256(key.encode()).hexdigest()
    return docker(
        *("run", "--detach", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL"),
        *("--publish", "127.0.0.1::8000", "--volume", f"{model}:/model:ro"),
        *("--env", f"SCORING_API_KEYS={digest}", image),
    )


def becomes_healthy(container: str) -> bool:
    """Wait until the health check of the image succeeds; return whether it does in time."""
    deadline = time.monotonic() + HEALTH_SECONDS
    while time.monotonic() < deadline:
        if docker("inspect", "--format", "{{.State.Health.Status}}", container) == "healthy":
            return True
        time.sleep(1)
    return False


def try_it(container: str, model: Path, key: str) -> list[str]:
    """Send requests to a container and stop it; return the faults found."""
    url = f"http://{docker('port', container, '8000/tcp')}"
    faults = []
    if not is_right(url, model, key):
        faults.append("the server does not give the logged answer")
    if (status := send(f"{url}/predict", b"{}", "")[0]) != 401:
        faults.append(f"a request without a key got status {status}, expected 401")
    if docker("exec", container, "id", "--user") == "0":
        faults.append("the server runs as root")
    if not becomes_healthy(container):
        faults.append(f"the health check does not succeed within {HEALTH_SECONDS} s")
    docker("stop", "--time", STOP_SECONDS, container)
    if (code := docker("inspect", "--format", "{{.State.ExitCode}}", container)) != "0":
        faults.append(f"the server ended with exit status {code} after SIGTERM")
    return faults


def main() -> int:
    """Try the image and the model that the command line names."""
    image, model = sys.argv[1], Path(sys.argv[2]).resolve()
    key = secrets.token_urlsafe(32)
    container = start(image, model, key)
    try:
        faults = try_it(container, model, key)
        if faults:
            print(docker("logs", container), file=sys.stderr)
    finally:
        docker("rm", "--force", container)
    for fault in faults:
        print(f"error: {fault}", file=sys.stderr)
    if not faults:
        print(f"{image}: the answer is right, a key is needed, it is healthy, the stop is clean")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

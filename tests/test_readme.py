"""What the README says: its commands run, in its order, in a checkout of their own."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.conftest import ROOT
from tests.made import make_loans

README = ROOT / "README.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
# Commands that do not end: each is started, and the next ones talk to it.
SERVERS = {"make serve": "http://127.0.0.1:8000/ping", "make ui": "http://127.0.0.1:5000/health"}
# What starts so is run by other tests, or wants what no test has.
ELSEWHERE = {
    "make test": "this runs within it",
    "mlflow run . --env-manager local -e promote": "tests/train/promotion/test_promotion.py",
    "mlflow run . --env-manager local -e rollback": "tests/train/promotion/test_promotion.py",
    "mlflow run . --env-manager local -P resume=": "tests/train/search/test_resume.py",
    "mlflow models build-docker": "wants a Docker engine",
    "docker run": "wants a Docker engine",
    "createdb mlflow": "tests/test_postgres.py, with a database of its own",
    "mlflow server --backend-store-uri postgresql": "tests/test_postgres.py",
    "export MLFLOW_TRACKING_URI=": "tests/test_postgres.py",
}


def blocks(language: str) -> list[str]:
    text = README.read_text(encoding="utf-8")
    return [body for kind, body in BLOCK.findall(text) if kind == language]


def commands() -> list[str]:
    """Return the commands of every `sh` block, lines that end in a backslash joined."""
    lines = [line for block in blocks("sh") for line in block.replace("\\\n", " ").splitlines()]
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def test_documents_are_what_they_say() -> None:
    for block in blocks("json"):
        json.loads(block)


def test_links_lead_somewhere() -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", README.read_text(encoding="utf-8")):
        assert target.startswith("http") or (ROOT / target).exists(), target


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of the tracked files, with this environment as its `.venv`."""
    names = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    place = tmp_path / "checkout"
    for name in filter(None, names.stdout.split("\0")):
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        # with its time of change: make compares it with that of the environment
        shutil.copy2(ROOT / name, place / name)
    (place / ".venv").symlink_to(sys.prefix)
    (place / "mine").mkdir()
    (place / "mine" / "portfolio.toml").write_text(blocks("toml")[0])
    loans = make_loans(3000).drop(columns=["lost_amount", "sex"])
    loans.to_csv(place / "mine" / "loans.csv", index=False)
    return place


@pytest.fixture
def started() -> Iterator[list["subprocess.Popen[bytes]"]]:
    processes: list[subprocess.Popen[bytes]] = []
    yield processes
    for process in processes:
        process.terminate()
        process.wait(30)


@pytest.mark.slow
def test_every_command_runs(checkout: Path, started: list["subprocess.Popen[bytes]"]) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    environment["PATH"] = f"{checkout / '.venv' / 'bin'}{os.pathsep}{environment['PATH']}"
    for command in commands():
        if command.startswith(tuple(ELSEWHERE)):
            continue
        if command in SERVERS:
            server = ["bash", "-c", f"exec {command}"]
            started.append(subprocess.Popen(server, cwd=checkout, env=environment))
            wait_for(SERVERS[command], started[-1])
            continue
        result = subprocess.run(
            ["bash", "-c", command],
            cwd=checkout,
            env=environment,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        assert result.returncode == 0, f"{command}\n{result.stdout}\n{result.stderr}"


def wait_for(url: str, process: "subprocess.Popen[bytes]", seconds: float = 180.0) -> None:
    deadline = time.monotonic() + seconds
    with httpx.Client(transport=httpx.HTTPTransport(retries=0), timeout=5) as http:
        while process.poll() is None and time.monotonic() < deadline:
            try:
                if http.get(url).status_code == httpx.codes.OK:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.2)
    raise AssertionError(f"{url} does not answer")

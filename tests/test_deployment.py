"""A release to Heroku starts and answers correctly, or it is rolled back."""

import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from scoring_model.version import load_model
from tests.conftest import ROOT, Project
from tests.scoring_model.planted import save_model, train_scorer

SCRIPTS = ROOT / ".ci"
# psycopg, for a decision log in PostgreSQL, takes 14 MB of them
MAX_PACKAGES_MB, MAX_MEMORY_MB = 570, 300
SECRET = "the-secret-of-the-account"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a version, as `make export` writes it."""
    return save_model(train_scorer(trees=50, rows=2000), tmp_path_factory.mktemp("version"))


def test_make_export_writes_the_champion(project: Project, tmp_path: Path) -> None:
    recipe = re.search(r"^export:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert recipe
    subprocess.run(
        ["sh", "-ec", recipe[1]], cwd=tmp_path, env=project.environment, check=True, timeout=120
    )
    exported = tmp_path / "model" / "artifacts" / "scorer"
    logged = next((project.directory / "mlruns").glob("**/artifacts/scorer/manifest.json"))
    assert (exported / "manifest.json").read_bytes() == logged.read_bytes()
    assert load_model(str(tmp_path / "model")).version == "1"


@pytest.mark.slow
def test_the_slug_starts_in_an_empty_environment(model: Path) -> None:
    result = subprocess.run(
        [sys.executable, str(SCRIPTS / "try_slug.py"), str(model)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "the answer is right, a key is needed, the stop is clean" in result.stdout
    packages = re.search(r"packages (\d+) MB", result.stdout)
    memory = re.search(r"memory (\d+) MB", result.stdout)
    assert packages
    assert memory
    assert int(packages[1]) <= MAX_PACKAGES_MB
    assert int(memory[1]) < MAX_MEMORY_MB


@pytest.mark.hostile("a start without keys on an address that others reach")
def test_the_procfile_refuses_to_start_without_keys() -> None:
    line = (ROOT / "Procfile").read_text().partition(":")[2]
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PORT": "8000"}
    result = subprocess.run(
        ["sh", "-c", line], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == 2
    assert result.stderr.startswith("error: --host 0.0.0.0 needs keys: set SCORING_KEYS_FILE or ")
    assert result.stderr.count("\n") == 1


def test_procfile_and_make_start_the_server_by_the_same_command() -> None:
    command = "python -m scoring_model"
    assert f"exec {command} --host 0.0.0.0 --port $PORT\n" in (ROOT / "Procfile").read_text()
    assert f"serve: .venv/ready\n\t{command}\n" in (ROOT / "Makefile").read_text()


class Heroku(ThreadingHTTPServer):
    """A stand-in for Heroku: its API and the app, behind one address."""

    def __init__(self, answer: dict[str, Any]) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.state = "up"
        self.rolled_back_to: list[str] = []
        self.releases = [{"id": "r7", "version": 7, "status": "succeeded"}]

    @property
    def url(self) -> str:
        """Address of the API and of the app."""
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    """Answers the requests to `Heroku`."""

    server: Heroku

    def log_message(self, *_: object) -> None:
        """Log nothing."""

    def do_GET(self) -> None:
        """Answer the requests that a release makes before and after its push."""
        newest = {"version": self.server.releases[0]["version"]}
        answers: dict[str, Any] = {
            "/apps/lender": {"web_url": f"{self.server.url}/"},
            "/apps/lender/releases": self.server.releases,
            "/apps/lender/dynos": [
                {"type": "web", "state": self.server.state, "release": newest},
            ],
            "/ping": {},
        }
        self._send(answers[self.path])

    def do_POST(self) -> None:
        """Score an applicant, or roll a release back."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/predict":
            self._send(self.server.answer)
            return
        assert self.headers["Authorization"] == f"Bearer {SECRET}"
        self.server.rolled_back_to.append(body["release"])
        self._send({})

    def _send(self, document: Any) -> None:
        data = json.dumps(document).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)


@pytest.fixture
def heroku(model: Path) -> Iterator[Heroku]:
    """Start a stand-in whose app gives the correct answer."""
    logged = json.loads((model / "artifacts/scorer/example.json").read_text())
    with Heroku(logged["answer"]) as platform:
        threading.Thread(target=platform.serve_forever, daemon=True).start()
        yield platform
        platform.shutdown()


def release(
    heroku: Heroku, model: Path, remote: Path, **more: str
) -> "subprocess.CompletedProcess[str]":
    subprocess.run(["git", "init", "--quiet", "--bare", str(remote)], check=True)
    environment = {
        **os.environ,
        "HEROKU_API": heroku.url,
        "HEROKU_GIT": str(remote),
        "HEROKU_APP": "lender",
        "HEROKU_API_KEY": SECRET,
        **more,
    }
    result = subprocess.run(
        [sys.executable, str(SCRIPTS / "release.py"), str(model)],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert SECRET not in result.stdout + result.stderr
    return result


def files_on(remote: Path) -> set[str]:
    listed = subprocess.run(
        ["git", "ls-tree", "-r", "--name-only", "main"],
        cwd=remote,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(listed.stdout.splitlines())


def test_commit_and_model_are_released_together(
    heroku: Heroku, model: Path, tmp_path: Path
) -> None:
    result = release(heroku, model, tmp_path / "app.git")
    assert result.returncode == 0, result.stderr
    there = files_on(tmp_path / "app.git")
    assert {"Procfile", "model/MLmodel", "model/artifacts/scorer/booster.txt"} <= there
    assert heroku.rolled_back_to == []
    listed = subprocess.run(
        ["git", "worktree", "list"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert "/tree " not in listed.stdout


def test_a_release_with_a_wrong_answer_is_rolled_back(
    heroku: Heroku, model: Path, tmp_path: Path
) -> None:
    heroku.answer = {**heroku.answer, "probability": 0.5}
    result = release(heroku, model, tmp_path / "app.git")
    assert result.returncode == 1
    assert "gave a wrong answer: rolled back to v7" in result.stderr
    assert heroku.rolled_back_to == ["r7"]


def test_a_release_that_crashes_is_rolled_back(heroku: Heroku, model: Path, tmp_path: Path) -> None:
    heroku.state = "crashed"
    result = release(heroku, model, tmp_path / "app.git")
    assert result.returncode == 1
    assert heroku.rolled_back_to == ["r7"]


def test_without_an_app_nothing_is_deployed(heroku: Heroku, model: Path, tmp_path: Path) -> None:
    result = release(heroku, model, tmp_path / "app.git", HEROKU_APP="")
    assert result.returncode == 0
    assert "nothing is deployed" in result.stdout
    half = release(heroku, model, tmp_path / "other.git", HEROKU_API_KEY="")
    assert half.returncode == 1
    assert "no HEROKU_API_KEY" in half.stderr

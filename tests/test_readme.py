"""The commands of the README and of the documentation run, in a checkout of their own.

A block marked `sh` is run, line by line. A block marked `text` is only shown: it is an output, or a
command with a place that the reader fills in, such as `<key>`.
"""

import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from notebooks.renew import NOTEBOOK, read_notebook, texts_of
from tests.conftest import ROOT
from tests.made import make_loans

README, FRENCH, CONTRIBUTING = (ROOT / f"{n}.md" for n in ("README", "README.fr", "CONTRIBUTING"))
DOCS = [page for page in (ROOT / "docs").rglob("*.md") if "_build" not in page.parts]
# the README comes first: it trains, starts the server and saves the applicant for all pages
PAGES = [README, CONTRIBUTING, *sorted(DOCS)]
MAX_README_LINES = 150
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+)[^)]*\)")
# Commands that do not end: each is started, and the next ones talk to it.
SERVERS = {
    "make serve": "http://127.0.0.1:8000/ping",
    "make ui": "http://127.0.0.1:5000/health",
    "MODEL_URI=models:/loans@champion python -m scoring_model --port 8001": (
        "http://127.0.0.1:8001/ping"
    ),
}
# A command that begins like one of these is run by the test that is named, or not at all.
ELSEWHERE = {
    "make test": "this test is part of it",
    "make hostile": "`make test-all` runs its tests, as it does this one",
    "python -m benchmarks.": "they measure for minutes or hours; their packages are not all here",
    "mlflow run . --env-manager local -e promote": "tests/train/promotion/test_promotion.py",
    "mlflow run . --env-manager local -e rollback": "tests/train/promotion/test_promotion.py",
    "mlflow run . --env-manager local -e replay": "tests/monitoring/replay/test_entry_point.py",
    'mlflow run . --env-manager local --experiment-name "credit-scoring monitoring" -e monitor': (
        "tests/monitoring/test_entry_points.py"
    ),
    "mlflow run . --env-manager local -e recalibrate": "tests/monitoring/test_entry_points.py",
    "make later-loans": "tests/test_later_loans.py",
    "mlflow run . --env-manager local -P engine=spark": "tests/test_home_credit.py",
    "mlflow run . --env-manager local -P engine=dask": "tests/train/engines/test_dask.py",
    "pip install": "they are in the environment of these tests",
    "pre-commit install": "it writes into the repository",
    "python -m monitoring anchor": "tests/monitoring/proof/test_commands.py",
    "python -m monitoring verify": "tests/monitoring/proof/test_commands.py",
    "python -m monitoring erase": "tests/monitoring/erasure/test_erasing.py",
    "python check_proof.py": "tests/monitoring/test_decision_log_page.py",
    "python .ci/try_slug.py": "tests/test_deployment.py",
    "python .ci/release.py": "tests/test_deployment.py",
    "docker build": "it needs a Docker engine; the workflow's job `image` runs it",
    "docker run": "it needs a Docker engine",
    "python .ci/try_image.py": "it needs a Docker engine; the workflow's job `image` runs it",
    "openapi-python-client": "tests/scoring_model/http/document/test_clients.py",
    "openapi-generator-cli": "tests/scoring_model/http/document/test_clients.py",
    "npm install": "tests/scoring_model/http/document/test_clients.py",
    "npx tsc": "tests/scoring_model/http/document/test_clients.py",
    "node decide": "tests/scoring_model/http/document/test_clients.py",
    "java Decide.java": "tests/scoring_model/http/document/test_clients.py",
    "python decide.py": "tests/scoring_model/http/document/test_clients.py",
    "createdb mlflow": "tests/test_postgres.py",
    "mlflow server --backend-store-uri postgresql": "tests/test_postgres.py",
    "export MLFLOW_TRACKING_URI=": "tests/test_postgres.py",
}


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def blocks(page: Path, language: str) -> list[str]:
    text = page.read_text(encoding="utf-8")
    return [body for kind, body in BLOCK.findall(text) if kind == language]


def commands(page: Path) -> list[str]:
    """Return the commands of every `sh` block; lines that end in a backslash are joined."""
    lines = [
        line for block in blocks(page, "sh") for line in block.replace("\\\n", " ").splitlines()
    ]
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def all_commands() -> list[str]:
    """Return the commands of all pages in order; what several pages repeat is run once."""
    return list(dict.fromkeys(command for page in PAGES for command in commands(page)))


@pytest.mark.parametrize("page", [FRENCH, *PAGES], ids=name_of)
def test_documents_are_what_they_say(page: Path) -> None:
    for block in blocks(page, "json"):
        json.loads(block)
    for block in blocks(page, "toml"):
        tomllib.loads(block)


@pytest.mark.parametrize("page", [README, FRENCH, CONTRIBUTING], ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    targets = LINK.findall(page.read_text(encoding="utf-8"))
    assert targets
    for target in targets:
        assert target.startswith("http") or (ROOT / target).exists(), target


@pytest.mark.parametrize("page", [README, FRENCH], ids=name_of)
def test_a_readme_is_short(page: Path) -> None:
    assert len(page.read_text(encoding="utf-8").splitlines()) <= MAX_README_LINES


@pytest.mark.parametrize("language", ["sh", "text", "toml", "json"])
def test_the_french_readme_shows_the_same_commands_and_answers(language: str) -> None:
    assert blocks(FRENCH, language) == blocks(README, language)


def default_figures() -> dict[str, str]:
    """Return the figures of the default training, as the README prints them."""
    [printed] = [b for b in blocks(README, "text") if b.startswith("  cost per applicant")]
    assert printed in blocks(ROOT / "docs" / "tutorial.md", "text")
    return dict(re.findall(r"^  (\S.*?) {2,}(\S+)$", printed, re.MULTILINE))


def test_the_figures_of_the_default_training_are_the_same_everywhere() -> None:
    figures = default_figures()
    page = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    chapter = page.partition("## The default training")[2].partition("\n## ")[0]
    assert len(figures) == 7
    assert [name for name, figure in figures.items() if figure not in chapter] == ["threshold"]
    [took] = re.findall(r"\d+ minutes? \d+ seconds", README.read_text(encoding="utf-8"))
    assert took in chapter


def test_the_guide_begins_with_the_commands_of_the_readme() -> None:
    [draft] = [block for block in blocks(README, "sh") if "-e draft" in block]
    assert blocks(ROOT / "docs" / "own-data.md", "sh")[0] == draft


def test_tests_that_run_a_command_exist() -> None:
    for place in ELSEWHERE.values():
        assert (ROOT / place).is_file() or not place.startswith("tests/"), place


def test_every_command_is_run_or_named() -> None:
    known = all_commands()
    programs = {command.split()[0] for command in known}
    shown = [(name_of(page), block) for page in PAGES for block in blocks(page, "text")]
    hidden = [(page, b) for page, b in shown if b.split()[0] in programs and "<" not in b]
    assert hidden == []
    assert [command for command in known if "<" in command] == []
    unused = [begin for begin in ELSEWHERE if not any(c.startswith(begin) for c in known)]
    assert unused == []


def test_modules_that_commands_name_exist() -> None:
    pages = [*PAGES, *(ROOT / "portfolios").rglob("README.md")]
    found = [re.findall(r"python -m ([\w.]+)", page.read_text("utf-8")) for page in pages]
    ours = {name for names in found for name in names if name.startswith(("train", "benchmarks"))}
    assert ours
    assert [name for name in ours if importlib.util.find_spec(name) is None] == []


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
    # the first command describes them
    loans = make_loans(3000, clear=True)
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
    for command in all_commands():
        if command.startswith(tuple(ELSEWHERE)):
            continue
        if command in SERVERS:
            server = ["bash", "-c", f"exec env {command}"]
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
    # `make notebook-outputs` was one of them, with the default training in the server
    renewed = read_notebook(checkout / NOTEBOOK.relative_to(ROOT))
    assert texts_of(renewed) == texts_of(read_notebook()), "run `make notebook-outputs`"


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

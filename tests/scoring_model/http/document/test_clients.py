"""Two generators make clients from the document, and the programs of `docs/clients.md` run."""

import dataclasses
import importlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import Server

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "clients.md"
# the first line of a program is a comment with its file name
PROGRAM = re.compile(r"^```\w+\n((?://|#) (\S+)\n.*?)^```$", re.MULTILINE | re.DOTALL)
BIN = Path(sys.executable).parent
COMPILE = ("--strict", "--skipLibCheck", "--target", "es2022", "--module", "nodenext")


@dataclasses.dataclass(frozen=True, slots=True)
class Folder:
    """A folder as the page tells a reader to fill it, and the server that it is about.

    Attributes
    ----------
    path : Path
        Holds the programs, the applicant and the document.
    server : Server
    """

    path: Path
    server: Server

    @property
    def url(self) -> str:
        """Return the address of the server."""
        return str(self.server.http.base_url).rstrip("/")

    def run(self, *command: str) -> str:
        """Run a command in the folder and return what it prints."""
        environment = os.environ | {"PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
        result = subprocess.run(
            command, cwd=self.path, env=environment, capture_output=True, text=True, check=False
        )
        assert result.returncode == 0, result.stdout + result.stderr
        return result.stdout


@pytest.fixture(scope="module")
def folder(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Folder:
    """Return a folder with the programs of the page."""
    path = tmp_path_factory.mktemp("clients")
    programs = PROGRAM.findall(PAGE.read_text(encoding="utf-8"))
    assert sorted(name for _, name in programs) == [
        "Decide.java",
        "decide.mjs",
        "decide.py",
        "decide.ts",
    ]
    for text, name in programs:
        (path / name).write_text(text, encoding="utf-8")
    (path / "openapi.json").write_bytes(server.http.get("/openapi.json").content)
    (path / "applicant.json").write_text(json.dumps(EXAMPLE), encoding="utf-8")
    (path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    return Folder(path, server)


@pytest.fixture(scope="module")
def python_folder(folder: Folder) -> Iterator[Folder]:
    """Make the client in Python, and let this process import it."""
    run_page(folder, "openapi-python-client generate ")
    sys.path.insert(0, str(folder.path))
    yield folder
    sys.path.remove(str(folder.path))


@pytest.fixture(scope="module")
def typescript_folder(folder: Folder, node_packages: Path) -> Folder:
    """Make the client in TypeScript, and compile it with the programs that use it."""
    if shutil.which("java") is None:
        pytest.skip("needs Java, which runs OpenAPI Generator")
    run_page(folder, "openapi-generator-cli generate ")
    shutil.copy(Path(__file__).with_name("every_route.ts"), folder.path)
    (folder.path / "node_modules").symlink_to(node_packages / "node_modules")
    compiler = str(node_packages / "node_modules" / ".bin" / "tsc")
    folder.run(compiler, *COMPILE, "--types", "node", "decide.ts", "every_route.ts")
    return folder


def run_page(folder: Folder, beginning: str) -> None:
    """Run the command of the page that begins so."""
    (command,) = re.findall(
        rf"^{re.escape(beginning)}.*$", PAGE.read_text(encoding="utf-8"), re.MULTILINE
    )
    folder.run(*command.split())


def check_program(folder: Folder, *command: str) -> None:
    """Compare what a program prints with the answer of the server."""
    decision = folder.server.http.post("/predict", json=EXAMPLE).json()
    first, second = folder.run(*command, folder.url, "any-key").splitlines()
    word, probability = first.split()
    assert word == ("accepted" if decision["score"] == 1 else "refused")
    assert float(probability) == decision["probability"]
    start, _, probability = second.rpartition(" ")
    assert start == "2 answers, the first"
    assert float(probability) == decision["probability"]


def test_the_javascript_program_gets_the_decision(folder: Folder) -> None:
    if shutil.which("node") is None:
        pytest.skip("needs Node.js")
    check_program(folder, "node", "decide.mjs")


def test_the_java_program_gets_the_decision(folder: Folder) -> None:
    if shutil.which("javac") is None:
        pytest.skip("needs a Java compiler")
    check_program(folder, "java", "Decide.java")


def test_the_python_program_gets_the_decision(python_folder: Folder) -> None:
    check_program(python_folder, sys.executable, "decide.py")


def test_the_typescript_program_gets_the_decision(typescript_folder: Folder) -> None:
    check_program(typescript_folder, "node", "decide.js")


def operations(folder: Folder) -> set[str]:
    document = json.loads((folder.path / "openapi.json").read_text(encoding="utf-8"))
    return {
        operation["operationId"]
        for path in document["paths"].values()
        for operation in path.values()
    }


def test_the_python_client_calls_every_route(python_folder: Folder) -> None:
    models: Any = importlib.import_module("credit_scoring_client.models")
    made = importlib.import_module("credit_scoring_client")
    called = set()

    def call(name: str, **arguments: Any) -> Any:
        called.add(name)
        route = importlib.import_module(f"credit_scoring_client.api.default.{name}")
        # each call opens a connection of its own, and closes it
        with made.Client(python_folder.url) as client:
            answer = route.sync_detailed(client=client, **arguments)
        return answer if answer.parsed is None else answer.parsed

    expected = python_folder.server.http.post("/predict", json=EXAMPLE).json()
    applicant, row = models.Applicant.from_dict(EXAMPLE), models.Row.from_dict(EXAMPLE)
    assert call("predict", body=applicant).to_dict() == expected
    many = call("predict", body=[applicant, applicant])
    assert [decision.probability for decision in many] == [expected["probability"]] * 2
    explained = call("predict", body=applicant, explain=True, top="all", accept_language="fr")
    assert len(explained.reasons) == len(EXAMPLE)
    assert "Montant demandé" in {reason.label for reason in explained.reasons}
    assert call("predict", body=applicant, simulate=True).to_dict() == expected
    unlogged = call("decision", id="01a21a7e-1a0d-7000-8f52-fca6fa002268")
    assert unlogged.error.code == "not_found"
    applicant.is_owner = "perhaps"
    failure = call("predict", body=applicant)
    assert [problem.field for problem in failure.error.fields] == ["is_owner"]
    table = models.Table(columns=list(EXAMPLE), data=[list(EXAMPLE.values())])
    for body in (
        models.DataframeRecords([row]),
        models.DataframeSplit(table),
        models.Inputs([row]),
        models.Inputs(models.Columns.from_dict({name: [value] for name, value in EXAMPLE.items()})),
        models.Instances([row]),
    ):
        (prediction,) = call("invocations", body=body).predictions
        assert prediction.to_dict() == expected
    assert call("ready").status == "ready"
    assert call("metrics").startswith("# HELP scoring_")
    assert call("page").startswith("<!doctype html>")
    assert call("document")["info"]["title"] == "Credit scoring"
    assert [call(name).status_code for name in ("ping", "health", "version")] == [200] * 3
    assert called == operations(python_folder)


def test_the_typescript_client_calls_every_route(typescript_folder: Folder) -> None:
    got = json.loads(typescript_folder.run("node", "every_route.js", typescript_folder.url))
    answer = typescript_folder.server.http.post("/predict", json=EXAMPLE)
    expected = answer.json()
    assert got["predict"] == expected["probability"]
    assert got["model_version"] == answer.headers["X-Model-Version"]
    assert got["many"] == [expected["score"]] * 2
    assert "Montant demandé" in got["reasons"]
    assert len(got["reasons"]) == len(EXAMPLE)
    assert got["simulated"] == expected["probability"]
    assert got["decision"] == "not_found"
    assert got["wrong"] == ["is_owner"]
    assert got["invocations"] == [expected["probability"]] * 5
    assert (got["ready"], got["metrics"], got["page"]) == ("ready", "#", "<!doctype html>")
    assert got["statuses"] == [200] * 3
    calls = (typescript_folder.path / "every_route.ts").read_text(encoding="utf-8")
    assert set(re.findall(r"\bapi\.(\w+)\(", calls)) == operations(typescript_folder)

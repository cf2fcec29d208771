"""Facts that are written in two places agree."""

import argparse
import json
import re
import tomllib
from typing import Any, get_args

import pytest
import yaml

from monitoring.__main__ import make_parser as make_monitoring_parser
from scoring_model.contract import ADDITIONS
from scoring_model.http.routes import TABLE
from scoring_model.settings import VARIABLES
from tests.conftest import ROOT
from train.__main__ import make_parser
from train.commands.training import DEFAULT_PORTFOLIO
from train.portfolio import load_portfolio
from train.portfolio.sections.answer_settings import AdditionNames
from train.promotion import DEFAULT_MODEL, Registry
from train.tracking import OPERATIONS


def read(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def test_every_file_names_the_same_python() -> None:
    exact = read(".python-version").strip()
    minor = ".".join(exact.split(".")[:2])
    assert read("runtime.txt").strip() == f"python-{exact}"
    assert f"python={minor}" in yaml.safe_load(read("conda.yaml"))["dependencies"]
    project = tomllib.loads(read("pyproject.toml"))
    assert project["project"]["requires-python"] == f">={minor}"
    assert project["tool"]["mypy"]["python_version"] == minor
    assert project["tool"]["ruff"]["target-version"] == f"py{minor.replace('.', '')}"
    workflow = yaml.safe_load(read(".github/workflows/main.yml"))
    assert minor in workflow["jobs"]["test"]["strategy"]["matrix"]["python"]


def test_make_run_trains_in_the_experiment_of_the_default_portfolio() -> None:
    name = load_portfolio(ROOT / DEFAULT_PORTFOLIO).name
    assert f"--experiment-name {name})" in read("Makefile")


def test_the_answer_of_a_portfolio_has_the_additions_of_the_server() -> None:
    listed, _ = get_args(AdditionNames)
    literal, _ = get_args(listed)
    assert get_args(literal) == ADDITIONS


def test_the_docs_name_the_experiment_of_all_operations() -> None:
    assert f'--experiment-name "{OPERATIONS.name}"' in read("docs/training.md")


PARSERS = {"train": make_parser, "monitoring": make_monitoring_parser}


def subcommands(package: str) -> dict[str, argparse.ArgumentParser]:
    actions = PARSERS[package]()._actions  # argparse has no public function for this
    (found,) = [a for a in actions if isinstance(a, argparse._SubParsersAction)]
    return dict(found.choices)


ENTRY_POINTS: dict[str, Any] = yaml.safe_load(read("MLproject"))["entry_points"]


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_an_entry_point_has_the_parameters_of_its_command(entry_point: str) -> None:
    declared = ENTRY_POINTS[entry_point]["parameters"]
    command = "train" if entry_point == "main" else entry_point
    line = ENTRY_POINTS[entry_point]["command"]
    python, _, package, named, *_ = line.split()
    assert (python, named) == ("python", command)
    parser = subcommands(package)[command]
    options = {action.dest: action for action in parser._actions if action.dest != "help"}
    assert declared.keys() == options.keys()
    for name, parameter in declared.items():
        assert ("default" not in parameter) == options[name].required, name
        if "default" in parameter:
            kind: Any = options[name].type or str
            assert kind(str(parameter["default"])) == options[name].default, name
    assert re.findall(r"--(\w+)[ =]\{\1\}", line) == list(declared)
    assert line.startswith(f"python -m {package} {command} ")


def test_the_page_on_clients_names_the_tested_generators() -> None:
    page, pinned = read("docs/clients.md"), read("requirements-dev.in")
    for generator in ("openapi-python-client", "openapi-generator-cli"):
        (version,) = re.findall(rf"^{generator}==(.*)$", pinned, re.MULTILINE)
        assert f"pip install {generator}=={version}\n" in page
        assert f"| {version} |" in page


def test_every_place_names_the_same_default_model() -> None:
    named = ("main", "promote", "rollback", "history", "score")
    given = {name: ENTRY_POINTS[name]["parameters"]["model"]["default"] for name in named}
    # a training takes the name from the portfolio
    assert given == dict.fromkeys(named, DEFAULT_MODEL) | {"main": ""}
    default = ENTRY_POINTS["main"]["parameters"]["portfolio"]["default"]
    assert load_portfolio(ROOT / default).model == DEFAULT_MODEL
    assert VARIABLES["MODEL_URI"].default == Registry(DEFAULT_MODEL).champion_uri


def dockerfile() -> list[tuple[str, str]]:
    """Return the instructions of the Dockerfile with their arguments."""
    lines = [line for line in read("Dockerfile").splitlines() if not line.startswith("#")]
    joined = "\n".join(lines).replace("\\\n", " ").splitlines()
    found = [line.partition(" ") for line in joined if line]
    return [(name, " ".join(rest.split())) for name, _, rest in found]


def test_the_dockerfile_agrees_with_the_project() -> None:
    instructions = dict(dockerfile())
    minor = ".".join(read(".python-version").strip().split(".")[:2])
    assert instructions["FROM"].startswith(f"python:{minor}-slim-")
    copied = {rest.split()[0] for name, rest in dockerfile() if name == "COPY"}
    assert copied == {"requirements.txt", "scoring_model"}
    ignored = read(".dockerignore").splitlines()
    assert ignored[0] == "*"
    assert {line[1:] for line in ignored if line.startswith("!")} == copied
    steps = " && ".join(rest for name, rest in dockerfile() if name == "RUN")
    assert " libgomp1 " in steps
    assert "pip install --no-cache-dir --require-hashes --requirement requirements.txt" in steps
    # by its number, so that an orchestrator can see that it is not root
    assert f"useradd --system --uid {instructions['USER']} " in steps
    port = instructions["EXPOSE"]
    command = ["python", "-m", "scoring_model", "--host", "0.0.0.0", "--port", port]
    assert json.loads(instructions["CMD"]) == command
    probe = json.loads(instructions["HEALTHCHECK"].partition(" CMD ")[2])
    assert probe[:2] == ["python", "-c"]
    assert f"'http://127.0.0.1:{port}/ping'" in probe[2]
    variables = dict(pair.split("=") for pair in instructions["ENV"].split())
    assert variables.keys() - VARIABLES.keys() == {"HOME"}
    assert TABLE["/ping"].scope is None


def test_the_newest_version_of_the_changelog_is_the_projects() -> None:
    released = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", read("CHANGELOG.md"), re.M
    )
    assert released[0] == tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert released == sorted(released, key=lambda v: [int(n) for n in v.split(".")], reverse=True)

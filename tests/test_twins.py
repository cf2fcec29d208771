"""Facts that are written in two places agree."""

import argparse
import re
import tomllib
from typing import Any

import pytest
import yaml

from scoring_model.settings import VARIABLES
from tests.conftest import ROOT
from train.__main__ import make_parser
from train.portfolio import load_portfolio
from train.promotion import DEFAULT_MODEL, Registry


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


def subcommands() -> dict[str, argparse.ArgumentParser]:
    actions = make_parser()._actions  # argparse has no public function for this
    (found,) = [a for a in actions if isinstance(a, argparse._SubParsersAction)]
    return dict(found.choices)


ENTRY_POINTS: dict[str, Any] = yaml.safe_load(read("MLproject"))["entry_points"]


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_an_entry_point_has_the_parameters_of_its_command(entry_point: str) -> None:
    declared = ENTRY_POINTS[entry_point]["parameters"]
    command = "train" if entry_point == "main" else entry_point
    parser = subcommands()[command]
    options = {action.dest: action for action in parser._actions if action.dest != "help"}
    assert declared.keys() == options.keys()
    for name, parameter in declared.items():
        assert ("default" not in parameter) == options[name].required, name
        if "default" in parameter:
            kind: Any = options[name].type or str
            assert kind(str(parameter["default"])) == options[name].default, name
    line = ENTRY_POINTS[entry_point]["command"]
    assert re.findall(r"--(\w+)[ =]\{\1\}", line) == list(declared)
    assert line.startswith(f"python -m train {command} ")


def test_every_place_names_the_same_default_model() -> None:
    named = ("main", "promote", "rollback", "history", "score")
    given = {name: ENTRY_POINTS[name]["parameters"]["model"]["default"] for name in named}
    # a training takes the name from the portfolio
    assert given == dict.fromkeys(named, DEFAULT_MODEL) | {"main": ""}
    default = ENTRY_POINTS["main"]["parameters"]["portfolio"]["default"]
    assert load_portfolio(ROOT / default).model == DEFAULT_MODEL
    assert VARIABLES["MODEL_URI"].default == Registry(DEFAULT_MODEL).champion_uri


def test_the_newest_version_of_the_changelog_is_the_projects() -> None:
    released = re.findall(
        r"^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$", read("CHANGELOG.md"), re.M
    )
    assert released[0] == tomllib.loads(read("pyproject.toml"))["project"]["version"]
    assert released == sorted(released, key=lambda v: [int(n) for n in v.split(".")], reverse=True)

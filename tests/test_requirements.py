"""The requirements resolve, from wheels alone, for the later Pythons that the workflow tests."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.conftest import ROOT

SERVING = ("requirements.txt",)
EVERYTHING = ("requirements-dev.txt", "requirements-dask.txt", "requirements-spark.txt")


def later_pythons() -> list[str]:
    """Return the workflow's versions of Python but the first, on which these tests run."""
    workflow = yaml.safe_load((ROOT / ".github/workflows/main.yml").read_text(encoding="utf-8"))
    matrix: list[str] = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    return matrix[1:]


@pytest.mark.slow
@pytest.mark.parametrize("files", [SERVING, EVERYTHING], ids=["serving", "everything"])
@pytest.mark.parametrize("python", later_pythons())
def test_they_resolve_from_wheels_to_pinned_versions(python: str, files: tuple[str, ...]) -> None:
    command = [
        str(Path(sys.executable).with_name("uv")),
        "pip",
        "compile",
        "--quiet",
        "--no-header",
        "--no-annotate",
    ]
    command += ["--python-version", python, "--constraint", "constraints.txt"]
    # Spark's package is published as a source archive only; it holds no code to compile
    command += ["--only-binary", ":all:", "--no-binary", "pyspark"]
    result = subprocess.run(
        [*command, *files], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    resolved = set(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==", result.stdout, re.MULTILINE))
    constraints = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    pinned = set(re.findall(r"^([a-z0-9-]+)==", constraints, re.MULTILINE))
    assert len(resolved) > 10
    assert resolved - pinned == set()

"""The locks fit the requirements, resolve for every Python, and are what a version carries."""

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from importlib.metadata import requires
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.conftest import ROOT, Project

UV = str(Path(sys.executable).with_name("uv"))
# each lock, and the files whose packages it holds
LOCKS = {
    "requirements.txt": ["requirements.in"],
    "requirements-dev.txt": ["requirements.in", "requirements-train.in", "requirements-dev.in"],
    "requirements-cluster.txt": ["requirements-cluster.in"],
    "requirements-notebook.txt": ["requirements-notebook.in"],
    "conda.yaml": ["requirements-train.in"],
}
HASHED = [name for name in LOCKS if name.endswith(".txt")]
INPUTS = sorted({name for names in LOCKS.values() for name in names})
PIN = re.compile(r"([a-z0-9-]+)(?:\[[a-z, -]+\])?==([^\s\\]+)( ; [^\\]+?)?(?: \\)?")
HASH = re.compile(r" {4}--hash=sha256:[0-9a-f]{64}(?: \\)?")
# as much as uv writes about which packages and which of these files need a package
COMMENT = re.compile(r" {4}#(?: via)?(?: +(?:-[rc] )?[a-z0-9.-]+)?")

Pins = dict[str, set[str]]


def read(name: str) -> list[str]:
    return (ROOT / name).read_text(encoding="utf-8").splitlines()


def pins(lines: list[str]) -> Pins:
    """Return the versions of each package; a lock may have one for each Python."""
    found: Pins = defaultdict(set)
    for line in lines:
        if match := PIN.fullmatch(line):
            found[match[1]].add(match[2])
    return dict(found)


def hashless(lines: list[str]) -> list[str]:
    return [match[0].removesuffix("\\") for match in map(PIN.fullmatch, lines) if match]


def applies(requirement: Requirement) -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})


def conda_lines() -> list[str]:
    dependencies = yaml.safe_load("\n".join(read("conda.yaml")))["dependencies"]
    lines: list[str] = next(entry["pip"] for entry in dependencies if isinstance(entry, dict))
    return lines


LOCKED = {name: pins(read(name)) for name in HASHED} | {"conda.yaml": pins(conda_lines())}


@pytest.mark.parametrize("name", INPUTS)
def test_every_requirement_is_pinned(name: str) -> None:
    lines = [line for line in read(name) if line and line[0] not in "#-"]
    assert lines
    assert [line for line in lines if not PIN.fullmatch(line)] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_holds_its_requirements(lock: str) -> None:
    for name in LOCKS[lock]:
        asked = pins(read(name))
        assert {package: LOCKED[lock].get(package) for package in asked} == asked, "run `make lock`"


# what is in this environment says what it needs; the cluster's packages may not be in it
@pytest.mark.hostile("a package that is not the one that was tested")
@pytest.mark.parametrize("lock", ["requirements.txt", "requirements-dev.txt", "conda.yaml"])
def test_a_lock_holds_what_its_packages_need(lock: str) -> None:
    lines = conda_lines() if lock == "conda.yaml" else hashless(read(lock))
    packages = [package for package in map(Requirement, lines) if applies(package)]
    for package in packages:
        for needed in filter(applies, map(Requirement, requires(package.name) or [])):
            found = LOCKED[lock].get(canonicalize_name(needed.name), set())
            assert any(map(needed.specifier.contains, found)), f"{package} needs {needed}"


@pytest.mark.hostile("a package that is not the one that was tested")
@pytest.mark.parametrize("one", LOCKS)
def test_locks_that_hold_a_package_hold_the_same_versions(one: str) -> None:
    for other, there in LOCKED.items():
        common = LOCKED[one].keys() & there.keys()
        assert {n: LOCKED[one][n] for n in common} == {n: there[n] for n in common}, other


@pytest.mark.hostile("a package that is not the one that was tested")
def test_what_is_served_and_what_is_trained_with_is_what_is_tested() -> None:
    for part in ("requirements.txt", "conda.yaml"):
        assert LOCKED[part].items() <= LOCKED["requirements-dev.txt"].items()
    assert LOCKED["requirements.txt"]["mlflow-skinny"] == LOCKED["conda.yaml"]["mlflow"]


def test_the_server_needs_nothing_of_training() -> None:
    unwanted = {"mlflow", "scikit-learn", "hyperopt", "imbalanced-learn", "matplotlib", "jinja2"}
    assert LOCKED["requirements.txt"].keys() & unwanted == set()


@pytest.mark.hostile("a package that is not the one that was tested")
@pytest.mark.parametrize("lock", HASHED)
def test_a_lock_holds_names_versions_markers_and_hashes_only(lock: str) -> None:
    lines = read(lock)
    assert "make lock" in lines[1]
    body = lines[2:]
    assert len(LOCKED[lock]) > 10
    assert [
        n for n in body if not (PIN.fullmatch(n) or HASH.fullmatch(n) or COMMENT.fullmatch(n))
    ] == []
    for line, following in pairwise(body):
        # a package is followed by a hash: pip installs nothing that has none
        assert not PIN.fullmatch(line) or HASH.fullmatch(following), line


def test_a_version_carries_the_servers_lock_without_hashes(project: Project) -> None:
    logged = next((project.directory / "mlruns").glob("**/artifacts/MLmodel")).parent
    carried = (logged / "requirements.txt").read_text(encoding="utf-8").splitlines()
    # compared as requirements, because MLflow writes a marker in another way
    assert set(map(Requirement, carried)) == set(
        map(Requirement, hashless(read("requirements.txt")))
    )


@pytest.fixture(scope="module")
def _index(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip what needs the package index where it cannot be reached."""
    target = str(tmp_path_factory.mktemp("nothing"))
    asked = [
        "--dry-run",
        "--no-cache",
        "--no-deps",
        "--target",
        target,
        *read("requirements-cluster.in")[-1:],
    ]
    if subprocess.run([UV, "pip", "install", *asked], capture_output=True, check=False).returncode:
        pytest.skip("needs a package index")


@pytest.mark.slow
@pytest.mark.usefixtures("_index")
def test_the_locks_are_what_make_lock_writes(tmp_path: Path) -> None:
    for name in [*LOCKS, *INPUTS, ".python-version", ".ci/lock.py"]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    environment = os.environ | {"PATH": f"{Path(UV).parent}{os.pathsep}{os.environ['PATH']}"}
    subprocess.run([sys.executable, ".ci/lock.py"], cwd=tmp_path, env=environment, check=True)
    for name in LOCKS:
        assert (tmp_path / name).read_text(encoding="utf-8").splitlines() == read(name), name


def pythons() -> list[str]:
    """Return the versions of Python that the workflow tests, the deployed one exactly."""
    workflow = yaml.safe_load("\n".join(read(".github/workflows/main.yml")))
    (deployed,) = read(".python-version")
    matrix: list[str] = workflow["jobs"]["test"]["strategy"]["matrix"]["python"]
    return [deployed if deployed.startswith(f"{python}.") else python for python in matrix]


@pytest.mark.slow
@pytest.mark.usefixtures("_index")
@pytest.mark.parametrize("lock", LOCKS)
@pytest.mark.parametrize("python", pythons())
def test_a_lock_installs_from_checked_wheels(python: str, lock: str, tmp_path: Path) -> None:
    path = ROOT / lock
    if lock == "conda.yaml":
        path = tmp_path / "training.txt"
        path.write_text("\n".join(conda_lines()), encoding="utf-8")
    command = [UV, "pip", "install", "--dry-run", "--target", str(tmp_path / "packages")]
    # Spark's package is published as a source archive only; it holds no code to compile
    command += ["--only-binary", ":all:", "--no-binary", "pyspark", "--python-version", python]
    command += ["--require-hashes"] if lock in HASHED else []
    held = ["-r", str(ROOT / "requirements-dev.txt")] if "cluster" in lock else []
    result = subprocess.run(
        [*command, *held, "-r", str(path)], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
    would = set(re.findall(r"^ \+ ([a-z0-9-]+)==", result.stderr, re.MULTILINE))
    assert len(would) > 10
    assert would <= LOCKED[lock].keys() | (LOCKED["requirements-dev.txt"].keys() if held else set())

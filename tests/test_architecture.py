"""The structure of the packages: small modules in small rooms, unique names, described fields.

A room is a folder with one job. import-linter checks which room may import which, by contracts in
`pyproject.toml`; `make lint` runs it.
"""

import ast
import re
import subprocess
import sys
import tomllib
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ROOT

PACKAGES = ("scoring_model", "train", "monitoring")
MOST_MODULES, MOST_MODULE_LINES, MOST_FUNCTION_LINES = 12, 250, 40

Function = ast.FunctionDef | ast.AsyncFunctionDef
FILES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
MODULES = [path for path in FILES if path.name != "__init__.py"]
ROOMS = sorted({path.parent for path in FILES})


def shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def room_of(path: Path) -> str:
    return ".".join(path.parent.relative_to(ROOT).parts)


def imported(path: Path) -> Iterator[tuple[str, str]]:
    """Yield module and name of everything a file imports from these packages."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            if (node.module or "").partition(".")[0] in PACKAGES:
                yield from ((str(node.module), alias.name) for alias in node.names)


def body_lines(function: Function) -> int:
    """Return the lines of a function without its docstring."""
    lines = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if ast.get_docstring(function) is not None:
        lines -= (first.end_lineno or 0) - first.lineno + 1
    return lines


@pytest.mark.parametrize("room", ROOMS, ids=shown)
def test_a_room_is_small_and_lists_its_public_names(room: Path) -> None:
    modules = [path for path in room.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MOST_MODULES
    names = [
        ast.literal_eval(node.value)
        for node in tree_of(room / "__init__.py").body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]
    # other code imports the modules at the top of a package by name
    assert names or room.name in PACKAGES


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_a_module_and_its_functions_are_short(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= MOST_MODULE_LINES
    for node in ast.walk(tree_of(path)):
        if isinstance(node, Function):
            assert body_lines(node) <= MOST_FUNCTION_LINES, node.name


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_other_rooms_are_imported_by_their_package(path: Path) -> None:
    """A module imports another room by its `__init__`, and its own room by the module."""
    own = room_of(path)
    for module, name in imported(path):
        is_package = (ROOT / Path(*module.split("."))).is_dir()
        # a module of the same room, or of a room that contains it
        is_own = f"{own}.".startswith(f"{module.rpartition('.')[0]}.")
        assert is_own or is_package or module.count(".") < 2, f"{module}: {name}"


@pytest.mark.parametrize("package", PACKAGES)
def test_the_architecture_page_names_every_room_of_the_contract(package: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (layers,) = (c["layers"] for c in contracts["contracts"] if c.get("containers") == [package])
    ordered = {name for layer in layers for name in layer.split(" | ")}
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    section = text.partition(f"## Packages and modules of `{package}`")[2].partition("\n## ")[0]
    named = re.findall(r"`(\w+)(?:/|\.py)`", section)
    assert set(named) >= ordered


def test_public_names_are_unique() -> None:
    places: dict[str, set[str]] = defaultdict(set)
    # every package has a command line, which nothing imports
    for path in [path for path in MODULES if path.name != "__main__.py"]:
        for node in tree_of(path).body:
            if isinstance(node, ast.ClassDef | Function) and not node.name.startswith("_"):
                places[node.name].add(shown(path))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


@pytest.mark.parametrize("path", MODULES, ids=shown)
def test_every_field_is_described(path: Path) -> None:
    """The docstring of a public class with fields names each field."""
    for node in ast.walk(tree_of(path)):
        if not isinstance(node, ast.ClassDef) or node.name.startswith("_"):
            continue
        words = set(re.findall(r"\w+", ast.get_docstring(node) or ""))
        for item in node.body:
            if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name):
                # sections of portfolio.toml describe each key in their schema instead
                described = "description=" in ast.unparse(item) or "ClassVar" in ast.unparse(item)
                name = item.target.id
                assert name in words or name.startswith("_") or described, f"{node.name}.{name}"


def test_the_scorer_does_not_import_mlflow_or_pandas() -> None:
    code = "import sys, scoring_model.version; print(*{'mlflow', 'pandas'} & set(sys.modules))"
    result = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == ""


@pytest.mark.parametrize("package", [*PACKAGES, "tests", "benchmarks"])
def test_every_module_has_a_docstring(package: str) -> None:
    for path in (ROOT / package).rglob("*.py"):
        assert ast.get_docstring(tree_of(path)), path


@pytest.mark.parametrize("package", PACKAGES)
def test_the_packages_are_typed(package: str) -> None:
    assert (ROOT / package / "py.typed").is_file()

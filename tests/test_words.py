"""The words of the code: docstrings and comments are sentences."""

import ast
import subprocess

import pytest

from tests.conftest import ROOT

LISTED = subprocess.run(
    ["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@pytest.mark.parametrize("path", LISTED)
def test_no_line_of_a_docstring_begins_with_of(path: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    nodes = [node for node in ast.walk(tree) if isinstance(node, DOCUMENTED)]
    lines = [line for node in nodes for line in (ast.get_docstring(node) or "").splitlines()]
    assert [line for line in lines if line.strip().startswith("Of ")] == []

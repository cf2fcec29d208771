"""The notebook runs against a real server and is committed without outputs."""

import os

import nbformat
import pytest
from nbclient import NotebookClient

from tests.conftest import ROOT, Project
from tests.scoring_model.processes import Server

NOTEBOOK = ROOT / "notebooks" / "score_applicants.ipynb"


def read() -> nbformat.NotebookNode:
    return nbformat.read(NOTEBOOK, as_version=4)


def test_is_committed_without_outputs() -> None:
    for cell in read().cells:
        assert not cell.get("outputs")
        assert cell.get("execution_count") is None


def test_defines_no_function_or_class() -> None:
    sources = [cell.source for cell in read().cells if cell.cell_type == "code"]
    assert not [source for source in sources if "def " in source or "class " in source]


def test_runs_against_a_server(
    project: Project,
    champion_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCORING_URL", str(champion_server.http.base_url))
    monkeypatch.setenv("PORTFOLIO", str(project.portfolio))
    # the kernel is another process, so it needs the path of `train`
    monkeypatch.setenv("PYTHONPATH", str(ROOT), prepend=os.pathsep)
    notebook = read()
    NotebookClient(notebook, timeout=300, kernel_name="python3").execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    pictures = [output for output in outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 2
    text = "".join(str(output.get("data", {}).get("text/plain", "")) for output in outputs)
    for shown in ("'probability'", "this model", "accept all", "cost per applicant"):
        assert shown in text

"""The notebook runs from both folders, and holds the outputs of the default training."""

from pathlib import Path

import pytest

from notebooks.renew import NOTEBOOK, digest_of, execute, read_notebook, texts_of
from tests.conftest import ROOT, Project
from tests.scoring_model.processes import Server
from tests.test_readme import default_figures

MOST_BYTES = 200_000
RENEW = "the outputs of the notebook are stale: run `make notebook-outputs` (CONTRIBUTING.md)"
PICTURES = ["reasons", "distribution", "threshold-curves", "field-answers"]


def test_the_outputs_are_those_of_its_cells() -> None:
    assert read_notebook().metadata.get("outputs_of") == digest_of(read_notebook()), RENEW


def test_the_outputs_show_the_figures_of_the_default_training() -> None:
    table = texts_of(read_notebook())["cost-table"]
    figures = {name: figure for name, figure in default_figures().items() if name != "AUC"}
    assert len(figures) == 6
    shown = table + texts_of(read_notebook())["one-answer"]
    assert [name for name, figure in figures.items() if figure not in shown] == [], RENEW


def test_the_outputs_hold_nothing_of_a_machine() -> None:
    text = NOTEBOOK.read_text(encoding="utf-8")
    assert len(text) < MOST_BYTES
    for part in (str(ROOT), str(Path.home()), "/tmp/", "site-packages", "iopub", "Traceback"):
        assert part not in text
    notebook = read_notebook()
    ran = [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"]
    assert ran == list(range(1, len(ran) + 1))
    assert not any(cell.metadata for cell in notebook.cells)
    assert notebook.metadata.language_info == {"name": "python"}


def test_defines_no_function_or_class() -> None:
    sources = [cell.source for cell in read_notebook().cells if cell.cell_type == "code"]
    assert not [source for source in sources if "def " in source or "class " in source]


@pytest.mark.parametrize("folder", [NOTEBOOK.parent, ROOT], ids=["its own", "the root"])
def test_runs_against_a_server(
    folder: Path,
    project: Project,
    champion_server: Server,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SCORING_URL", str(champion_server.http.base_url))
    monkeypatch.setenv("PORTFOLIO", str(project.portfolio))
    monkeypatch.delenv("PYTHONPATH", raising=False)
    notebook = read_notebook()
    execute(notebook, folder)
    drawn = [
        cell.id
        for cell in notebook.cells
        if any("image/png" in output.get("data", {}) for output in cell.get("outputs", []))
    ]
    assert drawn == PICTURES
    texts = texts_of(notebook)
    assert "750 test rows" in texts["setup"]
    assert "probability of default 0." in texts["one-answer"]
    assert all(name in texts["cost-table"] for name in ("this model", "accept all", "refuse all"))

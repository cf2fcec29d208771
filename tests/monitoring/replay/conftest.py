"""A registry that the tests of the replay share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scoring_model.decision_log import LogWriter, open_log
from tests.monitoring.replay.logged import fill_registry
from tests.scoring_model.decision_log.postgres.conftest import postgres, url
from tests.stores import own_store

__all__ = ["postgres", "url"]


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a registry with three versions."""
    folder = tmp_path_factory.mktemp("replay")
    with own_store(folder, "replay"):
        fill_registry(folder)
    return folder


@pytest.fixture(autouse=True)
def store(filled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Point MLflow at the registry."""
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    with own_store(filled, "replay") as uri:
        yield uri


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return the folder of an empty log."""
    folder = tmp_path / "decisions"
    open_log(folder)
    return folder


@pytest.fixture
def writer(place: Path) -> Iterator[LogWriter]:
    """Yield a writer of the log."""
    made = LogWriter(place)
    yield made
    made.close()

"""A registry that the tests of the facts share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.monitoring.facts.profiled import fill_profiled
from tests.monitoring.replay.conftest import place, writer
from tests.scoring_model.decision_log.postgres.conftest import postgres, url
from tests.stores import own_store

__all__ = ["place", "postgres", "url", "writer"]


@pytest.fixture(scope="session")
def profiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a registry whose versions have profiles."""
    folder = tmp_path_factory.mktemp("facts")
    with own_store(folder, "facts"):
        fill_profiled(folder)
    return folder


@pytest.fixture
def registry(profiled: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Point MLflow at the registry."""
    monkeypatch.setenv("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    with own_store(profiled, "facts") as uri:
        yield uri

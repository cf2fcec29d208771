"""Real servers of a real model, started once for all tests."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from scoring_model.version import Scorer, load_scorer
from tests.scoring_model.planted import save_model, train_scorer
from tests.scoring_model.processes import Server, start_server


@pytest.fixture(scope="session")
def trained() -> Scorer:
    """Return the scorer as training makes it."""
    return train_scorer(trees=100, rows=3000)


@pytest.fixture(scope="session")
def model_folder(trained: Scorer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a saved version."""
    return save_model(trained, tmp_path_factory.mktemp("version"))


@pytest.fixture(scope="session")
def scorer(model_folder: Path) -> Scorer:
    """Return the scorer as a server loads it."""
    return load_scorer(model_folder / "artifacts" / "scorer")


@pytest.fixture(scope="session")
def server(model_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Start a server without keys."""
    with start_server(model_folder, tmp_path_factory.mktemp("server")) as running:
        yield running

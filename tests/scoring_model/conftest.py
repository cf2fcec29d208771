"""Real servers of a real model, started once for all tests."""

import dataclasses
import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from scoring_model.contract import AnswerFields
from scoring_model.version import Scorer, load_scorer
from tests.scoring_model.planted import save_model, train_scorer
from tests.scoring_model.processes import Server, find_free_port, start_server

DESK_KEY = "the-key-of-the-desk"
DESK_VERSION = "7"
DESK_ANSWER = AnswerFields(("decision", "model_version"), "application_id")


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


@pytest.fixture(scope="session")
def desk_folder(trained: Scorer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return version 7 of a registry, which adds fields to its answers."""
    contract = dataclasses.replace(trained.contract, unread=("sex", "age"), answer=DESK_ANSWER)
    scorer = dataclasses.replace(trained, contract=contract)
    folder = save_model(scorer, tmp_path_factory.mktemp("desk-version"))
    note = f"model_name: planted\nmodel_version: '{DESK_VERSION}'\n"
    (folder / "registered_model_meta").write_text(note)
    return folder


@pytest.fixture(scope="session")
def desk_origin() -> str:
    """Return the origin of a web page that may call the server of `desk`."""
    return f"http://localhost:{find_free_port()}"


@pytest.fixture(scope="session")
def desk(
    desk_folder: Path, desk_origin: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    """Start a server with a key, of a version with `[answer]`, for a page of another origin."""
    variables = {
        "SCORING_API_KEYS": hashlib.sha256(DESK_KEY.encode()).hexdigest(),
        "CORS_ORIGINS": f"https://desk.example.org, {desk_origin}",
    }
    with start_server(desk_folder, tmp_path_factory.mktemp("desk"), variables) as running:
        running.http.headers["Authorization"] = f"Bearer {DESK_KEY}"
        yield running

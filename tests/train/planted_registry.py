"""A registry with five prepared versions, copied for each test, and helpers to read it."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import pytest
from mlflow.tracking import MlflowClient

from tests.stores import kept_tracking, own_store
from tests.train.versions import (
    make_scorer,
    register_scorer,
    with_threshold,
    write_gated_portfolio,
)
from train.data import load_data
from train.portfolio import load_portfolio
from train.promotion import DEFAULT_MODEL, Registry, place_new
from train.promotion.gate import GateResult

NAME = DEFAULT_MODEL
REGISTRY = Registry(NAME)
# as judged before a first version had to be of use: the planted champion accepts everybody
OF_USE = GateResult((), None, 0)
# version numbers of the prepared models
CHAMPION, SAME, CHEAPER, LIKE_CHAMPION, NARROWER = range(1, 6)


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a portfolio and a store of five versions, the first in production."""
    directory = tmp_path_factory.mktemp("planted")
    with kept_tracking():
        mlflow.set_tracking_uri(f"sqlite:///{directory}/mlflow.db")
        mlflow.create_experiment("planted", artifact_location=str(directory / "artifacts"))
        mlflow.set_experiment("planted")
        portfolio = write_gated_portfolio(directory)
        data = load_data(load_portfolio(portfolio))
        good = make_scorer(data, trees=60)
        accepts_all = with_threshold(good, 1.0)
        narrow = make_scorer(data, trees=60, without=["income"])
        for scorer in (accepts_all, accepts_all, good, with_threshold(good, 0.99), narrow):
            register_scorer(portfolio, scorer)
        assert place_new(REGISTRY, CHAMPION, OF_USE).stage == "Production"
    return directory


@pytest.fixture(autouse=True)
def store(planted: Path, tmp_path: Path) -> Iterator[str]:
    """Point MLflow at a copy of the prepared store and yield its URI."""
    with sqlite3.connect(planted / "mlflow.db") as source:
        source.execute("vacuum into ?", (str(tmp_path / "mlflow.db"),))
    with own_store(tmp_path, "planted") as uri:
        yield uri


def state() -> dict[str, Any]:
    """Return everything that a command can change in the registry."""
    client = MlflowClient()
    versions = client.search_model_versions(f"name = '{NAME}'")
    return {
        "stages": {int(v.version): v.current_stage for v in versions},
        "aliases": {a: int(v) for a, v in client.get_registered_model(NAME).aliases.items()},
    }


def in_production() -> int:
    """Return the champion, after checking that stage and alias agree."""
    staged, alias = REGISTRY.in_production()
    assert staged == alias
    assert staged is not None
    return staged

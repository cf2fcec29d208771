"""Fixtures that several tests of `monitoring` share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stores import own_store


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tracking store."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture
def store(store_folder: Path) -> Iterator[str]:
    """Point MLflow at the tracking store; yield its URI."""
    with own_store(store_folder, "decisions") as uri:
        yield uri

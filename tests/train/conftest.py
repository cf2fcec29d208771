"""Fixtures that several tests of `train` share."""

import pytest

from tests.train.found import find_something
from train.report import FinishedRun


@pytest.fixture(scope="session")
def finished(tmp_path_factory: pytest.TempPathFactory) -> FinishedRun:
    """Return a finished training."""
    return find_something(tmp_path_factory.mktemp("found"))

"""What several tests of training share."""

import pytest

from tests.train.found import find_something
from train.findings import Findings


@pytest.fixture(scope="session")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Findings:
    """Return a finished training."""
    return find_something(tmp_path_factory.mktemp("found"))

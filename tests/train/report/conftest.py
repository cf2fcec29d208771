"""The report of one finished training, for all tests of it."""

from pathlib import Path

import pytest

from train.report import FinishedRun, draw_pictures, write_report


@pytest.fixture(scope="session")
def report(finished: FinishedRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the path of the page."""
    path = tmp_path_factory.mktemp("page") / "report.html"
    write_report(finished, draw_pictures(finished), path)
    return path

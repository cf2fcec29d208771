"""Findings and their report, which several tests read."""

from pathlib import Path

import pytest

from monitoring.report import MonitoredModel, draw_findings, write_monitoring_report
from tests.monitoring.report.made_findings import make_findings

UNIT = "times the cost of refusing one good client"


@pytest.fixture(scope="session")
def monitored() -> MonitoredModel:
    """Return findings of 36 months."""
    return MonitoredModel(make_findings(), UNIT, {"sector": "Sector of the business"})


@pytest.fixture(scope="session")
def monitoring_report(monitored: MonitoredModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of these findings."""
    path = tmp_path_factory.mktemp("monitoring") / "report.html"
    write_monitoring_report(monitored, draw_findings(monitored), path)
    return path

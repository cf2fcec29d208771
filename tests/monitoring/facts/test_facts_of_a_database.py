"""A log in PostgreSQL is counted as a log in a folder is."""

from pathlib import Path

import pytest

from scoring_model.decision_log import LogSettings, LogWriter, open_log
from scoring_model.decision_log.postgres import ship_spool
from tests.monitoring.facts.profiled import gather, log_days
from tests.monitoring.replay.logged import REGISTRY, load, make_applicants

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("registry")]


def test_a_log_in_a_database_is_counted(url: str, tmp_path: Path) -> None:
    settings = LogSettings(url, str(tmp_path))
    open_log(settings.folder)
    writer = LogWriter(settings.folder, segment_bytes=4000)
    log_days(writer, load(REGISTRY, 1), make_applicants(30), ["2007-01-01"] * 30)
    writer.write_counts({("refused", "unknown field"): 2})
    writer.close()
    with gather(settings.folder) as gathered:
        in_folder = gathered.facts
    ship_spool(settings.folder, url)
    with gather(url) as gathered:
        in_database = gathered.facts
    assert in_database.decisions == in_folder.decisions
    assert [each.counts.tolist() for each in in_database.bins] == [
        each.counts.tolist() for each in in_folder.bins
    ]
    assert (in_database.damaged, in_database.requests) == (0, in_folder.requests)

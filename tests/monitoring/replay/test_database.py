"""A log in PostgreSQL is anchored, verified, proven, erased and replayed by the same commands."""

import json
from pathlib import Path

import psycopg
import pytest

from monitoring.__main__ import main
from scoring_model.decision_log import LogSettings, LogWriter, open_log
from scoring_model.decision_log.postgres import ship_spool
from tests.monitoring.replay.logged import REGISTRY, load, log_decisions, make_applicants
from tests.scoring_model.decision_log.postgres.conftest import PASSWORD

pytestmark = pytest.mark.slow

ROWS = 30
Printed = pytest.CaptureFixture[str]


@pytest.fixture
def shipped(url: str, tmp_path: Path) -> list[str]:
    """Ship decisions of two versions into the database; return their ids."""
    settings, ids = LogSettings(url, str(tmp_path)), []
    open_log(settings.folder)
    writer = LogWriter(settings.folder, segment_bytes=4000)
    for version in (1, 2):
        ids += log_decisions(writer, load(REGISTRY, version), make_applicants(ROWS, version))
        writer.commit()
    writer.close()
    ship_spool(settings.folder, url)
    return ids


def test_a_log_in_a_database_is_proven_replayed_and_erased(
    url: str, shipped: list[str], capsys: Printed
) -> None:
    assert main(["anchor", "--decisions", url]) == 0
    assert main(["verify", "--decisions", url]) == 0
    assert f"it proves {len(shipped)} records" in capsys.readouterr().out
    assert main(["prove", shipped[3], "--decisions", url]) == 0
    proof = json.loads(capsys.readouterr().out)
    assert json.loads(proof["record"])["id"] == shipped[3]
    assert main(["replay", "--decisions", url]) == 0
    printed = capsys.readouterr().out
    assert f"{len(shipped)} decisions replayed, {len(shipped)} of them equal" in printed

    assert main(["erase", "--decisions", url, "--reference", "A-1"]) == 0
    assert f"{len(shipped)} decisions erased" in capsys.readouterr().out
    assert main(["verify", "--decisions", url]) == 0
    assert f"{len(shipped)} of them erased" in capsys.readouterr().out
    main(["replay", "--decisions", url])
    captured = capsys.readouterr()
    assert f"{len(shipped)} decisions erased" in captured.out
    assert PASSWORD not in captured.out + captured.err


@pytest.mark.hostile("a record of the decision log is changed")
@pytest.mark.parametrize(
    "change",
    [
        """UPDATE decision_log_records SET record = replace(record, '"score":', '"score" :')""",
        "UPDATE decision_log_personal SET values = replace(values, 'income', 'incomes')",
        "DELETE FROM decision_log_records",
        "DELETE FROM decision_log_personal",
    ],
)
def test_a_changed_row_is_found(url: str, shipped: list[str], change: str, capsys: Printed) -> None:
    assert main(["anchor", "--decisions", url]) == 0
    with psycopg.connect(url, autocommit=True) as connection:
        made = connection.execute(f"{change} WHERE id = %s", [shipped[5]])
        assert made.rowcount == 1
    capsys.readouterr()
    assert main(["verify", "--decisions", url]) == 4
    assert "record 5" in capsys.readouterr().out

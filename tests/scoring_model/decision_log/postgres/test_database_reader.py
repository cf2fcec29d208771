"""What was logged comes back from the database to the last bit, or is refused in one line."""

import json
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from monitoring.decisions import open_decisions
from scoring_model.decision_log import (
    DecisionLog,
    FolderReader,
    LogFormatError,
    LogSettings,
    MerkleTree,
    commit_to,
    hash_leaf,
)
from scoring_model.decision_log.postgres import (
    DatabaseReader,
    check_database_url,
    erase_rows,
    ship_spool,
)
from scoring_model.errors import LogUnavailable
from tests.conftest import ROOT
from tests.postgres import Postgres
from tests.scoring_model.decision_log.postgres.conftest import PASSWORD
from tests.scoring_model.decision_log.postgres.spools import (
    ORIGIN,
    VERSION,
    decide,
    read_ids,
    read_rows,
    running_log,
    write_spool,
)
from train.errors import InputError

pytestmark = pytest.mark.slow

UNKNOWN = "01939e2c-0000-7000-8000-000000000000"


def test_a_database_gives_what_the_folder_gave(settings: LogSettings) -> None:
    for _ in range(2):
        write_spool(settings.folder, 30)
    folder = FolderReader(settings.folder)
    expected = [(segment, list(folder.pairs(segment))) for segment in folder.segments()]
    ship_spool(settings.folder, settings.place)
    with open_decisions(settings.place) as reader:
        found = [(segment, list(reader.pairs(segment))) for segment in reader.segments()]
        assert found == expected
        assert reader.log != ""
        assert PASSWORD not in reader.shown
        record, part = found[1][1][2]
        assert record is not None
        assert part is not None
        assert reader.find(part.identifier) == (record, part)
        assert reader.find(UNKNOWN) == reader.find("'; --") == (None, None)
    for segment, pairs in found:
        tree = MerkleTree()
        for record, part in pairs:
            assert record is not None
            assert part is not None
            tree.add(hash_leaf(record))
            commitment = commit_to(bytes.fromhex(part.salt), part.values.encode())
            assert json.loads(record)["commitment"] == commitment
        assert json.loads(segment.seal or b"")["root"] == tree.root().hex()


def test_plain_sql_reads_numbers_to_the_last_bit(settings: LogSettings) -> None:
    ids = write_spool(settings.folder, 200)
    ship_spool(settings.folder, settings.place)
    rows = read_rows(
        settings.place,
        "SELECT id::text, probability, threshold, score, model, version, manifest, key, route, "
        "decided_on::text, time, reference, values FROM decisions ORDER BY number",
    )
    for number, row in enumerate(rows):
        made = decide(number, f"A-{number}")
        assert row[:4] == (ids[number], made.probability, made.threshold, made.score)
        assert row[4:10] == (*VERSION, ORIGIN.key, ORIGIN.route, made.decided_on)
        assert abs(row[10] - datetime.now(UTC)) < timedelta(minutes=5)
        assert row[11:] == (f"A-{number}", made.values.decode())
    assert len(rows) == 200


def test_the_query_of_the_documentation_runs(settings: LogSettings) -> None:
    write_spool(settings.folder, 20)
    ship_spool(settings.folder, settings.place)
    text = (ROOT / "docs" / "decision-log.md").read_text(encoding="utf-8")
    section = text.partition("## PostgreSQL and Heroku")[2]
    query = section.partition("```sql\n")[2].partition("```")[0]
    (row,) = read_rows(settings.place, query)
    assert row[1] == VERSION.version
    assert row[2] == 20


def test_erasing_leaves_records_and_seals(settings: LogSettings) -> None:
    ids = write_spool(settings.folder, 10)
    ship_spool(settings.folder, settings.place)
    assert erase_rows(settings.place, reference="A-3") == (1, 0)
    assert erase_rows(settings.place, reference="A-3", digest="none") == (0, 1)
    start = datetime.now(UTC) - timedelta(hours=1)
    assert erase_rows(settings.place, before=start) == (0, 1)
    with open_decisions(settings.place) as reader:
        parts = [reader.find(identifier)[1] for identifier in ids]
    erased = [part is not None and bool(part.erased) for part in parts]
    assert erased == [number == 3 for number in range(10)]
    rows = read_rows(settings.place, "SELECT reference, values, erased FROM decisions ORDER BY id")
    assert rows[3] == (None, None, datetime.now(UTC).date())
    assert erase_rows(settings.place, before=datetime.now(UTC)) == (9, 1)
    for rules in ({}, {"reference": "A-1", "before": start}):
        with pytest.raises(ValueError, match="needs a reference"):
            erase_rows(settings.place, **rules)  # type: ignore[arg-type]


def test_few_rights_suffice_once_the_tables_are_there(
    settings: LogSettings, postgres: Postgres
) -> None:
    write_spool(settings.folder, 3)
    ship_spool(settings.folder, settings.place)
    name = settings.place.rpartition("/")[2]
    with psycopg.connect(settings.place) as connection:
        connection.execute(f"CREATE ROLE {name}_few LOGIN")
        connection.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
        connection.execute(f"GRANT USAGE ON SCHEMA public TO {name}_few")
        connection.execute(f"GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA public TO {name}_few")
        connection.execute(f"GRANT UPDATE ON decision_log_personal TO {name}_few")
    few = postgres.uri.replace("mlflow@", f"{name}_few@").rpartition("/")[0] + f"/{name}"
    ids = write_spool(settings.folder, 3)
    ship_spool(settings.folder, few)
    assert set(ids) <= set(read_ids(settings.place))
    assert erase_rows(few, reference="A-1") == (2, 0)


def test_references_are_erased_by_digest_and_whatever_they_hold(settings: LogSettings) -> None:
    with running_log(settings._replace(key="secret")) as log:
        digest = log.values.identify("A\0-1")
        values = log.values.write(b"{}", "A\0-1")
        log.add(ORIGIN, decide(0)._replace(values=values))
        log.add(ORIGIN, decide(1, "A\0-1"))
        log.commit()
    assert erase_rows(settings.place, digest=digest) == (1, 0)
    assert erase_rows(settings.place, reference="A\0-1") == (1, 1)


def test_what_is_beside_the_records_is_read(settings: LogSettings) -> None:
    with running_log(settings) as log:
        log.count("refused", "invalid_json", 3)
    with open_decisions(settings.place) as reader:
        (count,) = reader.counts()
        assert list(reader.shadows()) == []
    assert (count["kind"], count["cause"], count["count"]) == ("refused", "invalid_json", 3)


def test_a_newer_format_is_refused_in_one_line(settings: LogSettings) -> None:
    write_spool(settings.folder, 3)
    with pytest.raises(InputError, match="holds no decision log"), open_decisions(settings.place):
        pass
    ship_spool(settings.folder, settings.place)
    write_spool(settings.folder, 3)
    with psycopg.connect(settings.place) as connection:
        connection.execute("UPDATE decision_log_format SET format_version = 2")
    line = r"has format 2, this release reads 1: use a newer release$"
    for attempt in (
        lambda: DatabaseReader(settings.place),
        lambda: ship_spool(settings.folder, settings.place),
        lambda: erase_rows(settings.place, reference="A-1"),
    ):
        with pytest.raises(LogFormatError, match=line) as told:
            attempt()
        assert PASSWORD not in str(told.value)
    assert list(settings.folder.rglob("*.records.jsonl"))


def test_a_database_that_is_away_is_one_line_without_the_password(tmp_path: Path) -> None:
    away = f"postgres://me:{PASSWORD}@127.0.0.1:1/decisions"
    with pytest.raises(InputError, match="Connection refused") as told, open_decisions(away):
        pass
    assert PASSWORD not in str(told.value)
    assert "\n" not in str(told.value)
    log = DecisionLog(LogSettings(away, str(tmp_path)))
    with pytest.raises(LogUnavailable):
        log.find(UNKNOWN)
    identifier = log.add(ORIGIN, decide(1))
    log.commit()
    found = log.find(identifier)
    assert found is not None
    assert found["id"] == identifier
    log.close()


@pytest.mark.hostile("a password in a log or an answer")
@pytest.mark.parametrize(
    "wrong",
    [
        f"postgresql://me:{PASSWORD}%zz@host/name",
        f"postgresql://me:{PASSWORD}/a@host/name",
        f"postgresql://me:{PASSWORD}@a@host/name",
        f"postgresql://me:{PASSWORD}@host:port/name",
        f"postgresql://me:{PASSWORD}@host/name?wrong=1",
    ],
)
def test_a_wrong_url_is_an_error_without_the_password(wrong: str, tmp_path: Path) -> None:
    for attempt in (
        lambda: check_database_url(wrong),
        lambda: DecisionLog(LogSettings(wrong, str(tmp_path))),
    ):
        with pytest.raises(LogFormatError, match="no valid URL") as told:
            attempt()
        assert PASSWORD not in str(told.value)
    with pytest.raises(InputError) as shown, open_decisions(wrong):
        pass
    assert PASSWORD not in str(shown.value)


def test_the_driver_is_imported_only_for_a_database(tmp_path: Path) -> None:
    code = (
        "import sys, scoring_model.decision_log as log; "
        f"log.DecisionLog(log.LogSettings({str(tmp_path / 'log')!r})).close(); "
        "print('psycopg' in sys.modules)"
    )
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "False"


def test_a_new_password_keeps_the_spool() -> None:
    first, second, other = (
        LogSettings(f"{scheme}://me:{word}@host/{name}", "/spool").folder
        for scheme, word, name in (
            ("postgresql", "old", "decisions"),
            ("postgres", "new", "decisions"),
            ("postgres", "new", "other"),
        )
    )
    assert first == second != other

"""The decisions of a job reach a log in PostgreSQL once, also if the database goes away."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from monitoring.decisions import open_decisions
from scoring_model.decision_log import LogSettings
from tests.postgres import Postgres, run_postgres
from tests.train.batch.logged import Logged, load_version, make_applicants, replay, write_version
from train.batch import BatchLog, score_loans
from train.batch_scoring import open_log_of
from train.errors import InputError
from train.tables import Source

pytestmark = pytest.mark.slow
ROWS = 900


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    with run_postgres() as running:
        yield running


def read_all(url: str) -> list[Logged]:
    with open_decisions(url) as reader:
        pairs = [pair for segment in reader.segments() for pair in reader.pairs(segment)]
    return [
        Logged(orjson.loads(record), orjson.loads(personal.values))
        for record, personal in pairs
        if record is not None and personal is not None
    ]


def test_decisions_reach_a_database_once(tmp_path: Path, postgres: Postgres) -> None:
    write_version(tmp_path / "version")
    model = load_version(tmp_path / "version")
    applicants = make_applicants(ROWS)
    applicants.loc[7, "income"] = None
    applicants.to_parquet(tmp_path / "body.parquet")
    body, output = Source(f"{tmp_path}/body.parquet"), tmp_path / "o.csv"
    url = postgres.uri.replace("mlflow@", "mlflow:pass-word@")
    settings = LogSettings(url, spool=str(tmp_path / "spool"))
    log = BatchLog(settings)
    postgres.stop()
    with pytest.raises(InputError) as raised:
        score_loans(model, body, output, log=log)
    assert not output.exists()
    with pytest.raises(InputError) as at_start:
        BatchLog(settings)
    for error in (raised, at_start):
        message = str(error.value)
        assert message.startswith("decision_log postgresql://mlflow:***@127.0.0.1:")
        assert "pass-word" not in message
        assert "\n" not in message
    postgres.start()
    report = score_loans(model, body, output, log=BatchLog(settings))
    assert (report.resumed, report.scored) == (ROWS, ROWS - 1)
    decisions = read_all(url)
    references = sorted(int(each.personal["reference"]) for each in decisions)
    assert references == [row for row in range(ROWS) if row != 7]
    replay(model.scorer, decisions)
    with open_decisions(url) as reader:
        assert [(c["kind"], c["count"]) for c in reader.counts()] == [("refused", 1)]


def test_a_url_that_is_none_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_PASSWORD", "sesame/open")
    with pytest.raises(InputError, match="no valid URL of a PostgreSQL database") as raised:
        open_log_of("postgresql://me:${LOG_PASSWORD}@host:port/name")
    assert "sesame" not in str(raised.value)

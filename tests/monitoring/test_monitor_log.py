"""`monitor` from a real log and real outcomes to the run, the report, the message, the status."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import orjson
import pandas as pd
import pytest

from monitoring.__main__ import main
from scoring_model.decision_log import LogWriter, NewDecision, Origin, PersonalValues, open_log
from scoring_model.version import LoadedModel, load_model
from tests.made import as_json, make_loans
from tests.monitoring.notification.receiver import receiving
from tests.stores import trained_store

pytestmark = pytest.mark.slow

KEY = "a-secret-of-at-least-32-characters"
FIELDS = ["income", "debt_ratio", "amount", "region", "purpose", "has_home"]
MONTHLY = 800


@pytest.fixture(scope="module", autouse=True)
def _store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with trained_store(tmp_path_factory.mktemp("monitored"), "made", 4000):
        yield


@pytest.fixture(autouse=True)
def _variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MONITOR_NOTIFY_KEY", KEY)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")


@pytest.fixture(scope="module")
def log(_store: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a log of March 2025, as in training, and of April, when incomes had tripled."""
    place = tmp_path_factory.mktemp("log") / "decisions"
    open_log(place)
    champion = load_model("models:/credit-scoring@champion")
    loans = make_loans(2 * MONTHLY, seed=7, clear=True)
    writer, rows = LogWriter(place), []
    for number, (_, loan) in enumerate(loans.iterrows()):
        month = 3 + number // MONTHLY
        day = f"2025-{month:02d}-{1 + number % 28:02d}"
        if month == 4:
            loan["income"] *= 3
        score = decide(writer, champion, loan, f"loan-{number}", day)
        if score:
            rows.append((f"loan-{number}", "2026-05-01", int(loan["defaulted"])))
    writer.close()
    names = ["reference", "observed_on", "defaulted"]
    pd.DataFrame(rows, columns=names).to_csv(place.parent / "outcomes.csv", index=False)
    return place


def decide(
    writer: LogWriter, champion: LoadedModel, loan: "pd.Series[Any]", reference: str, day: str
) -> int:
    body = json.dumps({name: as_json(loan[name]) for name in FIELDS}).encode()
    decision = champion.scorer.score_record(orjson.loads(body), body)
    values = PersonalValues(None).write(body, reference)
    answer = decision.answer()
    writer.add(
        Origin(champion.name, "/predict", None),
        NewDecision(**answer, values=values, decided_on=day),
    )
    writer.commit()
    return int(answer["score"])


def monitor(log: Path, *more: str) -> int:
    return main(["monitor", "--decisions", str(log), *more])


def test_traffic_as_in_training_rings_nothing(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert monitor(log, "--as_of", "2025-03-31") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "March 2025, decided by credit-scoring version 1"
    assert lines[2] == "no alarm rings"
    run = mlflow.get_run(lines[0].removeprefix("run "))
    assert run.data.tags["exit_status"] == "0"
    assert run.data.metrics["decisions"] == MONTHLY


def test_an_alarm_rings_is_sent_and_kept(log: Path, capsys: pytest.CaptureFixture[str]) -> None:
    outcomes = str(log.parent / "outcomes.csv")
    with receiving([503, 503, 204]) as receiver:
        assert monitor(log, "--outcomes", outcomes, "--notify", f"{receiver.url}/token-7") == 5
    output = capsys.readouterr()
    lines = output.out.splitlines()
    assert "April 2025, decided by credit-scoring version 1" in lines
    assert any(line.startswith("alarm (drift): ") and "income" in line for line in lines)
    assert output.err.startswith("error: monitor: ")
    assert "token-7" not in output.out + output.err
    run = mlflow.get_run(lines[0].removeprefix("run "))
    assert run.info.run_name == "monitor credit-scoring 2025-04"
    assert run.data.tags["exit_status"] == "5"
    assert len(receiver.requests) == 3
    message = json.loads(receiver.requests[-1].body)["data"]
    assert message["run_id"] == run.info.run_id
    assert "income" in {alarm["subject"] for alarm in message["alarms"]}
    assert not [request for request in receiver.requests if b"loan-" in request.body]
    found = mlflow.artifacts.load_dict(f"runs:/{run.info.run_id}/monitoring.json")
    assert found["month"] == 202504
    whole = found["outcomes"][-1]
    accepted = pd.read_csv(outcomes)
    assert whole["defaults"] == accepted["defaulted"].sum()
    assert np.isclose(whole["realised_cost"]["value"], 10 * accepted["defaulted"].mean())
    assert "<!doctype html>" in mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/report.html")


def test_an_alarm_that_nobody_takes_still_rings(
    log: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with receiving([410]) as receiver:
        assert monitor(log, "--notify", f"{receiver.url}/token-7") == 5
    output = capsys.readouterr()
    assert (
        "notify: the message was not delivered: the receiver answered with status 410\n"
        in output.out
    )
    assert "token-7" not in output.out + output.err

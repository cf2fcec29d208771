"""Every kind of version gives the logged answers again, to the last bit."""

import dataclasses
import json
from pathlib import Path

import pytest

from scoring_model.decision_log import LogWriter, NewDecision, Origin, PersonalValues
from scoring_model.policy import LoanCostRule
from scoring_model.version import load_model
from tests import one_value
from tests.monitoring.replay.logged import (
    EVERY_FIELD,
    REGISTRY,
    LogFiles,
    load,
    log_decisions,
    make_applicants,
    register,
    replay,
)
from tests.scoring_model.planted_histories import KEY, plant_histories
from train.promotion import Registry

Printed = pytest.CaptureFixture[str]
# two whole numbers beyond 64 bits that a double can hold
LONG = ({"c64": 2**70}, {"c64": -(10**20), "b64": 2**63})


def test_dates_unseen_levels_and_long_numbers_are_replayed(
    place: Path, writer: LogWriter, capsys: Printed
) -> None:
    applicants = [one_value.without_key(each) for each in one_value.make_applicants(200)]
    applicants += [applicants[0] | long for long in LONG]
    for applicant in applicants:
        del applicant[one_value.DAY]
    model = load(EVERY_FIELD, 1)
    # neither is today
    log_decisions(writer, model, applicants, "2003-05-17")
    ids = log_decisions(writer, model, applicants, "2012-02-29")
    writer.close()
    assert replay(place) == 0
    assert f"{2 * len(applicants)} of them equal" in capsys.readouterr().out
    log = LogFiles(place)
    log.change("records", len(applicants), decided_on="2003-05-17")
    assert replay(place) == 4
    assert f"differs: {ids[0]}: probability" in capsys.readouterr().out
    log.change("records", len(applicants), decided_on=None)
    assert replay(place) == 4
    assert (
        f"{ids[0]}: cannot be scored again: its record has no decided_on" in capsys.readouterr().out
    )


def test_a_long_number_is_read_exactly(place: Path, writer: LogWriter, capsys: Printed) -> None:
    model = load(EVERY_FIELD, 1)
    applicant = one_value.without_key(one_value.make_applicants(20)[0])
    log_decisions(writer, model, [applicant | {"c64": 2**70}], "2012-02-29")
    # orjson rounds 2**70 + 1 to the same double
    text = json.dumps(applicant | {"c64": 2**70 + 1})
    answer = model.scorer.score_record(applicant | {"c64": float(2**70)}).answer()
    values = PersonalValues(None).write(text.encode())
    writer.add(
        Origin(model.name, "/predict", None),
        NewDecision(**answer, values=values, decided_on="2012-02-29"),
    )
    writer.commit()
    writer.close()
    assert replay(place) == 4
    out = capsys.readouterr().out
    assert "2 decisions replayed, 1 of them equal" in out
    assert "cannot be scored again: c64 must be a whole number that a double can hold" in out


def test_costs_that_differ_by_loan_give_the_logged_thresholds(
    place: Path, writer: LogWriter, capsys: Printed
) -> None:
    scorer = load(REGISTRY, 1).scorer
    costs = LoanCostRule("amount * 0.6", "amount * 0.02 + 300", 1.1)
    policy = dataclasses.replace(scorer.policy, loan_costs=costs)
    registry = Registry("costs-by-loan")
    applicants = make_applicants(50)
    register(registry, dataclasses.replace(scorer, policy=policy), applicants[1])
    log_decisions(writer, load(registry, 1), applicants)
    writer.close()
    log = LogFiles(place)
    assert len({log.read(number)["threshold"] for number in range(50)}) > 10
    assert replay(place) == 0
    assert "50 of them equal" in capsys.readouterr().out


@pytest.mark.slow
def test_finished_rows_of_histories_are_replayed(
    place: Path, writer: LogWriter, tmp_path: Path, capsys: Printed
) -> None:
    planted = plant_histories(tmp_path)
    model = load_model(str(planted.folder))
    rows = [planted.finished_row(int(key)) for key in planted.finished[KEY][:50]]
    log_decisions(writer, model, rows)
    writer.close()
    assert replay(place, "--model_uri", str(planted.folder)) == 0
    assert "50 of them equal" in capsys.readouterr().out

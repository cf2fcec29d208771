"""What a log holds is counted by month and version, as a plain recount does."""

import datetime
import re
import tempfile
from pathlib import Path

import numpy as np
import orjson
import pandas as pd
import pytest

from monitoring.facts import (
    PROBABILITY,
    BinCounts,
    Facts,
    FeatureBins,
    OutcomeProblem,
    OutcomeSource,
)
from scoring_model.decision_log import LogWriter, NewDecision, Origin, PersonalValues
from scoring_model.version import LoadedModel
from tests import one_value
from tests.monitoring.facts.profiled import (
    AS_OF,
    BY_LOAN,
    EVERY_FIELD,
    Applicant,
    gather,
    log_days,
    read_level,
)
from tests.monitoring.replay.logged import REGISTRY, LogFiles, load, make_applicants
from train.errors import InputError
from train.tables import Source

pytestmark = [pytest.mark.usefixtures("registry"), pytest.mark.slow]

MONTHS = ("2006-03", "2006-04", "2007-01")


def spread(rows: int) -> list[str | None]:
    """Return days that go round the months."""
    return [f"{MONTHS[n % 3]}-{1 + n % 28:02d}" for n in range(rows)]


def find_bins(facts: Facts, name: str, month: int) -> tuple[BinCounts, FeatureBins]:
    """Return the counts of a feature of the only version, and its bins."""
    (version,) = facts.versions.values()
    (bins,) = [each for each in version.bins if each.name == name]
    (counts,) = [each for each in facts.bins if (each.feature, each.month) == (name, month)]
    return counts, bins


def recount(
    model: LoadedModel, records: list[Applicant], name: str, bins: FeatureBins
) -> list[int]:
    """Return the counts of a feature in bins, missing and unseen, by pandas."""
    contract, profile = model.scorer.contract, model.scorer.profile
    assert profile is not None
    (feature,) = [each for each in contract.features if each.name == name]
    if feature.kind == "category":
        levels = pd.Series([read_level(each.get(name)) for each in records], dtype=object)
        known = {*feature.levels, *feature.rare_levels}
        present = levels.dropna()
        named = present.where(present.isin(bins.labels), "all others").value_counts()
        return [
            *named.reindex(bins.labels, fill_value=0),
            int(levels.isna().sum()),
            int((~present.isin(known)).sum()),
        ]
    index = contract.names.index(name)
    values = pd.Series(contract.encode_records(records).matrix[:, index])
    (number,) = [each for each in profile.numbers if each.name == name]
    cut = pd.cut(values, [-np.inf, *number.edges, np.inf], right=False)
    return [*cut.value_counts(sort=False), int(values.isna().sum()), 0]


def test_counts_of_every_kind_of_field_equal_a_recount(place: Path, writer: LogWriter) -> None:
    model = load(EVERY_FIELD, 1)
    applicants = [one_value.without_key(each) for each in one_value.make_applicants(300)]
    # a whole number beyond 64 bits is parsed exactly
    applicants[0]["c64"] = 2.0**70
    log_days(writer, model, applicants, spread(300))
    writer.close()
    day = one_value.DAY
    dated = [a | {day: d} for a, d in zip(applicants, spread(300), strict=True)]
    with gather(place, model=EVERY_FIELD.name) as gathered:
        facts = gathered.facts
    assert facts.damaged == 0
    for part, month in enumerate((200603, 200604, 200701)):
        records = dated[part::3]
        for name in model.scorer.contract.names:
            counts, bins = find_bins(facts, name, month)
            found = [*counts.counts.tolist(), counts.missing, counts.unseen]
            assert found == recount(model, records, name, bins), name
            assert counts.counts.sum() + counts.missing == len(records)
    unseen = {each.feature for each in facts.bins if each.unseen}
    assert unseen == {"purpose", "region", "branch"}


def test_two_versions_are_counted_apart(place: Path, writer: LogWriter) -> None:
    rows = []
    for version in (1, 2):
        model = load(REGISTRY, version)
        applicants = make_applicants(90, seed=version)
        log_days(writer, model, applicants, spread(90))
        frame = pd.DataFrame(model.scorer.score_frame(pd.DataFrame(applicants)).answers())
        frame["manifest"] = model.name.manifest
        rows.append(frame.assign(month=[int(d[:7].replace("-", "")) for d in map(str, spread(90))]))
    writer.close()
    with gather(place) as gathered:
        facts = gathered.facts
    assert gathered.model == REGISTRY.name
    assert [v.name.version for v in facts.versions.values() if not v.problem] in (
        ["1", "2"],
        ["2", "1"],
    )
    p, accepted = (frame := pd.concat(rows))["probability"], frame["score"] == 1
    frame["cost"] = np.where(accepted, 10.0 * p, 1.0 - p)
    frame["variance"] = np.where(accepted, 100.0, 1.0) * p * (1 - p)
    groups = frame.groupby(["month", "manifest"])
    assert len(facts.decisions) == 6
    for sums in facts.decisions:
        group = groups.get_group((sums.month, sums.manifest))
        assert (sums.decisions, sums.accepted) == (len(group), group["score"].sum())
        assert (sums.erased, sums.uncosted) == (0, 0)
        refused = group[group["score"] == 0]
        expected = [
            group["cost"].sum(),
            group["variance"].sum(),
            (group["cost"] ** 2).sum(),
            refused["cost"].sum(),
            10.0 * group["probability"].sum(),
            (1 - group["probability"]).sum(),
        ]
        np.testing.assert_allclose(
            [
                sums.cost,
                sums.cost_variance,
                sums.cost_squares,
                sums.refused_cost,
                sums.accept_all_cost,
                sums.refuse_all_cost,
            ],
            expected,
            rtol=1e-12,
        )
    of_probability = [each for each in facts.bins if each.feature == PROBABILITY]
    assert sum(each.counts.sum() for each in of_probability) == 180


def log_answers(
    writer: LogWriter,
    model: LoadedModel,
    answers: list[tuple[float, int]],
    days: list[str | None],
) -> None:
    """Log given probabilities and scores of one applicant."""
    values = PersonalValues(None).write(orjson.dumps(make_applicants(2)[1]), "A-1")
    for (probability, score), day in zip(answers, days, strict=True):
        new = NewDecision(probability, 1 / 11, score, values, day)
        writer.add(Origin(model.name, "/predict", None), new)
    writer.commit()
    writer.close()


def test_the_expected_cost_of_three_decisions_is_as_stated(place: Path, writer: LogWriter) -> None:
    answers = [(0.05, 1), (0.1, 0), (0.5, 0)]
    log_answers(writer, load(REGISTRY, 1), answers, ["2007-01-01"] * 3)
    with gather(place) as gathered:
        (sums,) = gathered.facts.decisions
    assert sums.cost / 3 == pytest.approx(0.633333, abs=5e-7)
    assert sums.cost_variance == pytest.approx(5.09, abs=1e-12)


def test_costs_that_differ_by_loan_are_those_of_each_loan(place: Path, writer: LogWriter) -> None:
    model, applicants = load(BY_LOAN, 1), make_applicants(60)
    log_days(writer, model, applicants, ["2007-01-01"] * 60)
    writer.close()
    log = LogFiles(place)
    for number in (3, 4):
        log.erase(number)
    with gather(place, model=BY_LOAN.name) as gathered:
        (sums,) = gathered.facts.decisions
        (counts, _) = find_bins(gathered.facts, "amount", 200701)
    kept = pd.DataFrame(applicants).drop(index=[3, 4])
    decisions = model.scorer.score_frame(kept)
    p, amount = decisions.probability, kept["amount"].to_numpy()
    costs = np.where(decisions.score == 1, amount * 0.6 * p, (amount * 0.02 + 300) * (1 - p))
    assert (sums.decisions, sums.erased, sums.uncosted) == (60, 2, 2)
    assert sums.cost == pytest.approx(costs.sum(), rel=1e-12)
    assert counts.counts.sum() == 58


def test_an_erased_applicant_keeps_the_answer_only(place: Path, writer: LogWriter) -> None:
    ids = log_days(writer, load(REGISTRY, 1), make_applicants(20), ["2007-01-01"] * 20)
    writer.close()
    LogFiles(place).erase(4)
    with gather(place) as gathered:
        (sums,) = gathered.facts.decisions
        rows = gathered.tables.rows("SELECT * FROM decisions WHERE is_erased")
        references = gathered.tables.rows("SELECT reference FROM decisions ORDER BY id")
    assert (sums.decisions, sums.erased, sums.uncosted) == (20, 1, 0)
    assert [(row["id"], row["reference"]) for row in rows] == [(ids[4], None)]
    assert [row["reference"] for row in references] == [
        None if n == 4 else f"A-{n}" for n in range(20)
    ]


@pytest.mark.hostile("decisions of the log are damaged")
def test_damaged_decisions_are_counted_and_left_out(place: Path, writer: LogWriter) -> None:
    log_days(writer, load(REGISTRY, 1), make_applicants(20), ["2007-01-01"] * 20)
    writer.close()
    log = LogFiles(place)
    log.break_line("records", 1)
    log.break_line("personal", 2)
    log.change("records", 3, ("probability",))
    log.change("records", 4, probability=1.5)
    log.change("records", 5, score=7)
    log.change("records", 6, decided_on="soon")
    log.change("records", 7, manifest="' OR '1'='1")
    log.change("personal", 8, values=orjson.dumps({"applicant": {"income": "much"}}).decode())
    log.change("personal", 9, values=orjson.dumps({"applicant": [1]}).decode())
    log.change("personal", 10, values=orjson.dumps({"applicant": {}, "reference": 5}).decode())
    with gather(place) as gathered:
        (sums,) = gathered.facts.decisions
        assert gathered.facts.damaged == 10
    assert sums.decisions == 10


def test_a_version_that_is_not_found_is_counted_without_costs(
    place: Path, writer: LogWriter
) -> None:
    log_days(writer, load(REGISTRY, 1), make_applicants(20), ["2007-01-01"] * 20)
    writer.close()
    LogFiles(place).change("records", 3, manifest="0" * 64)
    with gather(place) as gathered:
        facts = gathered.facts
    unknown, known = facts.decisions
    assert (unknown.manifest, unknown.decisions, unknown.uncosted) == ("0" * 64, 1, 1)
    assert (unknown.cost, unknown.refuse_all_cost) == (0.0, 0.0)
    assert (known.decisions, known.uncosted) == (19, 0)
    judged = facts.versions["0" * 64]
    assert (judged.scorer, judged.bins) == (None, ())
    assert "no version in the registry" in judged.problem
    assert {each.manifest for each in facts.bins} == {known.manifest}


def test_decisions_of_several_models_need_a_name(place: Path, writer: LogWriter) -> None:
    log_days(writer, load(REGISTRY, 1), make_applicants(5), ["2007-01-01"] * 5)
    log_days(writer, load(BY_LOAN, 1), make_applicants(7), ["2007-01-01"] * 7)
    writer.close()
    models = f"{BY_LOAN.name} (7 decisions), {REGISTRY.name} (5 decisions)"
    for asked, line in (
        ("", f"name one of the models of the log: {models}"),
        ("other", f"none of the model other; the log has {models}"),
    ):
        with pytest.raises(InputError, match=re.escape(line)), gather(place, model=asked):
            pass
    with gather(place, model=BY_LOAN.name) as gathered:
        assert [sums.decisions for sums in gathered.facts.decisions] == [7]


def test_the_only_model_of_a_log_needs_no_name(place: Path, writer: LogWriter) -> None:
    log_days(writer, load(REGISTRY, 1), make_applicants(5), ["2007-01-01"] * 5)
    writer.close()
    with gather(place, model="") as gathered:
        assert gathered.model == REGISTRY.name


def test_a_month_is_that_of_the_day_or_of_the_time(place: Path, writer: LogWriter) -> None:
    answers = [(0.05, 1)] * 4
    log_answers(writer, load(REGISTRY, 1), answers, ["2007-01-31", None, None, "2007-12-31"])
    log = LogFiles(place)
    log.change("records", 1, time="2006-12-31T23:59:59.999999Z")
    log.change("records", 2, time="2007-02-01T00:00:00.000000Z")
    with gather(place, datetime.date(2007, 2, 1)) as gathered:
        assert [sums.month for sums in gathered.facts.decisions] == [200612, 200701, 200702]
        # a later decision stays in the table: its outcome is not unknown
        assert gathered.tables.rows("SELECT COUNT(*) AS n FROM decisions") == [{"n": 4}]
        assert sum(e.counts.sum() for e in gathered.facts.bins if e.feature == "income") == 3
    with gather(place, datetime.date(2007, 1, 31)) as gathered:
        assert [sums.month for sums in gathered.facts.decisions] == [200612, 200701]


def test_a_log_without_decisions_up_to_the_day_ends_with_one_line(
    place: Path, writer: LogWriter
) -> None:
    with pytest.raises(InputError, match=r"decisions: there is none$"), gather(place):
        pass
    log_answers(writer, load(REGISTRY, 1), [(0.05, 1)], ["2007-01-31"])
    line = "decisions: there is none up to 2007-01-30"
    with pytest.raises(InputError, match=line), gather(place, datetime.date(2007, 1, 30)):
        pass


def test_requests_that_are_no_decisions_are_counted_by_cause(
    place: Path, writer: LogWriter
) -> None:
    writer.write_counts({("refused", "unknown field"): 2, ("simulated", ""): 3})
    writer.write_counts({("refused", "unknown field"): 5})
    log_answers(writer, load(REGISTRY, 1), [(0.05, 1)], ["2007-01-31"])
    today = datetime.datetime.now(datetime.UTC).date()
    with gather(place, today + datetime.timedelta(1)) as gathered:
        found = [(each.kind, each.cause, each.count) for each in gathered.facts.requests]
    assert found == [("refused", "unknown field", 7), ("simulated", "", 3)]
    with gather(place) as gathered:
        assert gathered.facts.requests == ()


def test_margins_give_the_logged_probabilities(place: Path, writer: LogWriter) -> None:
    model = load(REGISTRY, 1)
    log_days(writer, model, make_applicants(40), ["2007-01-01"] * 40)
    log_days(writer, model, make_applicants(5), ["2008-01-01"] * 5)
    writer.close()
    log = LogFiles(place)
    log.erase(7)
    manifest = model.name.manifest
    with gather(place, with_margins=True) as gathered:
        rows = gathered.decision_rows([manifest]).to_pandas()
        assert gathered.decision_rows(["0" * 64]).num_rows == 0
    assert len(rows) == 39
    assert rows["day"].max() <= AS_OF
    kept = [log.read(n)["probability"] for n in range(40) if n != 7]
    applied = model.scorer.policy.calibration.apply(rows["margin"].to_numpy())
    np.testing.assert_array_equal(np.sort(applied), np.sort(kept))
    assert set(rows["false_negative_cost"]) == {10.0}
    with gather(place) as gathered:
        assert gathered.decision_rows([manifest]).num_rows == 0


def test_a_temporary_folder_with_a_quote_in_its_name_is_no_problem(
    place: Path, writer: LogWriter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_answers(writer, load(REGISTRY, 1), [(0.05, 1)], ["2007-01-31"])
    folder = tmp_path / "it's"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    with gather(place) as gathered:
        assert len(gathered.facts.decisions) == 1
        assert list(folder.iterdir())
    assert not list(folder.iterdir())


def test_outcomes_are_matched_with_the_decisions_of_the_log(
    place: Path, writer: LogWriter, tmp_path: Path
) -> None:
    model = load(REGISTRY, 1)
    days = [f"2006-{1 + n % 12:02d}-15" for n in range(60)]
    log_days(writer, model, make_applicants(60), days)
    writer.close()
    log = LogFiles(place)
    accepted = [n for n in range(60) if log.read(n)["score"] == 1]
    log.erase(accepted[0])
    # the last row is about nobody, and says up to when the table knows
    rows = [f"A-{n},2006-12-20,{int(n % 7 == 0)}\n" for n in accepted] + ["A-60,2007-07-01,0\n"]
    path = tmp_path / "outcomes.csv"
    path.write_text("reference,observed_on,defaulted\n" + "".join(rows), encoding="utf-8")
    as_of = datetime.date(2007, 6, 30)
    manifest = model.name.manifest
    outcomes = OutcomeSource(Source(str(path)), None)
    with gather(place, as_of, outcomes=outcomes, with_margins=True) as gathered:
        facts = gathered.facts.outcomes
        table = gathered.outcome_rows([manifest])
        sums = gathered.recalibrate(manifest, 1.0, 0.0, range(200601, 200613))
    assert facts is not None
    problems = {each.kind: (each.count, each.listed) for each in facts.problems}
    assert problems == {
        "unknown": (2, tuple(sorted((f"A-{accepted[0]}", "A-60")))),
        "erased": (1, ()),
    }
    # June is the last month that is 365 days old
    mature = [n for n in accepted[1:] if n % 12 < 6]
    assert list(map(str, table["day"].to_pylist())) == sorted(days[n] for n in mature)
    assert sum(table["defaulted"].to_pylist()) == sum(n % 7 == 0 for n in mature)
    assert set(table["share"].to_pylist()) == {1.0}
    assert sums.decisions == 60


def test_outcomes_by_reference_need_the_secret_of_a_log_with_digests(
    place: Path, writer: LogWriter, tmp_path: Path
) -> None:
    model = load(REGISTRY, 1)
    log_days(writer, model, make_applicants(20), ["2006-01-15"] * 20, b"secret")
    accepted = [n for n in range(20) if LogFiles(place).read(n)["score"] == 1]
    path = tmp_path / "outcomes.csv"
    rows = [f"A-{n},2006-12-20,0\n" for n in [*accepted, 99]]
    path.write_text("reference,observed_on,defaulted\n" + "".join(rows), encoding="utf-8")
    source = Source(str(path))
    with (
        pytest.raises(InputError, match="compare the references, and DECISION_LOG_KEY"),
        gather(place, outcomes=OutcomeSource(source, None)),
    ):
        pass
    with gather(place, outcomes=OutcomeSource(source, b"secret")) as gathered:
        assert gathered.facts.outcomes is not None
        found = gathered.facts.outcomes.problems
    assert found == (OutcomeProblem("unknown", 1, ("A-99",)),)


def test_outcomes_none_of_which_is_about_a_decision(
    place: Path, writer: LogWriter, tmp_path: Path
) -> None:
    log_days(writer, load(REGISTRY, 1), make_applicants(20), ["2006-01-15"] * 20)
    path = tmp_path / "outcomes.csv"
    path.write_text("reference,observed_on,defaulted\nX-1,2006-12-20,0\n", encoding="utf-8")
    with (
        pytest.raises(InputError, match="compare decision_id or reference with those of the log"),
        gather(place, outcomes=OutcomeSource(Source(str(path)), None)),
    ):
        pass

"""Spark counts what one machine counts."""

from dataclasses import astuple
from pathlib import Path

import pandas as pd
import pytest

from monitoring.facts import Facts, GatheredFacts, OutcomeFacts, OutcomeSource
from scoring_model.decision_log import LogWriter
from tests.monitoring.facts.profiled import gather, log_days
from tests.monitoring.replay.logged import REGISTRY, LogFiles, load, make_applicants
from tests.scoring_model.processes import wait_until
from train.tables import Source

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("registry")]

SEGMENT_BYTES = 9000
MOST_DIFFERENCE = 1e-9


def describe_bins(facts: Facts) -> list[tuple[object, ...]]:
    """Return the counts of bins as plain values."""
    return [
        (each.month, each.manifest, each.feature, each.counts.tolist(), each.missing, each.unseen)
        for each in facts.bins
    ]


def read_rows(gathered: GatheredFacts, manifests: list[str]) -> list[pd.DataFrame]:
    """Return the rows of decisions, sorted, and those of outcomes."""
    decisions = gathered.decision_rows(manifests).to_pandas()
    decisions = decisions.sort_values(["day", "margin"], ignore_index=True)
    return [decisions, gathered.outcome_rows(manifests).to_pandas()]


def compare_outcomes(ours: OutcomeFacts | None, theirs: OutcomeFacts | None) -> None:
    """Check that both engines give the same sums of outcomes."""
    assert ours is not None
    assert theirs is not None
    assert (ours.known_until, ours.problems) == (theirs.known_until, theirs.problems)
    assert len(ours.sums) == len(theirs.sums) > 8
    for left, right in zip(ours.sums, theirs.sums, strict=True):
        assert astuple(left)[:2] == astuple(right)[:2]
        assert astuple(left)[2:] == pytest.approx(
            astuple(right)[2:], rel=MOST_DIFFERENCE, abs=MOST_DIFFERENCE
        )


@pytest.mark.usefixtures("spark")
def test_spark_counts_what_one_machine_counts(place: Path, tmp_path: Path) -> None:
    writer, ids = LogWriter(place, segment_bytes=SEGMENT_BYTES), []
    for version in (1, 2):
        model = load(REGISTRY, version)
        for part in range(3):
            days = [f"200{5 + n % 4}-0{1 + n % 9}-15" for n in range(20)]
            applicants = make_applicants(20, seed=10 * version + part)
            ids += log_days(writer, model, applicants, days)
    # the last segment is being written
    log_days(writer, model, make_applicants(5, seed=99), ["2007-01-01"] * 5)
    log = LogFiles(place)
    log.erase(1)
    log.break_line("records", 2)
    log.change("records", 4, manifest="0" * 64)
    wait_until(lambda: len(list(place.glob("*/*.seal.json"))) >= 3)
    manifests = [load(REGISTRY, version).name.manifest for version in (1, 2)]
    path = tmp_path / "outcomes.csv"
    rows = [f"{name},2007-11-{1 + n % 28},{int(n % 5 == 0)}\n" for n, name in enumerate(ids)]
    path.write_text("decision_id,observed_on,defaulted\n" + "".join(rows), encoding="utf-8")
    outcomes = OutcomeSource(Source(str(path)), None)
    with gather(place, outcomes=outcomes, with_margins=True) as gathered:
        local = gathered.facts
        local_rows = read_rows(gathered, manifests)
    with gather(place, engine="spark", outcomes=outcomes, with_margins=True) as gathered:
        spark = gathered.facts
        spark_rows = read_rows(gathered, manifests)
    writer.close()
    compare_outcomes(local.outcomes, spark.outcomes)
    assert local.damaged == spark.damaged == 1
    assert local.versions.keys() == spark.versions.keys()
    assert len(local.versions) == 3
    assert [v.name for v in local.versions.values()] == [v.name for v in spark.versions.values()]
    assert len(local.decisions) == len(spark.decisions) > 10
    for ours, theirs in zip(local.decisions, spark.decisions, strict=True):
        assert astuple(ours)[:2] == astuple(theirs)[:2]
        assert astuple(ours)[2:] == pytest.approx(
            astuple(theirs)[2:], rel=MOST_DIFFERENCE, abs=MOST_DIFFERENCE
        )
    assert describe_bins(local) == describe_bins(spark)
    for frame, other in zip(local_rows, spark_rows, strict=True):
        assert len(frame) > 20
        assert frame.equals(other)


@pytest.mark.usefixtures("spark")
def test_a_log_without_a_sealed_segment_is_read_on_spark(place: Path, writer: LogWriter) -> None:
    log_days(writer, load(REGISTRY, 1), make_applicants(5), ["2007-01-01"] * 5)
    with gather(place, engine="spark") as gathered:
        assert [sums.decisions for sums in gathered.facts.decisions] == [5]

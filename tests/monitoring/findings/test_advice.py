"""Each of the four actions is found where it is right, on planted books."""

import dataclasses
from collections.abc import Collection

import numpy as np
import pytest

from monitoring.facts import RecalibratedSums
from monitoring.findings import Findings, Option, judge_facts
from scoring_model.policy import refuse
from scoring_model.types import FloatArray
from tests.monitoring.findings.made_facts import (
    MEAN,
    SPREAD,
    THRESHOLD,
    Book,
    draw_book,
    make_facts,
    make_recalibrate,
    make_version,
    sigmoid,
)
from train.portfolio.sections import MonitoringSettings

MONTHS = [200601, 200602, 200603, 200604]


def judge(book: Book, *, outcomes: bool = True) -> Findings:
    facts = make_facts(book, make_version(), outcomes=outcomes)
    return judge_facts(facts, MonitoringSettings(), "credit-scoring", make_recalibrate(book))


def option(findings: Findings, action: str) -> Option:
    (found,) = (one for one in findings.advice.options if one.action == action)
    return found


def kinds(findings: Findings) -> set[str]:
    return {alarm.kind for alarm in findings.alarms}


@pytest.mark.parametrize("seed", range(5))
def test_nothing_is_to_do_if_the_version_is_right(seed: int) -> None:
    findings = judge(draw_book(MONTHS, 2000, seed))
    assert findings.advice.chosen.action == "nothing"
    assert findings.alarms == ()
    assert option(findings, "retrain").saving is None


@pytest.mark.parametrize("seed", range(3))
def test_recalibrate_if_the_level_is_wrong(seed: int) -> None:
    """The loans are worse than the version says, by the same log-odds for each of them."""
    book = draw_book(MONTHS, 4000, seed, said=lambda x, _: x - 1.2)
    findings = judge(book)
    assert findings.advice.chosen.action == "recalibrate"
    assert {"defaults", "cost"} <= kinds(findings)
    saving = findings.advice.chosen.saving
    assert saving is not None
    # what the right probabilities save on the same applicants
    p = book.probability
    true = sigmoid(np.log(p / (1 - p)) + 1.2)
    old, best = (
        np.where(refused, 1 - true, 10 * true)
        for refused in (refuse(p, THRESHOLD), refuse(true, THRESHOLD))
    )
    assert saving.low < (old - best).mean() < saving.high


@pytest.mark.parametrize("seed", range(3))
def test_retrain_if_other_applicants_come_who_are_harder_to_judge(seed: int) -> None:
    """The probabilities are right, but they are close together: the version cannot tell."""
    findings = judge(draw_book(MONTHS, 4000, seed, mean=-2.4, spread=0.6))
    assert findings.advice.chosen.action == "retrain"
    assert kinds(findings) == {"drift"}
    saving = findings.advice.chosen.saving
    assert saving is not None
    assert saving.low > 0


@pytest.mark.parametrize("seed", range(3))
def test_stop_if_probabilities_say_nothing(seed: int) -> None:
    """To refuse all costs about 0.8, and the decisions cost more."""

    def noise(x: FloatArray, random: np.random.Generator) -> FloatArray:
        return MEAN + SPREAD * random.standard_normal(len(x))

    findings = judge(draw_book(MONTHS, 4000, seed, said=noise, mean=-1.5))
    assert findings.advice.chosen.action == "stop"
    assert "refuse all" in findings.advice.chosen.reason
    assert {"defaults", "cost", "ranking"} <= kinds(findings)


def test_to_stop_is_not_better_than_a_new_calibration_of_a_good_order() -> None:
    """All loans are so much worse that refusing all is cheaper than the decisions were."""
    findings = judge(draw_book(MONTHS, 4000, 0, said=lambda x, _: x - 2.5, mean=-2.0))
    stop = option(findings, "stop").saving
    assert stop is not None
    assert stop.low > 0
    assert findings.advice.chosen.action == "recalibrate"


def test_without_outcomes_nothing_can_be_said() -> None:
    findings = judge(draw_book(MONTHS, 2000, 0), outcomes=False)
    assert findings.advice.chosen.action == "nothing"
    assert findings.advice.chosen.reason == (
        "Nothing can be advised: there is no table of outcomes."
    )
    assert {one.saving is None for one in findings.advice.options[:3]} == {True}
    parts = (findings.outcomes, findings.rankings, findings.bands, findings.vintages)
    assert not any(parts)


def test_without_outcomes_drift_that_costs_more_asks_for_training() -> None:
    findings = judge(draw_book(MONTHS, 2000, 0, mean=-2.4), outcomes=False)
    assert findings.advice.chosen.action == "retrain"
    assert findings.advice.chosen.saving is None
    assert kinds(findings) == {"drift"}


def test_a_fit_needs_twenty_defaults() -> None:
    book = draw_book(MONTHS[:1], 300, 0, mean=-4.5)
    assert 0 < book.defaulted[book.accepted].sum() < 20
    findings = judge(book)
    assert findings.advice.chosen.action == "nothing"
    assert "a fit needs 20 defaults" in option(findings, "recalibrate").reason


def test_retrain_if_more_default_than_the_version_can_explain() -> None:
    book = draw_book(MONTHS, 2000, 0, said=lambda x, _: x - 1.0)
    facts = make_facts(book, make_version())
    assert facts.outcomes is not None
    cells = {
        manifest: dataclasses.replace(found, share=np.full_like(found.share, 0.02))
        for manifest, found in facts.outcomes.cells.items()
    }
    early = dataclasses.replace(facts, outcomes=dataclasses.replace(facts.outcomes, cells=cells))
    settings, recalibrate = MonitoringSettings(), make_recalibrate(book)
    chosen = judge_facts(early, settings, "credit-scoring", recalibrate).advice.chosen
    assert (chosen.action, chosen.saving) == ("retrain", None)
    assert "they come earlier than in training" in chosen.reason


def test_at_most_twelve_months_are_asked_for() -> None:
    months = [200500 + month for month in range(1, 13)] + [200601, 200602]
    book = draw_book([200412, *months], 500, 0)
    asked = []
    sums = make_recalibrate(book)

    def recalibrate(
        manifest: str, slope: float, intercept: float, of_months: Collection[int]
    ) -> RecalibratedSums:
        asked.append(list(of_months))
        return sums(manifest, slope, intercept, of_months)

    judge_facts(make_facts(book, make_version()), MonitoringSettings(), None, recalibrate)
    assert {tuple(one) for one in asked} == {tuple(months[-12:])}

"""A model that is too good, or rests on one feature, is doubted at the top of the report."""

import dataclasses
from pathlib import Path

import numpy as np

from tests.made import make_loans
from tests.train.found import find
from train.report import FinishedRun, write_report
from train.report.summary import concerns, doubts
from train.statistics import Interval


def test_a_model_that_is_too_good_is_doubted_first(tmp_path: Path) -> None:
    loans = make_loans(2500)
    # it is known before the decision, says the portfolio, and it has an AUC of 0.93
    loans["rating"] = np.random.default_rng(1).normal(size=2500) + 2.1 * loans["defaulted"]
    run = find(tmp_path, loans, '\n[accept_leak_risk]\nrating = "bought before the decision"\n')
    ranking, carried = doubts(run)
    assert "is over 0.90" in ranking
    assert carried.startswith("One feature, rating, has ")
    assert any("is over 0.90, which is rare for credit" in note for note in run.model.notes)
    assert any("'rating' has" in note and "(gain)" in note for note in run.model.notes)
    page = tmp_path / "report.html"
    write_report(run, {}, page)
    text = page.read_text(encoding="utf-8")
    assert 0 < text.index("is over 0.90") < text.index('<p class="verdict">')


def test_a_usual_model_is_not_doubted(finished: FinishedRun) -> None:
    evidence = finished.model.evidence
    shared = dataclasses.replace(evidence.dominance, share=0.5)
    usual = dataclasses.replace(
        finished.model, evidence=dataclasses.replace(evidence, dominance=shared)
    )
    assert doubts(FinishedRun(usual)) == []


def test_a_model_that_may_be_of_no_use_is_a_concern(finished: FinishedRun) -> None:
    evaluation = finished.model.evaluation
    for high, said in ((0.01, True), (-0.01, False)):
        rivals = dict(evaluation.rivals)
        for name in ("refuse_all", "accept_all"):
            unsure = Interval(-0.05, -0.1, high if name == "refuse_all" else -0.02)
            rivals[name] = dataclasses.replace(rivals[name], difference=unsure)
        judged = dataclasses.replace(evaluation, rivals=rivals)
        evidence = dataclasses.replace(finished.model.evidence, evaluation=judged)
        lines = concerns(FinishedRun(dataclasses.replace(finished.model, evidence=evidence)))
        no_use = [line for line in lines if "may be of no use" in line]
        expected = ["The model may be of no use: it is not clearly cheaper than refusing everyone."]
        assert no_use == (expected if said else [])

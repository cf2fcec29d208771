"""The words of the report: units, explained terms, and no jargon outside the appendix."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.train.found import SETTINGS
from tests.train.report.page import Page
from train.portfolio import Costs
from train.portfolio.cost_columns import CostColumns
from train.report import FinishedRun, draw_pictures
from train.report.decision_sections import calibration_section, decision_section, money_section
from train.report.fairness_section import fairness_section
from train.report.report import CAPTIONS
from train.report.summary import concerns, tiles, verdict
from train.statistics import CalibrationInTheLarge, Interval

UNIT = "times the cost of refusing one good client"
APPENDIX = "Appendix: technical details"
# regular expressions of whole words
JARGON = (
    *("boosters?", "trials?", "calibration map", "imbalance", "ECE", "KS", "PSI", "Brier"),
    *("log loss", "log-odds", "precision-recall", "ROC", "SHA-256", "bootstrap", "rivals?"),
    *("out.of.fold", "in hindsight", "rows", "PD", "false (negatives?|positives?)"),
)


@pytest.fixture(scope="module")
def words(report: Path) -> str:
    return Page(report).words


@pytest.fixture(scope="module")
def body(words: str) -> str:
    """Return the page without its appendix."""
    return words[: words.rindex(APPENDIX)]


def with_refusals(run: FinishedRun, share: float) -> FinishedRun:
    """Return a run whose first test loans, this share of them, are refused."""
    model = run.model
    refused = np.arange(len(run.data.test.y)) < share * len(run.data.test.y)
    evaluation = replace(model.evaluation, refused=refused)
    evidence = replace(model.evidence, evaluation=evaluation)
    return FinishedRun(replace(model, evidence=evidence))


def test_amounts_have_their_unit(words: str, finished: FinishedRun) -> None:
    cost = finished.model.evaluation.cost.value
    assert f"the decisions on the test loans cost {cost:.3f} {UNIT} (95 % interval" in words
    # in the tile the unit follows the figure
    assert f"{cost:.3f} {UNIT}; 95 % interval" in words
    for caption in ("Cost per applicant", "rise in cost per applicant", "cost per applicant"):
        assert f"{caption} ({UNIT})" in words
    assert f"Simpler rules on the same test loans ({UNIT})" in words
    # the loans' own amounts
    assert "amount, in the currency of the portfolio" in words


def test_pictures_have_the_unit_of_their_costs(finished: FinishedRun) -> None:
    figures = draw_pictures(finished)
    of_cost = ("cost_by_threshold", "cost_against_others", "quarters", "segments")
    for name in (*of_cost, "importance_in_money"):
        axes = figures[name].axes
        labels = [text for a in axes for text in (a.get_xlabel(), a.get_ylabel())]
        titles = [a.get_title(loc="left") for a in axes]
        assert any(UNIT in text for text in labels + titles), name


def test_amounts_of_money_have_the_currency_of_the_costs(finished: FinishedRun) -> None:
    assert finished.in_currency == "in the currency of the portfolio"
    portfolio = replace(finished.portfolio, costs=CostColumns(currency="US dollars"))
    run = FinishedRun(replace(finished.model, portfolio=portfolio))
    [by_outcome] = [t for t in money_section(run).tables if "by decision and outcome" in t.caption]
    assert "amount, in US dollars" in by_outcome.header


def test_costs_on_another_scale_name_it(finished: FinishedRun) -> None:
    settings = replace(SETTINGS, costs=Costs(500.0, 50.0))
    run = FinishedRun(replace(finished.model, settings=settings))
    assert run.unit == "where refusing one good client costs 50"
    said = " ".join(decision_section(run).words)
    assert "Accepting a defaulter costs 500, refusing one good client costs 50." in said


def test_the_rules_that_are_not_clearly_dearer_are_named(finished: FinishedRun) -> None:
    model = finished.model
    unclear = replace(model.evaluation.rivals["refuse_all"], difference=Interval(-0.1, -0.2, 0.1))
    clear = replace(unclear, difference=Interval(-0.1, -0.2, -0.05))
    for rivals, said in (
        (
            {"refuse_all": unclear, "accept_all": clear, "at_half": clear},
            "It is not clearly cheaper",
        ),
        (dict.fromkeys(model.evaluation.rivals, unclear), "not clearly cheaper than any simpler"),
    ):
        evaluation = replace(model.evaluation, rivals={**model.evaluation.rivals, **rivals})
        evidence = replace(model.evidence, evaluation=evaluation)
        section = money_section(FinishedRun(replace(model, evidence=evidence)))
        assert said in section.words[0]


def test_a_probability_that_is_off_is_said_to_be(finished: FinishedRun) -> None:
    model = finished.model
    for mean, said in ((0.21, "are off by 5 % of the observed"), (0.30, "does not fit")):
        calibration = CalibrationInTheLarge(mean, Interval(0.2, 0.19, 0.205))
        evaluation = replace(model.evaluation, calibration=calibration)
        evidence = replace(model.evidence, evaluation=evaluation)
        section = calibration_section(FinishedRun(replace(model, evidence=evidence)))
        assert said in " ".join(section.words[0].split())
        assert ("does not fit" in section.words[0]) == calibration.is_off


def test_a_tile_has_one_unit(finished: FinishedRun) -> None:
    shown = tiles(finished)
    assert len(shown) == 5
    for name, figure, beside in shown:
        bounds = beside.partition("interval")[2] or beside
        assert figure.endswith("%") == bounds.endswith("%"), name


def test_a_change_that_rounds_to_zero_has_no_sign(finished: FinishedRun) -> None:
    evaluation = finished.model.evaluation
    same = {
        name: replace(rival, difference=Interval(-1e-5, -0.5, 1e-5))
        for name, rival in evaluation.rivals.items()
    }
    evidence = replace(finished.model.evidence, evaluation=replace(evaluation, rivals=same))
    compared = tiles(FinishedRun(replace(finished.model, evidence=evidence)))[1]
    assert compared[1].split() == ["0.0", "%"]
    assert compared[2].split()[-2:] == ["0.0", "%"]


def test_defaults_of_the_accepted_and_of_all(finished: FinishedRun, words: str) -> None:
    y, refused = finished.data.test.y, finished.model.evaluation.refused
    accepted, everyone = 100 * y[~refused].mean(), 100 * y.mean()
    said = f"Of those accepted {accepted:.1f} % defaulted; had all been accepted, {everyone:.1f} %."
    assert said in words
    nobody = " ".join(verdict(with_refusals(finished, 1.0)).split())
    assert f"Nobody is accepted; had all been accepted, {everyone:.1f} % would have" in nobody


@pytest.mark.parametrize(
    "said",
    [
        "The threshold was chosen on past loans that the model had not seen",
        "threshold past loans that the model had not seen test loans",
        "the best cut-off had the outcomes been known",
        "expected by observed defaults",
        "acceptance compared with the best-treated group",
        "in this group the model does worse than a flat rule",
    ],
)
def test_plain_words_stand_for_jargon(body: str, said: str) -> None:
    assert said in body


def test_the_legend_of_the_pictures_is_plain(finished: FinishedRun) -> None:
    figures = draw_pictures(finished)
    for name in ("cost_by_threshold", "calibration"):
        legend = figures[name].axes[0].get_legend()
        assert legend is not None
        labels = [text.get_text() for text in legend.get_texts()]
        assert "past loans that the model had not seen" in labels
        assert "test loans" in labels
    label = figures["fairness"].axes[-1].get_xlabel()
    assert label.startswith("acceptance compared with the best-treated group")


@pytest.mark.parametrize("term", JARGON)
def test_jargon_stands_in_the_appendix_only(body: str, term: str) -> None:
    assert not re.findall(rf"\b{term}\b", body)


@pytest.mark.parametrize(
    "term",
    [
        *("trials of the search", "treatment of the imbalance", "boosters averaged"),
        *("calibration map", "log-odds", "Brier score", "ECE", "KS", "log loss", "ROC curve"),
    ],
)
def test_the_appendix_has_the_technical_terms(words: str, term: str) -> None:
    assert term in words[words.rindex(APPENDIX) :]


def test_refused_applicants_are_unknown(words: str) -> None:
    limits = (
        "All these loans were granted once. How the applicants who were refused at that time "
        "would have repaid is unknown. The model is tested only on applicants who were once "
        "accepted; for others it may be worse."
    )
    # at the top, and in its section with what follows for the figures
    assert words.count(limits) == 2
    assert "accepting everyone means everyone who was once granted a loan" in words
    assert "the cost per applicant may be higher than shown" in words


def test_the_page_claims_no_status(words: str) -> None:
    assert not re.findall(r"\bin production\b|\bstaging\b|\barchived\b", words, re.IGNORECASE)
    assert "It does not say whether the model is in use, because that can change." in words


@pytest.mark.parametrize(
    ("term", "explanation"),
    [
        ("portfolio", "Portfolio (the loans that the model learned from):"),
        ("features", "facts about an applicant (the features)"),
        ("default", "probability of default: how likely it is that the loan will not be repaid"),
        ("good client", "A good client is one who repays"),
        ("threshold", "This limit is the threshold."),
        ("test loans", "loans that were kept aside for this (the test loans)"),
        ("auc", "Ranking (AUC) {} 0.5 is chance, 1 is perfect"),
        ("champion", "the model in use is called the champion"),
        ("challenger", "a newer version that may replace it is called the challenger"),
        ("flat rule", "a flat rule, which accepts or refuses everybody"),
        ("a leak", "A leak is a feature that was filled in or changed after the decision"),
        ("protected columns", "Protected columns say which group an applicant belongs to"),
        ("best-treated", "The best-treated group is the one that is accepted most often"),
    ],
)
def test_a_term_is_explained_where_it_comes_first(
    words: str, finished: FinishedRun, term: str, explanation: str
) -> None:
    auc = f"{finished.model.metrics['test_roc_auc']:.3f}"
    place = words.index(explanation.format(auc))
    assert place <= words.lower().index(term) < place + len(explanation.format(auc))


def test_figures_are_rounded(words: str) -> None:
    assert not re.findall(r"\d\.\d{4,}", words)
    assert not re.findall(r"\d\.\d{3,} ?%", words)


def test_what_to_look_at_is_said_in_sentences(finished: FinishedRun) -> None:
    found = concerns(finished)
    assert found
    for line in found:
        assert line.endswith(".")
        assert not re.search(r"\b(AUC|PD|rows)\b", line)
    worse = [line for line in found if "does worse than a flat rule" in line]
    assert len(worse) == 1


def test_a_caption_is_a_text_of_its_own() -> None:
    assert all(caption.endswith(".") for caption in CAPTIONS.values())


def test_a_portfolio_without_protected_columns_has_no_fairness(finished: FinishedRun) -> None:
    evidence = replace(finished.model.evidence, fairness=())
    assert fairness_section(FinishedRun(replace(finished.model, evidence=evidence))) is None

"""The report of a monitoring: self-contained, in plain words, with every section."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from monitoring.findings import Advice, Alarm, AlarmKind, Option
from monitoring.report import MonitoredModel, draw_findings, write_monitoring_report
from monitoring.report.action_section import verdict_on
from monitoring.report.alarm_lines import alarm_sentences
from monitoring.report.decision_sections import drift_section
from monitoring.report.monitoring_page import PICTURE_CAPTIONS
from monitoring.report.outcome_pictures import places_of
from tests.monitoring.report.made_findings import MONTHS
from tests.train.report.page import Page
from tests.train.report.test_report import A4_POINTS, browse
from train.statistics import Interval


@pytest.fixture(scope="module")
def words(monitoring_report: Path) -> str:
    return Page(monitoring_report).words


def test_the_page_is_valid_and_loads_nothing(monitoring_report: Path) -> None:
    page = Page(monitoring_report)
    assert not page.open
    assert not [tag for tag, _ in page.tags if tag in ("script", "iframe", "img", "object")]
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            if name in ("src", "href", "xlink:href", "action", "data", "srcset"):
                assert (value or "").startswith(("#", "data:")), (tag, name, value)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    pictures = [a for tag, a in page.tags if tag == "svg"]
    assert len(pictures) == len(PICTURE_CAPTIONS)
    assert all(a["role"] == "img" and a["aria-label"] for a in pictures)
    assert "default-src 'none'" in monitoring_report.read_text(encoding="utf-8")


def test_the_top_says_what_rings_and_what_to_do(words: str) -> None:
    assert (
        "credit-scoring version 3 made most decisions of December 2007, the month that is judged. "
        "2 alarms ring about drift and the number of defaults. The advice is to recalibrate. For "
        "each applicant, it would save 0.0213 (0.0102 to 0.0324) times the cost of refusing one "
        "good client."
    ) in words
    assert "Alarm: Sector of the business changed in December 2007" in words
    assert "2 outcomes are about no decision of the log. Among them: loan-1, loan-2." in words


def test_the_page_has_every_section_in_order(words: str) -> None:
    titles = [
        *("What to do", "Outcomes beside what was expected", "Vintages: defaults by age"),
        *("Drift: applicants compared", "Expected cost, if calibration holds", "Traffic"),
        *("Probability and ranking", "Appendix: technical details"),
    ]
    places = [words.rindex(title) for title in titles]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "said",
    [
        # what nobody saw, and what the expected cost rests on
        "Nobody saw what refused applicants would have done.",
        "estimated cost per refused applicant",
        "They rest on one assumption: that the probabilities are right",
        "Since the training, the expected cost per applicant has changed by 0.0310 (0.0190 to",
        "12 (few)",
        "of 58,155 accepted so far; expected 3.50 %",
    ],
)
def test_a_figure_stands_beside_what_it_rests_on(words: str, said: str) -> None:
    assert said in words


def test_no_figure_that_is_not_known_is_shown(words: str) -> None:
    assert not re.findall(r"\b(nan|inf|None)\b", words)
    assert not re.findall(r"\d\.\d{5,}", words)


def test_a_log_without_outcomes_and_without_drift_has_a_report(
    monitored: MonitoredModel, tmp_path: Path
) -> None:
    nothing = Option(
        "nothing", Interval(0.0, 0.0, 0.0), "Nothing can be advised: there are no outcomes."
    )
    found = monitored.findings
    bare = replace(
        found,
        traffic=tuple(replace(month, is_judged=False) for month in found.traffic[:1]),
        drift=(),
        costs=(),
        outcomes=(),
        rankings=(),
        bands=(),
        vintages=(),
        alarms=(),
        advice=Advice(nothing, (nothing,)),
        problems=(),
    )
    model = replace(monitored, findings=bare)
    figures = draw_findings(model)
    assert set(figures) == {"acceptance"}
    path = tmp_path / "report.html"
    write_monitoring_report(model, figures, path)
    words = Page(path).words
    assert "No alarm rings. Nothing can be advised: there are no outcomes." in words
    assert "Nothing needs to be done" not in words
    assert words.count("Nothing can be advised: there are no outcomes.") == 3
    assert "No outcome can be compared yet." in words
    assert "Vintages" not in words


def test_alarms_are_never_nothing(monitored: MonitoredModel) -> None:
    nothing = Option("nothing", Interval(0.0, 0.0, 0.0), "Nothing can be advised: why.")
    stop = Option("stop", Interval(-0.2, -0.24, -0.16), "Both flat rules cost more.")
    for options, begins in (((nothing,), nothing.reason), ((nothing, stop), "No choice is known")):
        found = replace(monitored.findings, advice=Advice(nothing, options))
        said = verdict_on(replace(monitored, findings=found))
        assert f"2 alarms ring about drift and the number of defaults. {begins}" in said
        assert "Find out why alarms ring before you go on." in said
        assert "Nothing needs to be done" not in said


def test_nothing_needs_to_be_done_if_no_choice_saves(monitored: MonitoredModel) -> None:
    nothing = Option("nothing", Interval(0.0, 0.0, 0.0), "The decisions stay as they are.")
    stop = Option("stop", Interval(-0.2, -0.24, -0.16), "Both flat rules cost more.")
    found = replace(monitored.findings, advice=Advice(nothing, (nothing, stop)), alarms=())
    said = verdict_on(replace(monitored, findings=found))
    assert said.endswith("No alarm rings. Nothing needs to be done.")


def sentences(model: MonitoredModel, *alarms: Alarm) -> list[tuple[AlarmKind, str]]:
    return list(alarm_sentences(replace(model, findings=replace(model.findings, alarms=alarms))))


def test_alarms_of_many_months_are_one_sentence(monitored: MonitoredModel) -> None:
    whole = monitored.findings.alarms[1]
    months = [*MONTHS[2:14], MONTHS[20], *MONTHS[30:32]]
    alarms = (whole, *(replace(whole, month=month) for month in months))
    assert sentences(monitored, *alarms) == [
        ("defaults", whole.text),
        (
            "defaults",
            "More defaults than expected in 15 months of decision: 2005-03 to 2006-02, 2006-09, "
            "2007-07 to 2007-08.",
        ),
    ]
    one = replace(whole, month=MONTHS[0], text="January.")
    assert [text for _, text in sentences(monitored, whole, one)] == [whole.text, "January."]


def test_alarms_of_many_features_are_one_sentence(monitored: MonitoredModel) -> None:
    sector = monitored.findings.alarms[0]
    others = [replace(sector, subject=name, value=0.15) for name in ("state", "probability")]
    ((kind, text),) = sentences(monitored, sector, *others)
    assert kind == "drift"
    assert text == (
        "In December 2007, 3 features have another distribution than in training (in brackets the "
        "PSI): `sector` (0.214), `state` (0.150), `probability` (0.150). Since the training, "
        "the expected cost per applicant has changed by 0.0310 (0.0190 to 0.0430) "
        f"{monitored.unit}."
    )


def test_a_picture_marks_the_months_of_its_own_alarm(monitored: MonitoredModel) -> None:
    figures = draw_findings(monitored)
    labels = {
        name: figures[name].axes[0].get_legend_handles_labels()[1]
        for name in ("default_rates", "costs_realised")
    }
    assert "alarm" in labels["default_rates"]
    assert "alarm" not in labels["costs_realised"]


def test_months_with_few_decisions_are_in_no_picture(monitored: MonitoredModel) -> None:
    found = monitored.findings
    small = found.traffic[7].month
    assert small not in monitored.shown_months
    assert small not in [vintage.month for vintage in monitored.shown_vintages]
    only = replace(
        found,
        costs=tuple(month for month in found.costs if month.month == small),
    )
    axes = draw_findings(replace(monitored, findings=only))["expected_cost"].axes[0]
    assert not [line for line in axes.lines if np.size(line.get_xdata())]
    axes = draw_findings(monitored)["default_rates"].axes[0]
    # the expected defaults of all months but one
    assert np.size(axes.lines[0].get_xdata()) == len(MONTHS) - 1


def test_a_month_without_decisions_leaves_a_gap() -> None:
    assert places_of([200511, 200512, 200602]).tolist() == [0, 1, 3]


@pytest.mark.slow
def test_a_browser_opens_it_light_dark_and_on_paper(
    monitoring_report: Path, tmp_path: Path
) -> None:
    brightness = {}
    for name, scheme in (("light", "1"), ("dark", "0")):
        picture = tmp_path / f"{name}.png"
        log = browse(
            monitoring_report,
            tmp_path / name,
            f"--screenshot={picture}",
            "--window-size=900,1400",
            f"--blink-settings=preferredColorScheme={scheme}",
        )
        # the browser writes to the console when the policy of the page forbids a request
        assert ":CONSOLE" not in log
        brightness[name] = float(np.median(imread(picture)[..., :3].mean(axis=2)))
    assert brightness["light"] > 0.9
    assert brightness["dark"] < 0.2
    paper = tmp_path / "report.pdf"
    options = ("--no-pdf-header-footer", f"--print-to-pdf={paper}")
    browse(monitoring_report, tmp_path / "paper", *options)
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", paper.read_bytes())
    assert len(boxes) >= 4
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {A4_POINTS}


def test_of_many_levels_those_that_changed_most_are_shown(monitored: MonitoredModel) -> None:
    month = monitored.findings.drift[-1]
    levels = tuple((f"level {n}", 0.01, 0.01 + n * 1e-5) for n in range(300))
    many = replace(next(f for f in month.features if f.rings), bins=levels)
    findings = replace(monitored.findings, drift=(replace(month, features=(many,)),))
    section = drift_section(replace(monitored, findings=findings))
    [table] = [t for t in section.tables if t.caption.endswith("the groups that changed most")]
    assert [row[0] for row in table.rows] == [f"level {n}" for n in range(299, 287, -1)]

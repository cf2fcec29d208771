"""The report is one self-contained page without errors; its pictures are written as files."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imread

from tests.made import make_loans
from tests.train.found import ODD_NAME, SETTINGS, find
from tests.train.report.page import Page
from train.report import FinishedRun, draw_pictures, save_pictures, write_report
from train.report.summary import tiles

ALL_PICTURES = [
    *("cost_by_threshold", "cost_against_others", "probability_by_outcome", "calibration"),
    *("quarters", "segments", "importance_in_money", "contributions", "curves", "fairness"),
    "discrimination",
]
A4_POINTS = (595, 842)


def test_every_picture_is_drawn_and_reproducible(finished: FinishedRun, tmp_path: Path) -> None:
    folders = [tmp_path / "first", tmp_path / "second"]
    for folder in folders:
        folder.mkdir()
        paths = save_pictures(draw_pictures(finished), folder)
        assert [path.stem for path in paths] == ALL_PICTURES
    for path in folders[0].iterdir():
        assert path.read_bytes() == (folders[1] / path.name).read_bytes()
        assert imread(path).std() > 0.02


def test_the_pictures_of_features_can_be_drawn_from_odd_values(
    finished: FinishedRun, tmp_path: Path
) -> None:
    model, test = finished.model, finished.data.test
    effects = model.evidence.effects
    first = effects.curves[0]
    empty = replace(first, values=np.array([np.nan]), probability=first.probability[:, :1])
    one = replace(first, values=np.array([5.0]), probability=first.probability[:, :1])
    for curve, gone in ((empty, np.nan), (one, 5.0)):
        odd = replace(
            finished.model,
            data=replace(finished.data, test=replace(test, matrix=np.full_like(test.matrix, gone))),
            evidence=replace(
                model.evidence,
                effects=replace(
                    effects,
                    contributions=np.zeros_like(effects.contributions),
                    curves=(curve,),
                ),
            ),
        )
        figures = draw_pictures(FinishedRun(odd))
        wanted = {name: figures[name] for name in ("contributions", "curves")}
        assert all(path.stat().st_size for path in save_pictures(wanted, tmp_path))


def test_thousands_of_points_do_not_make_the_page_large(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    swarm = text[text.index('id="contributions-') :]
    assert len(swarm[: swarm.index("</svg>")]) < 250_000
    assert len(text) < 900_000


def test_the_page_is_valid_and_loads_nothing(report: Path) -> None:
    page = Page(report)
    assert not page.open
    assert not [tag for tag, _ in page.tags if tag in ("script", "iframe", "img", "object")]
    for tag, attributes in page.tags:
        for name, value in attributes.items():
            if name in ("src", "href", "xlink:href", "action", "data", "srcset"):
                assert (value or "").startswith(("#", "data:")), (tag, name, value)
    text = report.read_text(encoding="utf-8")
    assert not re.search(r"@import|url\((?!#)", text)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    used = re.findall(r'(?:url\(|href=")#([^")]+)', text)
    assert used
    assert set(used) <= set(ids)


def test_the_page_has_every_section_and_its_figures(report: Path, finished: FinishedRun) -> None:
    page = Page(report)
    text = page.words
    titles = [
        *("The decision", "What these figures cannot show", "The money", "How sure this is"),
        "Does the probability mean",
        *("Stability over time", "Where it is weak", "Which features matter", "Fairness"),
        *("Leak audit", "The data", "Appendix: technical details"),
    ]
    places = [text.rindex(title) for title in titles]
    assert places == sorted(places)
    metrics = finished.model.metrics
    assert f"{metrics['threshold'] * 100:.2f} %" in text
    assert f"{metrics['test_cost_per_applicant']:.3f}" in text
    assert f"{metrics['test_cost_ci_low']:.3f} to {metrics['test_cost_ci_high']:.3f}" in text
    assert "2021 Q3" in text
    assert "known only after default" in text
    assert finished.data.digest in text
    assert ODD_NAME in text
    assert "nan" not in text.lower().split()
    pictures = [a for tag, a in page.tags if tag == "svg"]
    assert len(pictures) == len(ALL_PICTURES)
    assert all(a["role"] == "img" and a["aria-label"] for a in pictures)


def test_a_section_without_data_is_left_out(tmp_path: Path) -> None:
    split = 'method = "random"\ntest_size = 0.3\nseed = 0'
    loans = make_loans(1500).drop(columns=["decided_on", "sex", "amount"])
    bare = find(tmp_path, loans, split=split, decision_date="", amount="", protected="")
    figures = draw_pictures(bare)
    assert not {"quarters", "fairness"} & set(figures)
    path = tmp_path / "report.html"
    write_report(bare, figures, path)
    page = Page(path)
    assert "Stability over time" not in page.text
    assert "Fairness" not in page.text
    assert len([tag for tag, _ in page.tags if tag == "svg"]) == len(figures)


def test_loans_with_their_own_costs_have_a_report(tmp_path: Path) -> None:
    sections = """
[costs]
false_negative = "amount * 0.65 + 200"
false_positive = "amount * 0.04 + 50"
realised_false_negative = "lost_amount"
realised_false_positive = "amount * 0.04"
"""
    found = find(tmp_path, make_loans(3000), sections)
    figures = draw_pictures(found)
    assert "cost_realised" in figures
    path = tmp_path / "report.html"
    write_report(found, figures, path)
    page = Page(path)
    text = page.words
    assert "Each loan has a threshold of its own" in text
    assert "Accepting a defaulter costs amount * 0.65 + 200" in text
    assert "what the decisions cost in the end, lost_amount for each defaulter accepted" in text
    realised = found.model.metrics["realised/cost_per_applicant"]
    assert f"{realised:,.0f}" in text
    cost, _, in_the_end, *_ = tiles(found)
    assert cost[2].startswith("in the currency of the portfolio; 95")
    assert in_the_end[0] == "Realised cost per applicant"
    assert in_the_end[2].startswith("in the currency of the portfolio; 95")
    assert "good client" not in cost[2]
    # the pictures show the decisions: refused from the chosen multiple of the loan's own threshold
    refused = found.scale.test >= found.scale.chosen
    assert (refused == found.model.evaluation.refused).mean() > 0.999


def test_a_model_that_accepts_or_refuses_all_has_a_report(
    finished: FinishedRun, tmp_path: Path
) -> None:
    from train.evaluation import gather_evidence

    model = finished.model
    booster = model.scorer.booster
    for threshold in (0.0, 1.0):
        policy = replace(model.scorer.policy, threshold=threshold)
        scorer = replace(model.scorer, policy=policy)
        evidence = gather_evidence(
            finished.portfolio, finished.data, scorer, booster, SETTINGS.costs, seed=0
        )
        extreme = replace(model, scorer=scorer, evidence=evidence)
        said = FinishedRun(extreme)
        path = tmp_path / f"{threshold}.html"
        write_report(said, draw_pictures(said), path)
        assert not Page(path).open


def chromium() -> str:
    """Return the path of the browser; without one the test is skipped, except in CI."""
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    if not found and not os.environ.get("CI"):
        pytest.skip("needs chromium")
    assert found, "install chromium"
    return found


def browse(page: Path, profile: Path, *options: str) -> str:
    """Open a page in a new headless browser and return its standard error."""
    command = [
        *(chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"),
        *("--hide-scrollbars", "--enable-logging=stderr", f"--user-data-dir={profile}"),
        # no host name resolves: the browser must not call home
        *("--host-resolver-rules=MAP * ~NOTFOUND", "--disable-background-networking"),
        *(*options, page.as_uri()),
    ]
    result = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    return result.stderr


@pytest.mark.slow
def test_a_browser_opens_it_without_error_or_request(report: Path, tmp_path: Path) -> None:
    # the browser writes to the console when the policy of the page forbids a request
    assert ":CONSOLE" not in browse(report, tmp_path / "profile", "--dump-dom")


@pytest.mark.slow
@pytest.mark.parametrize(
    "forbidden",
    [
        '<img src="http://127.0.0.1:9/x.png">',
        '<link rel="stylesheet" href="http://127.0.0.1:9/x.css">',
        "<style>@import url(http://127.0.0.1:9/x.css);</style>",
        "<script>nothing.there()</script>",
    ],
)
def test_a_browser_reports_forbidden_content(forbidden: str, report: Path, tmp_path: Path) -> None:
    page = tmp_path / "forbidden.html"
    text = report.read_text(encoding="utf-8")
    page.write_text(text.replace("</main>", f"{forbidden}</main>"), encoding="utf-8")
    assert ":CONSOLE" in browse(page, tmp_path / "profile", "--dump-dom")


@pytest.mark.slow
def test_it_follows_the_light_or_dark_scheme(report: Path, tmp_path: Path) -> None:
    brightness = {}
    for name, scheme in (("light", "1"), ("dark", "0")):
        picture = tmp_path / f"{name}.png"
        browse(
            report,
            tmp_path / name,
            f"--screenshot={picture}",
            "--window-size=900,1400",
            f"--blink-settings=preferredColorScheme={scheme}",
        )
        pixels = imread(picture)[..., :3].mean(axis=2)
        brightness[name] = float(np.median(pixels))
        # text and lines differ from the background, in the pictures too
        lower = pixels[700:]
        assert np.abs(lower - brightness[name]).max() > 0.5
    assert brightness["light"] > 0.9
    assert brightness["dark"] < 0.2


@pytest.mark.slow
def test_it_prints_on_a4(report: Path, tmp_path: Path) -> None:
    paper = tmp_path / "report.pdf"
    browse(report, tmp_path / "profile", "--no-pdf-header-footer", f"--print-to-pdf={paper}")
    boxes = re.findall(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", paper.read_bytes())
    assert len(boxes) >= 4
    assert {(round(float(w)), round(float(h))) for w, h in boxes} == {A4_POINTS}

"""The pictures as files and the HTML report of a training run."""

from collections.abc import Callable, Mapping
from pathlib import Path

import jinja2
from matplotlib.figure import Figure

from train.report import cost_pictures, evidence_pictures, probability_pictures
from train.report.decision_sections import (
    calibration_section,
    certainty_section,
    decision_section,
    money_section,
)
from train.report.drawing import save_png, style, to_svg
from train.report.evidence_sections import (
    data_section,
    features_section,
    leaks_section,
    segments_section,
    stability_section,
)
from train.report.fairness_section import fairness_section
from train.report.finished_run import FinishedRun
from train.report.formatting import Section
from train.report.summary import concerns, tiles, verdict

TEMPLATE = Path(__file__).with_name("report.html.jinja")
# what those hear who cannot see the picture; it stands under it as well
CAPTIONS = {
    "cost_by_threshold": "Cost per applicant for every threshold",
    "cost_against_others": "What the decisions cost, beside simpler policies",
    "cost_realised": "What the decisions came to in the end",
    "probability_by_outcome": "Probability of default of the test loans, by what became of them",
    "discrimination": "How well defaulters are told from good clients; the dot is the decision",
    "calibration": "Default rate against probability, with 95 % intervals",
    "quarters": "The test period by quarter, with 95 % intervals",
    "segments": "The groups that cost most per applicant",
    "importance_in_money": "What each feature is worth in cost per applicant",
    "fairness": "Acceptance of each protected group by that of the best group",
}


def draw_pictures(run: FinishedRun) -> dict[str, Figure]:
    """Draw every picture that this run has something for, in reading order."""
    evidence = run.model.evidence
    drawings: Mapping[str, tuple[Callable[[FinishedRun], Figure], bool]] = {
        "cost_by_threshold": (cost_pictures.draw_cost, True),
        "cost_against_others": (cost_pictures.draw_money, True),
        "cost_realised": (cost_pictures.draw_realised, run.portfolio.costs.realised),
        "probability_by_outcome": (probability_pictures.draw_outcomes, True),
        "discrimination": (probability_pictures.draw_discrimination, True),
        "calibration": (probability_pictures.draw_calibration, True),
        "quarters": (evidence_pictures.draw_quarters, bool(evidence.quarters)),
        "segments": (evidence_pictures.draw_segments, bool(evidence.segments)),
        "importance_in_money": (evidence_pictures.draw_importance, bool(evidence.importance)),
        "fairness": (evidence_pictures.draw_fairness, bool(evidence.fairness)),
    }
    with style():
        return {name: draw(run) for name, (draw, wanted) in drawings.items() if wanted}


def save_pictures(figures: Mapping[str, Figure], directory: Path) -> list[Path]:
    """Write figures as PNG files named after them into an existing directory."""
    paths = []
    with style():
        for name, figure in figures.items():
            paths.append(directory / f"{name}.png")
            save_png(figure, paths[-1])
    return paths


def write_report(run: FinishedRun, figures: Mapping[str, Figure], path: Path) -> None:
    """Write the report: one self-contained HTML file.

    Parameters
    ----------
    run : FinishedRun
    figures : mapping of str to Figure
        From `draw_pictures`.
    path : Path
    """
    with style():
        drawn = {name: to_svg(figure, name, CAPTIONS[name]) for name, figure in figures.items()}
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    page = template.render(
        title=f"Credit decision: {run.portfolio.name}",
        subtitle=run.portfolio.description,
        verdict=verdict(run),
        tiles=tiles(run),
        concerns=concerns(run),
        sections=sections(run),
        drawn=drawn,
        captions=CAPTIONS,
    )
    path.write_text(page, encoding="utf-8")


def sections(run: FinishedRun) -> list[Section]:
    """Return the chapters of the report that this run has something for."""
    chapters = (
        decision_section(run),
        money_section(run),
        certainty_section(run),
        calibration_section(run),
        stability_section(run),
        segments_section(run),
        features_section(run),
        fairness_section(run),
        leaks_section(run),
        data_section(run),
    )
    return [chapter for chapter in chapters if chapter is not None]

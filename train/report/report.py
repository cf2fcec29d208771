"""Draw the pictures of a training run, and write its HTML report."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from matplotlib.figure import Figure

from train.report import pictures
from train.report.decision_sections import (
    calibration_section,
    certainty_section,
    decision_section,
    money_section,
)
from train.report.evidence_sections import (
    data_section,
    leaks_section,
    segments_section,
    stability_section,
)
from train.report.fairness_section import fairness_section
from train.report.features_section import features_section
from train.report.finished_run import FinishedRun
from train.report.formatting import INTERVAL, Section, Table, whole
from train.report.page import ReportPage, write_page
from train.report.pictures import style
from train.report.summary import GRANTED_ONCE, concerns, doubts, limits_section, tiles, verdict

# the caption of each picture, and its text for people who cannot see it
CAPTIONS = {
    "cost_by_threshold": "Cost per applicant at every threshold. Blue: the loans on which the "
    "threshold was chosen. Orange: the test loans.",
    "cost_against_others": "Cost per applicant of the model and of simpler rules.",
    "cost_realised": "Realised cost per applicant of the model and of simpler rules.",
    "probability_by_outcome": "Probability of default of the test loans: loans that were repaid, "
    "and loans that defaulted.",
    "calibration": "Expected and observed defaults of each tenth of the loans, ordered by "
    f"probability, with {INTERVAL}s.",
    "quarters": f"The test period by quarter, with {INTERVAL}s. Dotted: the whole test period.",
    "segments": f"The groups with the highest cost per applicant, with {INTERVAL}s. Red: in this "
    "group the model does worse than a flat rule.",
    "importance_in_money": "Rise in cost per applicant when the values of one feature are "
    "exchanged at random.",
    "contributions": "What the features add for single test loans: each point is a loan. Points to "
    "the right raise the probability of default, points to the left lower it. The colour shows the "
    "loan's value of the feature. Features with the largest mean effect come first.",
    "curves": "The probability of default as one feature changes and all others stay. Blue: the "
    "mean of some test loans. Thin grey: single loans; for a category, the middle half of the "
    "loans. Orange: no value. The grey area shows how often a value occurs.",
    "fairness": "Acceptance compared with the best-treated group. Red: below four fifths.",
    "discrimination": "ROC curve (left) and precision-recall curve (right). The dot is the chosen "
    "threshold.",
}
# each term of the appendix, explained
TERMS = (
    ("trial of the search", "one set of model settings that was tried out"),
    (
        "treatment of the imbalance",
        "how training makes up for few defaulters: not at all, by weights, or by resampling",
    ),
    ("booster, tree", "a booster adds up many small decision trees; several are averaged"),
    (
        "calibration map",
        "turns the raw output of the boosters (log-odds) into a probability of default",
    ),
    (
        "effect of a value",
        "what it adds to the raw output of the boosters (log-odds), by Shapley's rule (TreeSHAP)",
    ),
    ("SHA-256", "a fingerprint of the data: it differs if the table differs"),
    ("AUC", "the chance that a defaulter gets a higher probability than a good client"),
    ("KS", "largest difference between the shares of defaulters and of good clients refused"),
    ("Brier score, log loss", "errors of the probability for single loans; lower is better"),
    ("ECE", "mean difference between expected and observed defaults in ten groups of loans"),
    ("ROC curve", "share of defaulters refused, by share of good clients refused"),
    ("precision-recall curve", "defaulters among the refused, by share of defaulters refused"),
    ("average precision", "area under the precision-recall curve"),
    ("PSI", "population stability index: change of a feature's distribution; 0 is no change"),
)


def draw_pictures(run: FinishedRun) -> dict[str, Figure]:
    """Draw the pictures of this run in reading order; those without data are left out."""
    evidence = run.model.evidence
    drawings: Mapping[str, tuple[Callable[[FinishedRun], Figure], bool]] = {
        "cost_by_threshold": (pictures.draw_cost, True),
        "cost_against_others": (pictures.draw_money, True),
        "cost_realised": (pictures.draw_realised, run.portfolio.costs.realised),
        "probability_by_outcome": (pictures.draw_outcomes, True),
        "calibration": (pictures.draw_calibration, True),
        "quarters": (pictures.draw_quarters, bool(evidence.quarters)),
        "segments": (pictures.draw_segments, bool(evidence.segments)),
        "importance_in_money": (pictures.draw_importance, bool(evidence.importance)),
        "contributions": (pictures.draw_contributions, True),
        "curves": (pictures.draw_curves, bool(evidence.effects.curves)),
        "fairness": (pictures.draw_fairness, bool(evidence.fairness)),
        "discrimination": (pictures.draw_discrimination, True),
    }
    with style():
        return {name: draw(run) for name, (draw, wanted) in drawings.items() if wanted}


def write_report(run: FinishedRun, figures: Mapping[str, Figure], path: Path) -> None:
    """Write the report: one self-contained HTML file.

    Parameters
    ----------
    run : FinishedRun
    figures : mapping of str to Figure
        From `draw_pictures`.
    path : Path
    """
    page = ReportPage(
        title=f"Credit decision: {run.portfolio.name}",
        subtitle=f"Portfolio (the loans that the model learned from): {run.portfolio.description}",
        verdict=verdict(run),
        limits=GRANTED_ONCE,
        tiles=tiles(run),
        sections=sections(run),
        captions=CAPTIONS,
        doubts=doubts(run),
        concerns=concerns(run),
    )
    write_page(page, figures, path)


def sections(run: FinishedRun) -> list[Section]:
    """Return the sections of the report; those without data are left out."""
    found = (
        decision_section(run),
        limits_section(),
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
    chapters = [section for section in found if section is not None]
    return [*chapters, _appendix(run, chapters)]


def _appendix(run: FinishedRun, chapters: Sequence[Section]) -> Section:
    """Return the technical tables of all sections, with their terms explained, as one section."""
    words = "The appendix has details for readers who know the method, and explains the terms."
    terms = Table(("term", "meaning"), TERMS, "Terms", texts=2)
    technical = [table for section in chapters for table in section.appendix]
    return Section(
        "appendix",
        "Appendix: technical details",
        (words,),
        ("discrimination",),
        (_made(run), *technical, terms),
    )


def _made(run: FinishedRun) -> Table:
    model = run.model
    treatments = dict.fromkeys(
        member.params.treatment.replace("_", " ") for member in model.members
    )
    asked = model.portfolio.model_settings
    fixed = ", ".join(f"{name} = {value}" for name, value in asked.fixed.items())
    rows = [
        ("trials of the search", whole(len(model.search.trials))),
        ("measure of the search", asked.measure.replace("_", " ")),
        *([("fixed parameters", fixed)] if fixed else []),
        ("treatment of the imbalance", ", ".join(treatments)),
        ("boosters averaged", whole(len(model.members))),
        ("trees", whole(model.trees)),
        ("calibration map", model.scorer.policy.calibration.method),
        ("SHA-256 of the table of loans", run.data.digest),
    ]
    return Table(("", ""), rows, "How the model was made", texts=2)

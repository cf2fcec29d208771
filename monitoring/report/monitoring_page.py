"""Put the report together: pictures, captions, sections, terms."""

from collections.abc import Callable, Mapping
from pathlib import Path

from matplotlib.figure import Figure

from monitoring.report.action_section import (
    REFUSED_ARE_ESTIMATED,
    action_section,
    monitoring_tiles,
    verdict_on,
    what_to_look_at,
)
from monitoring.report.decision_pictures import draw_acceptance, draw_drift, draw_expected_cost
from monitoring.report.decision_sections import (
    drift_section,
    expected_cost_section,
    traffic_section,
)
from monitoring.report.monitored import MonitoredModel
from monitoring.report.outcome_pictures import (
    draw_bands,
    draw_default_rates,
    draw_realised_costs,
    draw_vintages,
)
from monitoring.report.outcome_sections import (
    calibration_bands_section,
    outcomes_section,
    vintages_section,
)
from train.report import INTERVAL, ReportPage, Section, Table, write_page
from train.report.pictures import style

PICTURE_CAPTIONS = {
    "default_rates": "Share of defaults by month of decision, among accepted applicants. Months "
    f"with too few decisions are left out. Orange: observed, with {INTERVAL}s. Blue: expected at "
    "the age of the same decisions. Red: the alarm of defaults rings.",
    "costs_realised": "Cost per accepted applicant by month of decision. Orange: realised, with "
    f"{INTERVAL}s. Blue: expected at the age of the same decisions. Red: the alarm of cost rings.",
    "vintages": "Share of defaults by age of the decision, for some months. Months with too few "
    f"decisions are left out. Orange: observed, with {INTERVAL}s. Dashed blue: expected.",
    "drift": "Population stability index (PSI) by month, for what changed most in the month that "
    "is judged. Grey area: what chance explains. Red: more than chance explains, and more than the "
    "limit of the portfolio.",
    "expected_cost": f"Expected cost per applicant by month, with {INTERVAL}s (blue), and what it "
    "would be if all applicants were accepted or refused.",
    "acceptance": f"Share of accepted applicants by month, with {INTERVAL}s, and number of "
    "decisions.",
    "calibration_bands": "Expected and observed defaults of each tenth of the mature accepted "
    f"decisions, ordered by probability, with {INTERVAL}s.",
}
MONITORING_TERMS = (
    ("as-of day", "the last day that counts; later decisions and outcomes are left out"),
    ("version in use", "the version that made most decisions of the month that is judged"),
    ("mature", "decided so long ago that 'repaid so far' counts as repaid"),
    ("vintage", "all accepted decisions of one month"),
    ("drift", "a change of the applicants against the training loans"),
    (
        "PSI",
        "population stability index: sum of (share now - share in training) times the logarithm of "
        "their ratio, over the bins of a feature. Bins in which fewer than 20 decisions are "
        "expected are joined. A bin without decisions counts as half a decision. The profile has "
        "rounded shares, so the share in training is moved, within the rounding, towards the share "
        "now",
    ),
    ("p-value", "how often chance alone gives a result as extreme as this one"),
    (
        "Jeffreys' test",
        "the probability, after D defaults among N, that the true share is not more than expected, "
        "by the beta distribution with D + 1/2 and N - D + 1/2",
    ),
    ("AUC", "the chance that a defaulter had a higher probability than one who repaid"),
    ("calibration", "that of 100 applicants with a probability of 10 %, about 10 default"),
    ("simulation", "a request that asks what would be decided; it is no decision"),
)


def draw_findings(model: MonitoredModel) -> dict[str, Figure]:
    """Draw the pictures in reading order; those without data are left out."""
    findings = model.findings
    drawings: Mapping[str, tuple[Callable[[MonitoredModel], Figure], bool]] = {
        "default_rates": (draw_default_rates, bool(findings.outcomes)),
        "costs_realised": (draw_realised_costs, bool(findings.outcomes)),
        "vintages": (draw_vintages, bool(findings.vintages)),
        "drift": (draw_drift, model.drift is not None and bool(model.drift.features)),
        "expected_cost": (draw_expected_cost, any(month.decisions for month in findings.costs)),
        "acceptance": (draw_acceptance, bool(findings.traffic)),
        "calibration_bands": (draw_bands, bool(findings.bands)),
    }
    with style():
        return {name: draw(model) for name, (draw, wanted) in drawings.items() if wanted}


def write_monitoring_report(
    model: MonitoredModel, figures: Mapping[str, Figure], path: Path
) -> None:
    """Write the report: one self-contained HTML file.

    Parameters
    ----------
    model : MonitoredModel
    figures : mapping of str to Figure
        From `draw_findings`.
    path : Path
    """
    page = ReportPage(
        title=f"Monitoring: {model.findings.model or model.version}",
        subtitle=f"What was decided, and what is known of it up to {model.findings.as_of:%d %B %Y}",
        verdict=verdict_on(model),
        limits=REFUSED_ARE_ESTIMATED,
        tiles=monitoring_tiles(model),
        sections=monitoring_sections(model),
        captions=PICTURE_CAPTIONS,
        concerns=what_to_look_at(model),
    )
    write_page(page, figures, path)


def monitoring_sections(model: MonitoredModel) -> list[Section]:
    """Return the sections of the report; those without data are left out."""
    found = (
        action_section(model),
        outcomes_section(model),
        vintages_section(model),
        drift_section(model),
        expected_cost_section(model),
        traffic_section(model),
        calibration_bands_section(model),
    )
    chapters = [section for section in found if section is not None]
    technical = [table for section in chapters for table in section.appendix]
    terms = Table(("term", "meaning"), MONITORING_TERMS, "Terms", texts=2)
    words = "The appendix has details for readers who know the method, and explains the terms."
    appendix = Section("appendix", "Appendix: technical details", (words,), (), (*technical, terms))
    return [*chapters, appendix]

"""Turn findings into metrics by month and into tables for further analysis."""

import math
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict

import pandas as pd

from monitoring.facts import PROBABILITY
from monitoring.findings import DriftMonth, Findings, OutcomeMonth
from monitoring.report.monitored import month_mark
from train.report import flat_figures

Metrics = Mapping[str, float]


def monthly_metrics(findings: Findings) -> Iterator[tuple[int, Metrics]]:
    """Yield the metrics of each month, with the month as step: 200501 is January 2005."""
    for traffic in findings.traffic:
        counts = {
            "refused_requests": sum(traffic.refused_requests.values()),
            "simulated": sum(traffic.simulated.values()),
            "unlogged": sum(traffic.unlogged.values()),
        }
        yield traffic.month, _named("traffic", flat_figures(asdict(traffic)) | counts)
    for drift in _drift_of_each_month(findings.drift):
        yield drift.month, _drift_metrics(drift)
    for cost in findings.costs:
        yield cost.month, _named("costs", flat_figures(asdict(cost)))
    for outcomes in findings.outcomes:
        if outcomes.month is not None:
            yield outcomes.month, _outcome_metrics("outcomes", outcomes)
    for ranking in findings.rankings:
        if ranking.month is not None:
            yield ranking.month, _named("ranking", flat_figures(asdict(ranking)))


def overall_metrics(findings: Findings) -> Metrics:
    """Return the metrics of all months together; MLflow's pages list them first."""
    found = {
        "alarms": float(len(findings.alarms)),
        "alarms_of_drift": float(sum(alarm.kind == "drift" for alarm in findings.alarms)),
        "decisions": float(findings.decisions),
        "damaged_decisions": float(findings.damaged),
    }
    saving = findings.advice.chosen.saving
    if saving is not None:
        found["advised_saving"] = saving.value
    for outcomes in findings.outcomes:
        if outcomes.month is None:
            found |= _outcome_metrics("all_months", outcomes)
    for ranking in findings.rankings:
        if ranking.month is None:
            ranked = {"auc": ranking.auc.value, "expected_auc": ranking.expected_auc}
            found |= _named("all_months", ranked)
    return found


def _named(group: str, figures: Mapping[str, str | float]) -> dict[str, float]:
    """Return the figures that are finite numbers, as metrics of a group."""
    return {
        f"{group}/{name}": float(value)
        for name, value in figures.items()
        if name != "month" and not isinstance(value, str) and math.isfinite(value)
    }


def _outcome_metrics(group: str, outcomes: OutcomeMonth) -> dict[str, float]:
    figures = flat_figures(asdict(outcomes)) | {"alarms": len(outcomes.rings)}
    return _named(group, figures)


def _drift_of_each_month(months: Iterable[DriftMonth]) -> list[DriftMonth]:
    """Return one entry for each month: that of the version with most decisions."""
    most: dict[int, DriftMonth] = {}
    for found in months:
        if found.month not in most or found.decisions > most[found.month].decisions:
            most[found.month] = found
    return list(most.values())


def _drift_metrics(drift: DriftMonth) -> dict[str, float]:
    features = [found.feature for found in drift.features if found.feature != PROBABILITY]
    names = dict(zip(features, metric_names(features), strict=True))
    found = {
        "drift/probability"
        if feature.feature == PROBABILITY
        else f"drift/psi/{names[feature.feature]}": feature.psi
        for feature in drift.features
    }
    if drift.cost_rise is not None:
        found["drift/cost_rise"] = drift.cost_rise.value
    return {name: value for name, value in found.items() if math.isfinite(value)}


def metric_names(features: Iterable[str]) -> list[str]:
    """Return names that MLflow takes as part of a metric's name, one for each feature.

    Every sign but letters, digits, dashes and spaces becomes `_`. If two names become equal, the
    later one gets a number.
    """
    names: list[str] = []
    for feature in features:
        plain = re.sub(r"[^\w\- ]", "_", feature)[:200].strip() or "_"
        name, number = plain, 1
        while name in names:
            number += 1
            name = f"{plain}_{number}"
        names.append(name)
    return names


def result_tables(findings: Findings) -> dict[str, pd.DataFrame]:
    """Return the tables by name; a table without rows is left out.

    An interval takes three columns: the figure, and the same name with `_low` and `_high`.
    """
    tables: dict[str, list[dict[str, str | float]]] = {
        "traffic": [_row(asdict(found)) for found in findings.traffic],
        "costs": [_row(asdict(found)) for found in findings.costs],
        "outcomes": [_row(asdict(f)) | {"rings": " ".join(f.rings)} for f in findings.outcomes],
        "rankings": [_row(asdict(found)) for found in findings.rankings],
    }
    tables["requests"] = [
        {"month": month_mark(traffic.month), "kind": kind, "cause": cause, "count": count}
        for traffic in findings.traffic
        for kind in ("refused_requests", "simulated", "unlogged")
        for cause, count in getattr(traffic, kind).items()
    ]
    tables["drift"] = [
        {
            "month": month_mark(month.month),
            "version": month.version.version,
            **flat_figures(asdict(feature)),
        }
        for month in findings.drift
        for feature in month.features
    ]
    tables["bins"] = [
        {
            "month": month_mark(month.month),
            "version": month.version.version,
            "feature": feature.feature,
            "bin": name,
            "share_in_training": before,
            "share": now,
        }
        for month in findings.drift
        for feature in month.features
        for name, before, now in feature.bins
    ]
    tables["bands"] = [flat_figures(asdict(band)) for band in findings.bands]
    tables["vintages"] = list(_vintage_rows(findings))
    tables["alarms"] = [_row(asdict(alarm)) for alarm in findings.alarms]
    return {name: pd.DataFrame(rows) for name, rows in tables.items() if rows}


def _row(values: Mapping[str, object]) -> dict[str, str | float]:
    """Return one row of a table that begins with the month."""
    month = values["month"]
    named = month_mark(month) if isinstance(month, int) else "all"
    # numbers by cause are a table of their own
    flat = {name: value for name, value in values.items() if name not in _BY_CAUSE}
    return {**flat_figures(flat), "month": named}


_BY_CAUSE = ("refused_requests", "simulated", "unlogged")


def _vintage_rows(findings: Findings) -> Iterator[dict[str, str | float]]:
    for vintage in findings.vintages:
        for place, age in enumerate(vintage.ages_days):
            expected = vintage.expected_rates
            yield {
                "month": month_mark(vintage.month),
                "decisions": vintage.decisions,
                "age_days": age,
                **flat_figures({"default_rate": asdict(vintage.default_rates[place])}),
                "expected_rate": expected[place] if expected else math.nan,
            }

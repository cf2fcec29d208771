"""Turn the evidence into tables for further analysis."""

from collections.abc import Mapping
from dataclasses import asdict

import pandas as pd

from train.evaluation import Evidence, GroupFairness, LeakCheck, Quarter
from train.statistics import Interval


def evidence_tables(evidence: Evidence, leaks: tuple[LeakCheck, ...]) -> dict[str, pd.DataFrame]:
    """Return the tables by name; a table without rows is left out.

    An interval takes three columns: the figure, and the same name with `_low` and `_high`.
    """
    tables: dict[str, list[dict[str, str | float]]] = {
        "quarters": [{"quarter": q.name, **quarter_figures(q)} for q in evidence.quarters],
        "segments": [flat_figures(asdict(segment)) for segment in evidence.segments],
        "importance": [flat_figures(asdict(item)) for item in evidence.importance],
        "fairness": [
            {"columns": " x ".join(column.columns), **_group_figures(group)}
            for column in evidence.fairness
            for group in column.groups
        ],
        "proxies": [
            {"column": found.column, "feature": feature, "roc_auc": auc}
            for found in evidence.proxies
            for feature, auc in (("(all features)", found.together), *found.by_feature)
        ],
        "leaks": [
            {
                "feature": check.feature,
                "grade": check.grade,
                "findings": "; ".join(check.findings),
                **flat_figures(asdict(check.evidence)),
            }
            for check in leaks
        ],
    }
    return {name: pd.DataFrame(rows) for name, rows in tables.items() if rows}


def quarter_figures(quarter: Quarter) -> dict[str, float]:
    """Return the figures of one quarter by name, without those that have too few rows."""
    figures = flat_figures(_without(asdict(quarter), "year", "number"))
    return {name: value for name, value in figures.items() if not isinstance(value, str)}


def _group_figures(group: GroupFairness) -> dict[str, str | float]:
    return {"group": group.name, **flat_figures(_without(asdict(group), "name"))}


def _without(values: Mapping[str, object], *names: str) -> dict[str, object]:
    return {key: value for key, value in values.items() if key not in names}


def flat_figures(values: Mapping[str, object]) -> dict[str, str | float]:
    """Return nested figures as one flat mapping; an interval takes three names."""
    found: dict[str, str | float] = {}
    for name, value in values.items():
        if isinstance(value, Mapping):
            is_interval = set(value) == set(Interval.__slots__)
            for part, figure in flat_figures(value).items():
                if is_interval:
                    found[name if part == "value" else f"{name}_{part}"] = figure
                else:
                    found[part if name == "calibration" else f"{name}_{part}"] = figure
        elif isinstance(value, str | int | float):
            found[name] = value
    return found

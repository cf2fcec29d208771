"""Write the sections on the evidence: time, weak groups, leaks, data."""

import math

from scoring_model.contract import Feature
from train.evaluation import SHOWN
from train.report.finished_run import FinishedRun
from train.report.formatting import (
    NOTHING,
    Section,
    Table,
    counted,
    listed,
    percent,
    plain,
    stacked,
    whole,
)
from train.statistics import MAX_OFF, DigitGap


def stability_section(run: FinishedRun) -> Section | None:
    """Say how well the model fits in each quarter; None without a decision date."""
    quarters = run.model.evidence.quarters
    if not quarters:
        return None
    limit = percent(MAX_OFF, 0)
    off = [quarter.name for quarter in quarters if quarter.calibration.is_off]
    words = (
        f"In {listed(off)} the expected defaults were off by more than {limit} of the observed "
        "ones: the model expects the default rate of the period that it learned from."
        if off
        else f"In every quarter the expected defaults were within {limit} of the observed ones, or "
        "chance explains the difference.",
    )
    rows = [
        (
            quarter.name,
            whole(quarter.rows),
            stacked(quarter.calibration.default_rate, percent),
            percent(quarter.calibration.mean_probability),
            stacked(quarter.roc_auc),
            stacked(quarter.cost),
            stacked(quarter.acceptance_rate, percent),
        )
        for quarter in quarters
    ]
    header = (
        "quarter",
        "test loans",
        "observed defaults",
        "expected defaults",
        "ranking (AUC)",
        "cost per applicant",
        "accepted",
    )
    table = Table(header, rows, f"The test loans by quarter (cost: {run.unit})")
    return Section("stability", "Stability over time", words, ("quarters",), (table,))


def segments_section(run: FinishedRun) -> Section:
    """Say in which groups the decisions cost most."""
    segments = run.model.evidence.segments
    if not segments:
        words = "No group of applicants clearly costs more per applicant than all test loans."
        return Section("segments", "Where it is weak", (words,))
    worse = sum(segment.is_worse_than_one_answer for segment in segments)
    found = (
        "1 group clearly costs" if len(segments) == 1 else f"{len(segments)} groups clearly cost"
    )
    words = (
        f"{found} more per applicant than all test loans together. Red means: in this group the "
        "model does worse than a flat rule. A flat rule accepts everybody or refuses everybody; "
        f"in a red group it would have cost less. This holds for {counted(worse, 'group')}. Many "
        "groups were compared, so by chance the worst ones look a little worse than they are."
    )
    rows = [
        (
            run.segment_name(segment),
            whole(segment.rows),
            percent(segment.calibration.default_rate.value),
            percent(segment.calibration.mean_probability),
            percent(segment.acceptance_rate),
            stacked(segment.cost),
            plain(min(segment.cost_accept_all, segment.cost_refuse_all)),
        )
        for segment in segments[:SHOWN]
    ]
    header = (
        "group",
        "test loans",
        "observed defaults",
        "expected defaults",
        "accepted",
        "cost per applicant",
        "cost of the best flat rule",
    )
    table = Table(header, rows, f"The most expensive groups (cost: {run.unit})")
    return Section("segments", "Where it is weak", (words,), ("segments",), (table,))


def leaks_section(run: FinishedRun) -> Section:
    """Say what the leak audit found."""
    checks = run.model.leaks
    found = [check for check in checks if check.grade != "clear"]
    accepted = [check.feature for check in checks if check.grade == "accepted"]
    words = (
        "A leak is a feature that was filled in or changed after the decision, so that it contains "
        "the outcome. Before training, every feature was checked for this on the training loans. A "
        "sure sign of a leak stops the training. "
        + (
            "The features in the table should be checked. A weak sign often has a harmless cause. "
            "The population stability index says how much a feature's distribution changed: 0 is "
            "no change."
            if found
            else "No feature shows a sign of a leak."
        )
        + (
            f" In spite of a sure sign, the portfolio accepts {listed(accepted)}."
            if accepted
            else ""
        )
    )
    tables = []
    if found:
        said = [(run.label(c.feature), "; ".join(c.findings)) for c in found]
        tables.append(Table(("feature", "finding"), said, "Features to check", texts=2))
    return Section("leaks", "Leak audit", (words,), (), tuple(tables), (_measured(run),))


def _measured(run: FinishedRun) -> Table:
    rows = [
        (
            run.label(check.feature),
            plain(check.evidence.auc),
            NOTHING if check.evidence.shift is None else f"{check.evidence.shift:.2f}",
            f"{percent(check.evidence.missing_repaid)} / "
            f"{percent(check.evidence.missing_defaulted)}",
            _match(check.evidence.match_column, check.evidence.match_share),
            _digits(check.evidence.digits),
        )
        for check in run.model.leaks
    ]
    header = (
        "feature",
        "AUC of the feature alone",
        "change over time (PSI)",
        "missing: repaid / defaulted",
        "equal to an excluded column",
        "digits: repaid / defaulted",
    )
    return Table(header, rows, "All features as the leak audit measured them", folded=True)


def _digits(gap: DigitGap | None) -> str:
    if gap is None:
        return NOTHING
    return f"{gap.what}\n{percent(gap.repaid, 0)} / {percent(gap.defaulted, 0)}"


def _match(column: str | None, share: float) -> str:
    return NOTHING if column is None or share < 0.005 else f"{column} {percent(share, 0)}"


def data_section(run: FinishedRun) -> Section:
    """Say which loans and features the model learned from."""
    data, portfolio = run.data, run.portfolio
    rows = [("portfolio", portfolio.description)]
    for name, side in (("training loans", data.train), ("test loans", data.test)):
        text = f"{whole(len(side.y))} loans, {percent(float(side.y.mean()))} defaulted"
        if portfolio.decision_date is not None:
            days = side.frame[portfolio.decision_date]
            text += f", decided {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"
        rows.append((name, text))
    tables = [Table(("", ""), rows, texts=2)]
    values = data.train.values(data.contract)
    features = [
        (
            run.label(feature.name),
            feature.name,
            _kind(feature),
            percent(float(values[feature.name].isna().mean())),
        )
        for feature in data.contract.features
    ]
    header = ("feature", "column", "kind", "missing in training")
    tables.append(Table(header, features, "Features", texts=3))
    if portfolio.exclude:
        rows = list(portfolio.exclude.items())
        name = "Columns that the model does not use"
        tables.append(Table(("column", "reason"), rows, name, texts=2))
    if portfolio.protected:
        protected = listed([run.label(name) for name in portfolio.protected])
        words: tuple[str, ...] = (
            f"The fairness audit uses protected columns, but the model does not: {protected}.",
        )
    else:
        words = ()
    if most := portfolio.model_settings.max_features:
        words += (f"The features were chosen on held-out training loans, at most {whole(most)}.",)
    return Section("data", "The data", words, (), tuple(tables))


def _kind(feature: Feature) -> str:
    """Say what a feature is, how it is computed, and which values it may have."""
    if feature.formula:
        return f"computed: {feature.formula}"
    if feature.kind == "category":
        return counted(len(feature.levels), "value")
    if feature.kind == "date":
        return "date, as days before the decision"
    bounds = (("from", feature.minimum), ("to", feature.maximum))
    limits = " ".join(f"{word} {bound:,.10g}" for word, bound in bounds if math.isfinite(bound))
    return f"number {limits}".rstrip()

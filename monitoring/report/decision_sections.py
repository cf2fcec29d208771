"""Write the sections that need no outcomes: drift, expected cost, traffic."""

from collections import Counter
from collections.abc import Mapping

from monitoring.decisions import month_name
from monitoring.findings import DriftMonth, FeatureDrift
from monitoring.report.monitored import MonitoredModel, chance, month_mark
from train.report import (
    INTERVAL,
    Section,
    Table,
    counted,
    listed,
    percent,
    plain,
    precise,
    stacked,
    value_of,
    whole,
)

# a category may have hundreds of levels; tables/bins.csv has all of them
MOST_BINS = 12
MOST_BINS_TABLES = 6


def drift_section(model: MonitoredModel) -> Section:
    """Say which features changed against the training loans, and what that costs."""
    month, found = month_name(model.findings.month), model.drift
    if found is None or not found.features:
        said = f"Nothing can be said about the drift of {month}: see What to look at."
        return Section("drift", "Drift: applicants compared with the training loans", (said,))
    ringing = [feature for feature in found.features if feature.rings]
    names = listed([model.label(feature.feature) for feature in ringing]) if ringing else ""
    words = (
        "Drift means that the applicants differ from those of the training loans. The "
        "population stability index (PSI) measures the change: 0 is no change. A small PSI also "
        "comes about by chance. The column by chance shows what it stays under in 95 of 100 "
        "months if nothing has changed.",
        (
            f"In {month} an alarm rings for {names}."
            if ringing
            else f"In {month} no feature rings an alarm."
        )
        + f" {rise_in_words(model, found)}",
    )
    by_change = sorted(found.features, key=lambda feature: -feature.psi)
    tables = [_drift_table(model, found, by_change)]
    shown = [f for f in by_change if f.rings and f.bins][:MOST_BINS_TABLES]
    tables += [_bins_table(model, feature) for feature in shown]
    return Section(
        "drift",
        "Drift: applicants compared with the training loans",
        words,
        ("drift",),
        tuple(tables),
        (_drift_tests(model, by_change),),
    )


def rise_in_words(model: MonitoredModel, found: DriftMonth) -> str:
    """Say how much more the decisions of a month should cost than those on the training loans."""
    if found.cost_rise is None:
        return "The version does not say what its training loans cost, so no rise can be given."
    return (
        "Since the training, the expected cost per applicant has changed by "
        f"{value_of(found.cost_rise, precise)} {model.unit}."
    )


def _drift_table(model: MonitoredModel, found: DriftMonth, features: list[FeatureDrift]) -> Table:
    cost = "" if found.cost_rise is None else stacked(found.cost_rise, precise)
    rows = [
        (
            model.label(feature.feature),
            plain(feature.psi),
            plain(feature.by_chance),
            stacked(feature.change),
            stacked(feature.missing, percent),
            percent(feature.missing_in_training),
            stacked(feature.unseen, percent),
            "rings" if feature.rings else "",
            cost if feature.rings else "",
        )
        for feature in features
    ]
    header = (
        "feature",
        "PSI",
        "by chance",
        "PSI less chance",
        "no value",
        "no value in training",
        "category never seen in training",
        "alarm",
        "rise in expected cost",
    )
    caption = f"{month_name(found.month)}, {counted(found.decisions, 'decision')} of the version"
    return Table(header, rows, caption)


def _bins_table(model: MonitoredModel, feature: FeatureDrift) -> Table:
    changed = sorted(feature.bins, key=lambda each: -abs(each[2] - each[1]))[:MOST_BINS]
    rows = [(name, percent(before), percent(now)) for name, before, now in changed]
    header = ("", "training loans", "applicants now")
    caption = f"{model.label(feature.feature)}: the groups that changed most"
    return Table(header, rows, caption, folded=True)


def _drift_tests(model: MonitoredModel, features: list[FeatureDrift]) -> Table:
    rows = [(model.label(feature.feature), chance(feature.p_value)) for feature in features]
    return Table(("feature", "p-value"), rows, "Tests of drift", folded=True)


def expected_cost_section(model: MonitoredModel) -> Section | None:
    """Say what the decisions should cost; None if no cost is known."""
    costs = [month for month in model.findings.costs if month.decisions]
    if not costs:
        return None
    words = (
        "No outcome is needed for these figures. An accepted applicant costs the cost of a "
        "default, times the probability. A refused applicant costs the cost of a refusal, times "
        "the probability of repaying.",
        "They rest on one assumption: that the probabilities are right, so that of 100 applicants "
        "with 10\N{NO-BREAK SPACE}% about 10 default (calibration holds). Outcomes test this, "
        f"later and for accepted applicants alone. The {INTERVAL} covers chance in who defaults, "
        "not wrong probabilities.",
    )
    rows = [
        (
            month_mark(month.month),
            whole(month.decisions),
            whole(month.uncosted),
            stacked(month.cost),
            plain(month.accept_all_cost),
            plain(month.refuse_all_cost),
        )
        for month in costs
    ]
    header = (
        "month",
        "decisions",
        "without costs",
        "expected cost",
        "if all were accepted",
        "if all were refused",
    )
    caption = f"Expected cost per applicant, {model.unit}"
    table = Table(header, rows, caption, folded=len(rows) > 14)
    return Section(
        "costs", "Expected cost, if calibration holds", words, ("expected_cost",), (table,)
    )


def traffic_section(model: MonitoredModel) -> Section:
    """Say how many decisions there were, and what else was asked."""
    findings = model.findings
    small = [month for month in findings.traffic if not month.is_judged]
    words = (
        f"The log has {counted(findings.decisions, 'decision')} up to {findings.as_of:%d %B %Y}. "
        "Requests that are no decisions are counted apart: refused ones (their cause is in the "
        "second table), simulations, and decisions that could not be logged."
        + (
            f" {counted(len(small), 'month')} had too few decisions to be judged (marked few)."
            if small
            else ""
        ),
    )
    rows = [
        (
            month_mark(month.month),
            whole(month.decisions) + ("" if month.is_judged else " (few)"),
            stacked(month.acceptance_rate, percent),
            whole(month.erased),
            whole(sum(month.refused_requests.values())),
            whole(sum(month.simulated.values())),
            whole(sum(month.unlogged.values())),
        )
        for month in findings.traffic
    ]
    header = (
        "month",
        "decisions",
        "accepted",
        "erased",
        "refused requests",
        "simulated",
        "unlogged",
    )
    tables = [Table(header, rows, "Traffic by month", folded=len(rows) > 14)]
    if causes := _causes(model):
        tables.append(Table(("request", "cause", "number"), causes, "Other requests", texts=2))
    return Section("traffic", "Traffic", words, ("acceptance",), tuple(tables))


def _causes(model: MonitoredModel) -> list[tuple[str, str, str]]:
    months = model.findings.traffic
    kinds: Mapping[str, list[Mapping[str, int]]] = {
        "refused": [month.refused_requests for month in months],
        "simulated": [month.simulated for month in months],
        "unlogged": [month.unlogged for month in months],
    }
    rows = []
    for kind, counts in kinds.items():
        total: Counter[str] = sum((Counter(count) for count in counts), Counter())
        rows += [(kind, cause.replace("_", " "), whole(n)) for cause, n in total.most_common()]
    return rows

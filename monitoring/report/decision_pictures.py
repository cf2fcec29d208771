"""Draw what needs no outcomes: drift, expected cost, acceptance."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monitoring.findings import FeatureDrift
from monitoring.report.monitored import MonitoredModel
from monitoring.report.outcome_pictures import name_months, places_of
from train.report.pictures import (
    BLUE,
    LINE,
    MUTED,
    RED,
    cost_axis,
    line_with_intervals,
    new_figure,
    percent_axis,
    shorten,
)

SHOWN_DRIFTS = 6


def draw_drift(model: MonitoredModel) -> Figure:
    """Draw the PSI by month of what changed most, with what chance explains."""
    newest, months = model.drift, model.drift_of_version
    features = [] if newest is None else sorted(newest.features, key=lambda f: -f.psi)
    shown = features[:SHOWN_DRIFTS]
    places = places_of([month.month for month in months])
    lines = -(-len(shown) // 2)
    figure = new_figure(0.3 + 1.75 * lines)
    panels = figure.subplots(lines, 2, sharex=True, squeeze=False).ravel()
    for axes, feature in zip(panels, shown, strict=False):
        by_month = [
            (place, found)
            for place, month in zip(places, months, strict=True)
            for found in month.features
            if found.feature == feature.feature
        ]
        _draw_psi(axes, by_month)
        axes.set_title(shorten(model.label(feature.feature), 40))
        name_months(axes, [month.month for month in months], most=4)
    for axes in panels[len(shown) :]:
        axes.set_visible(False)
    return figure


def _draw_psi(axes: Axes, by_month: list[tuple[float, FeatureDrift]]) -> None:
    places = [place for place, _ in by_month]
    axes.fill_between(places, [found.by_chance for _, found in by_month], color=LINE)
    axes.plot(places, [found.psi for _, found in by_month], "o-", color=BLUE, markersize=3)
    ringing = [(place, found.psi) for place, found in by_month if found.rings]
    if ringing:
        axes.plot(*zip(*ringing, strict=True), "o", color=RED, markersize=6)
    axes.set_ylim(bottom=0.0)


def draw_expected_cost(model: MonitoredModel) -> Figure:
    """Draw the expected cost per applicant by month, beside the two flat rules."""
    shown = model.shown_months
    months = [found for found in model.findings.costs if found.decisions and found.month in shown]
    figure = new_figure(3.6)
    axes = figure.subplots()
    places = places_of([month.month for month in months])
    axes.plot(places, [m.accept_all_cost for m in months], "--", color=MUTED, label="all accepted")
    axes.plot(places, [m.refuse_all_cost for m in months], ":", color=MUTED, label="all refused")
    if months:
        line_with_intervals(axes, places, [m.cost for m in months], BLUE, "these decisions")
    name_months(axes, [month.month for month in months])
    # the upper part has room for the legend
    axes.set_ylim(0.0, 1.2 * float(axes.get_ylim()[1]))
    cost_axis(axes.yaxis, float(axes.get_ylim()[1]))
    axes.set_ylabel("expected cost per applicant")
    axes.set_xlabel(f"month (cost: {model.unit})")
    axes.legend(loc="upper right", ncols=3)
    return figure


def draw_acceptance(model: MonitoredModel) -> Figure:
    """Draw the share of accepted applicants and the number of decisions by month."""
    months = model.findings.traffic
    figure = new_figure(4.2)
    rates, counts = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1.4))
    places = places_of([month.month for month in months])
    shown = model.shown_months
    decided = [n for n, found in enumerate(months) if found.decisions and found.month in shown]
    if decided:
        shares = [months[number].acceptance_rate for number in decided]
        line_with_intervals(rates, places[decided], shares, BLUE, "accepted")
        percent_axis(rates.yaxis, max(share.high for share in shares))
    rates.set_title("Accepted applicants")
    counts.bar(places, [month.decisions for month in months], color=MUTED)
    cost_axis(counts.yaxis, max((month.decisions for month in months), default=0))
    counts.set_title("Decisions")
    name_months(counts, [month.month for month in months])
    return figure

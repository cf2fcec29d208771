"""Draw what outcomes show: defaults, realised cost, vintages, calibration."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monitoring.decisions import month_name
from monitoring.findings import AlarmKind, OutcomeMonth
from monitoring.report.monitored import MonitoredModel, month_mark
from scoring_model.types import FloatArray
from train.report.pictures import (
    BLUE,
    ORANGE,
    RED,
    cost_axis,
    line_with_intervals,
    new_figure,
    percent_axis,
)
from train.statistics import Interval

MOST_MONTH_NAMES = 8
# from one named month to the next
STEPS = (1, 2, 3, 6, 12, 24, 48, 120)
SHOWN_VINTAGES = 6


def draw_default_rates(model: MonitoredModel) -> Figure:
    """Draw expected and observed defaults by month of decision."""
    months = model.shown_outcomes
    pairs = [(month.expected_rate, month.default_rate) for month in months]
    figure, axes = _compare_months(months, pairs, "defaults", "observed")
    percent_axis(axes.yaxis, float(axes.get_ylim()[1]))
    axes.set_ylabel("defaults known by now")
    return figure


def draw_realised_costs(model: MonitoredModel) -> Figure:
    """Draw expected and realised cost per accepted applicant by month of decision."""
    months = model.shown_outcomes
    pairs = [(month.expected_cost, month.realised_cost) for month in months]
    figure, axes = _compare_months(months, pairs, "cost", "realised")
    cost_axis(axes.yaxis, float(axes.get_ylim()[1]))
    axes.set_ylabel("cost per accepted applicant")
    axes.set_xlabel(f"month of decision (cost: {model.unit})")
    return figure


def _compare_months(
    months: Sequence[OutcomeMonth],
    pairs: Sequence[tuple[Interval, Interval]],
    kind: AlarmKind,
    observed: str,
) -> tuple[Figure, Axes]:
    """Draw what was expected and found by month, and mark where this kind of alarm rings."""
    figure = new_figure(3.6)
    axes = figure.subplots()
    expected, found = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    places = places_of([month.month or 0 for month in months])
    values = [interval.value for interval in expected]
    axes.plot(places, values, "s--", color=BLUE, markersize=4, label="expected")
    if months:
        line_with_intervals(axes, places, found, ORANGE, observed)
    ringing = [number for number, month in enumerate(months) if kind in month.rings]
    if ringing:
        tops = [found[number].value for number in ringing]
        axes.plot(places[ringing], tops, "o", color=RED, markersize=7, zorder=5, label="alarm")
    name_months(axes, [month.month or 0 for month in months])
    # the upper part has room for the legend
    axes.set_ylim(0.0, 1.2 * float(axes.get_ylim()[1]))
    axes.legend(loc="upper right", ncols=3)
    return figure, axes


def places_of(months: Sequence[int]) -> FloatArray:
    """Return the place of each month on the horizontal axis: months after the first one."""
    counts = np.array([12 * (month // 100) + month % 100 for month in months], dtype=np.float64)
    places: FloatArray = counts - counts.min(initial=np.inf)
    return places


def name_months(axes: Axes, months: Sequence[int], most: int = MOST_MONTH_NAMES) -> None:
    """Name at most `most` months on the horizontal axis, where `places_of` puts the months."""
    if not months:
        return
    first, last = min(months), int(places_of(months).max())
    step = next((step for step in STEPS if last < step * most), STEPS[-1])
    shown = range(0, last + 1, step)
    counts = [12 * (first // 100) + first % 100 - 1 + place for place in shown]
    names = [month_mark(100 * (count // 12) + count % 12 + 1) for count in counts]
    axes.set_xticks(list(shown), names)
    axes.set_xlim(-0.5, last + 0.5)


def draw_vintages(model: MonitoredModel) -> Figure:
    """Draw observed and expected defaults by age, one panel for each of some months."""
    vintages = model.shown_vintages
    chosen = np.unique(np.linspace(0, len(vintages) - 1, SHOWN_VINTAGES).round().astype(int))
    lines = -(-len(chosen) // 3)
    figure = new_figure(0.6 + 2.1 * lines)
    panels = figure.subplots(lines, 3, sharex=True, sharey=True, squeeze=False).ravel()
    for axes, number in zip(panels, chosen, strict=False):
        vintage = vintages[number]
        years = np.array(vintage.ages_days) / 365.25
        rates = vintage.default_rates
        axes.plot(years, [rate.value for rate in rates], color=ORANGE, label="observed")
        low, high = [rate.low for rate in rates], [rate.high for rate in rates]
        axes.fill_between(years, low, high, color=ORANGE, alpha=0.2, linewidth=0)
        if vintage.expected_rates:
            axes.plot(years, vintage.expected_rates, "--", color=BLUE, label="expected")
        axes.set_title(month_name(vintage.month))
    for axes in panels[len(chosen) :]:
        axes.set_visible(False)
    panels[0].set_ylim(bottom=0.0)
    panels[0].set_xlim(left=0.0)
    # more names would touch those of the next panel
    panels[0].locator_params(axis="x", nbins=4)
    panels[0].legend(loc="upper left")
    percent_axis(panels[0].yaxis, float(panels[0].get_ylim()[1]))
    figure.supxlabel("age in years", fontsize=10.5)
    return figure


def draw_bands(model: MonitoredModel) -> Figure:
    """Draw expected and observed defaults of each tenth of the mature accepted decisions."""
    bands = model.findings.bands
    figure = new_figure(3.6)
    axes = figure.subplots()
    places = np.array([band.number for band in bands], dtype=np.float64)
    expected = [band.expected_rate.value for band in bands]
    axes.plot(places, expected, "s--", color=BLUE, markersize=4, label="expected")
    line_with_intervals(axes, places, [band.default_rate for band in bands], ORANGE, "observed")
    axes.set_xticks(places, [str(band.number) for band in bands])
    axes.set_ylim(bottom=0.0)
    axes.legend(loc="upper left", ncols=2)
    percent_axis(axes.yaxis, float(axes.get_ylim()[1]))
    axes.set_xlabel("tenth of the mature accepted decisions, lowest probabilities first")
    return figure

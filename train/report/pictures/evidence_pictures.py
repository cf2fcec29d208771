"""Draw the evidence: quarters, segments, features, protected groups."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from train.evaluation import LOWEST_RATIO, SHOWN, ColumnFairness
from train.report.finished_run import FinishedRun
from train.report.pictures.drawing import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    RED,
    cost_axis,
    line_with_intervals,
    new_figure,
    percent_axis,
    rows_with_intervals,
    shorten,
)
from train.statistics import Interval

SHOWN_FEATURES = 15
SHOWN_GROUPS = 12
MOST_QUARTER_NAMES = 12


def draw_quarters(run: FinishedRun) -> Figure:
    """Draw expected and observed defaults, AUC and cost by quarter of the test period."""
    figure = new_figure(6.0)
    rates, ranks, costs = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 2))
    quarters = run.model.evidence.quarters
    places = np.arange(len(quarters), dtype=np.float64)
    calibrations = [quarter.calibration for quarter in quarters]
    line_with_intervals(rates, places, [c.default_rate for c in calibrations], ORANGE, "observed")
    expected = [c.mean_probability for c in calibrations]
    rates.plot(places, expected, "s--", color=BLUE, label="expected")
    rates.set_ylim(0, 1.3 * max(*expected, *(c.default_rate.high for c in calibrations)))
    percent_axis(rates.yaxis, float(rates.get_ylim()[1]))
    rates.legend(loc="lower left", ncols=2)
    rates.set_title("Defaults: expected and observed")
    ranked = [n for n, quarter in enumerate(quarters) if quarter.roc_auc is not None]
    areas = [a for quarter in quarters if (a := quarter.roc_auc) is not None]
    if areas:
        line_with_intervals(ranks, places[ranked], areas, BLUE, "AUC")
    ranks.set_title("AUC: how well the model ranks defaulters above good clients")
    line_with_intervals(costs, places, [quarter.cost for quarter in quarters], BLUE, "cost")
    costs.axhline(run.model.evaluation.cost.value, color=MUTED, linestyle=":", linewidth=1.3)
    cost_axis(costs.yaxis, max(quarter.cost.high for quarter in quarters))
    costs.set_title(f"Cost per applicant, {run.unit}")
    step = -(-len(quarters) // MOST_QUARTER_NAMES)
    costs.set_xticks(places[::step], [quarter.name for quarter in quarters][::step])
    costs.set_xlim(-0.4, len(quarters) - 0.6)
    return figure


def draw_segments(run: FinishedRun) -> Figure:
    """Draw the segments that cost most per applicant, and the cost of all test loans."""
    segments = run.model.evidence.segments[:SHOWN]
    figure = new_figure(1.1 + 0.34 * len(segments))
    axes = figure.subplots()
    rows_with_intervals(
        axes,
        [shorten(run.segment_name(segment)) for segment in segments],
        [segment.cost for segment in segments],
        [RED if segment.is_worse_than_one_answer else BLUE for segment in segments],
    )
    whole = run.model.evaluation.cost.value
    axes.axvline(whole, color=MUTED, linestyle=":", linewidth=1.3)
    axes.annotate(
        "all test loans",
        (whole, 1.0),
        (5, -2),
        xycoords=("data", "axes fraction"),
        textcoords="offset points",
        color=MUTED,
    )
    cost_axis(axes.xaxis, max(segment.cost.high for segment in segments))
    axes.set_xlabel(f"cost per applicant ({run.unit})")
    return figure


def draw_importance(run: FinishedRun) -> Figure:
    """Draw the rise in cost per applicant when a feature is shuffled."""
    shown = run.model.evidence.importance[:SHOWN_FEATURES]
    figure = new_figure(1.1 + 0.34 * len(shown))
    axes = figure.subplots()
    rows_with_intervals(
        axes,
        [shorten(run.label(item.feature)) for item in shown],
        [item.rise for item in shown],
        [BLUE if item.rise.low > 0 else MUTED for item in shown],
    )
    axes.axvline(0.0, color=INK, linewidth=1.0)
    axes.set_xlabel(f"rise in cost per applicant ({run.unit})")
    return figure


def draw_fairness(run: FinishedRun) -> Figure:
    """Draw the acceptance ratio of every group of each protected column."""
    columns = [c for c in run.model.evidence.fairness if len(c.columns) == 1]
    heights = [min(len(column.groups), SHOWN_GROUPS) + 1.0 for column in columns]
    figure = new_figure(0.8 + 0.33 * sum(heights))
    panels = figure.subplots(len(columns), 1, sharex=True, squeeze=False, height_ratios=heights)
    for column, axes in zip(columns, panels[:, 0], strict=True):
        _draw_groups(axes, column)
        axes.set_title(run.fairness_name(column))
    panels[-1, 0].set_xlabel(
        "acceptance compared with the best-treated group (dotted: four fifths)"
    )
    panels[-1, 0].set_xlim(left=0.0)
    return figure


def _draw_groups(axes: Axes, column: ColumnFairness) -> None:
    groups = sorted(column.groups, key=lambda group: -group.rows)[:SHOWN_GROUPS]
    groups = [group for group in column.groups if group in groups]
    names: list[str] = []
    intervals: list[Interval | None] = []
    colours: list[str] = []
    for group in groups:
        ratio = group.acceptance_ratio
        name = shorten(group.name.replace("_", " "), 30)
        if ratio is None or np.isnan(ratio.value):
            names.append(f"{name}: only {group.rows} applicants")
            intervals.append(None)
            colours.append(MUTED)
        else:
            names.append(name)
            intervals.append(ratio)
            colours.append(RED if ratio.value < LOWEST_RATIO else BLUE)
    rows_with_intervals(axes, names, intervals, colours)
    axes.axvline(LOWEST_RATIO, color=MUTED, linestyle=":", linewidth=1.5)

"""Draw the features: what their values add, and how the probability moves with them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator, NullLocator

from scoring_model.contract import Feature
from scoring_model.types import FloatArray
from train.evaluation import FeatureCurve
from train.report.finished_run import FinishedRun
from train.report.formatting import short_number
from train.report.pictures.drawing import (
    BLUE,
    GREEN,
    INK,
    LINE,
    MUTED,
    ORANGE,
    new_figure,
    percent_axis,
    shorten,
)

SHOWN_CONTRIBUTIONS = 12
# columns of points in a row of the swarm
COLUMNS = 120
HALF_HEIGHT = 0.42
SHADES = LinearSegmentedColormap.from_list("low to high", [BLUE, "#8a5a9e", ORANGE])
PALE = "#a4adb6"
SHOWN_LINES = 12
BINS = 30
LONGEST_LEVEL = 17


def draw_contributions(run: FinishedRun) -> Figure:
    """Draw what the features add to the log-odds, one point for each drawn test row."""
    effects, features = run.model.evidence.effects, run.data.contract.features
    mean = np.abs(effects.contributions).mean(axis=0)
    shown = [int(f) for f in np.argsort(-mean, kind="stable")[:SHOWN_CONTRIBUTIONS] if mean[f] > 0]
    shown = shown or [0]
    figure = new_figure(1.5 + 0.42 * len(shown))
    axes = figure.subplots()
    everything = effects.contributions[:, shown]
    width = float(np.ptp(everything)) or 1.0
    matrix = run.data.test.matrix[effects.rows]
    for place, feature in zip(range(len(shown))[::-1], shown, strict=True):
        added, values = effects.contributions[:, feature], matrix[:, feature]
        axes.scatter(
            added,
            place + _spread(added, width),
            s=5,
            linewidths=0,
            c=_colours(features[feature], values),
            # a picture inside the picture: thousands of points would make the page large
            rasterized=True,
        )
    axes.axvline(0.0, color=INK, linewidth=1.0, zorder=0.5)
    names = [shorten(run.label(features[feature].name), 40) for feature in shown]
    axes.set_yticks(range(len(shown))[::-1], names)
    axes.set_ylim(-0.6, len(shown) - 0.4)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("effect (left: lowers the probability of default, right: raises it)")
    kinds = {features[feature].kind == "category" for feature in shown}
    _explain_colours(figure, kinds, gaps=bool(np.isnan(matrix[:, shown]).any()))
    return figure


def _spread(added: FloatArray, width: float) -> FloatArray:
    """Return how far up or down each point is moved, so that equal points lie side by side."""
    column = np.round(added / width * COLUMNS).astype(int)
    _, group, counts = np.unique(column, return_inverse=True, return_counts=True)
    order = np.argsort(group, kind="stable")
    starts = np.cumsum(counts) - counts
    rank = np.empty(len(added))
    rank[order] = np.arange(len(added)) - starts[group[order]]
    # a column of few points is not stretched to the full height
    step = 2 * HALF_HEIGHT / max(int(counts.max()), 24)
    return np.asarray((rank - (counts[group] - 1) / 2) * step)


def _colours(feature: Feature, values: FloatArray) -> FloatArray:
    """Return a colour for each value: from low to high by rank; missing is grey."""
    missing = np.isnan(values)
    colours = np.empty((len(values), 4))
    colours[:] = _rgba(GREEN if feature.kind == "category" else PALE)
    if feature.kind != "category" and not missing.all():
        levels, place = np.unique(values[~missing], return_inverse=True)
        counts = np.bincount(place)
        rank = (np.cumsum(counts) - counts / 2)[place] / (~missing).sum()
        colours[~missing] = SHADES(rank if len(levels) > 1 else np.full(len(rank), 0.5))
    colours[missing] = _rgba(PALE)
    return colours


def _rgba(colour: str) -> tuple[float, ...]:
    return (*(int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)), 1.0)


def _explain_colours(figure: Figure, are_categories: set[bool], *, gaps: bool) -> None:
    names = [("low value", BLUE), ("high value", ORANGE)] if False in are_categories else []
    names += [("category: no order", GREEN)] if True in are_categories else []
    names += [("missing", PALE)] if gaps else []
    dots = [
        Line2D([], [], marker="o", linestyle="", color=colour, markersize=6, label=name)
        for name, colour in names
    ]
    figure.legend(handles=dots, loc="outside upper right", ncols=4, handletextpad=0.1)


def draw_curves(run: FinishedRun) -> Figure:
    """Draw how the probability moves with each of the features that matter most."""
    curves = run.model.evidence.effects.curves
    lines = -(-len(curves) // 2)
    figure = new_figure(0.3 + 2.5 * lines)
    panels = figure.subplots(lines, 2, squeeze=False, sharey=True)
    top = max(_top(curve) for curve in curves)
    kinds = {feature.name: feature for feature in run.data.contract.features}
    for axes, curve in zip(panels.flat, curves, strict=False):
        if kinds[curve.feature].kind == "category":
            _draw_levels(axes, curve, kinds[curve.feature])
        else:
            column = run.data.test.matrix[:, run.data.contract.names.index(curve.feature)]
            _draw_number(axes, curve, column, top)
        sign = run.model.monotone.signs.get(curve.feature, 0) if run.model.monotone else 0
        forced = {1: " (must rise)", -1: " (must fall)", 0: ""}[sign]
        axes.set_title(shorten(run.label(curve.feature), 40 - len(forced)) + forced)
        axes.set_ylim(0.0, top)
        percent_axis(axes.yaxis, top)
    for axes in list(panels.flat)[len(curves) :]:
        axes.set_axis_off()
    figure.supylabel("probability of default", fontsize=10.5)
    return figure


def _top(curve: FeatureCurve) -> float:
    high = float(np.quantile(curve.probability, 0.9, axis=0).max())
    return min(1.0, 1.1 * high) or 1.0


def _draw_number(axes: Axes, curve: FeatureCurve, column: FloatArray, top: float) -> None:
    given = ~np.isnan(curve.values)
    values, probability = curve.values[given], curve.probability[:, given]
    mean = curve.probability.mean(axis=0)
    if len(values):
        ends = np.array([values[0], values[-1]])
        width = float(ends[1] - ends[0]) or max(abs(float(ends[0])), 1.0)
        ends = ends if ends[1] > ends[0] else ends + np.array([-0.5, 0.5]) * width
        inside = column[(column >= ends[0]) & (column <= ends[1])]
        counts, edges = np.histogram(inside, BINS, range=(float(ends[0]), float(ends[1])))
        axes.stairs(0.18 * top * counts / max(counts.max(), 1), edges, fill=True, color=LINE)
        axes.plot(values, probability[:SHOWN_LINES].T, color=MUTED, linewidth=0.6, alpha=0.6)
        marker = "o" if len(values) == 1 else ""
        axes.plot(values, mean[given], color=BLUE, linewidth=2.4, marker=marker)
    else:
        ends, width = np.array([0.0, 1.0]), 1.0
    if not given.all():
        place = ends[1] + 0.08 * width
        axes.plot([place], mean[~given], "D", color=ORANGE, markersize=6, clip_on=False)
        axes.annotate(
            "missing", (place, mean[~given][0]), (0, 8), textcoords="offset points", ha="right"
        )
    axes.xaxis.set_major_locator(MaxNLocator(4) if len(values) else NullLocator())
    axes.xaxis.set_major_formatter(lambda value, _: short_number(value))


def _draw_levels(axes: Axes, curve: FeatureCurve, feature: Feature) -> None:
    names = [_level(feature, code) for code in curve.values]
    places = np.arange(len(names), dtype=np.float64)
    low, high = np.quantile(curve.probability, [0.25, 0.75], axis=0)
    axes.vlines(places, low, high, color=MUTED, linewidth=1.2)
    axes.plot(places, curve.probability.mean(axis=0), "o", color=BLUE, markersize=7)
    axes.set_xticks(places, names, rotation=30, ha="right")
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.grid(visible=False, axis="x")


def _level(feature: Feature, code: float) -> str:
    if np.isnan(code):
        return "missing"
    name = feature.levels[int(code)] if int(code) < len(feature.levels) else "(rare)"
    # long names often differ in their last words
    return name if len(name) <= LONGEST_LEVEL else f"{name[:8].rstrip()}…{name[-8:].lstrip()}"

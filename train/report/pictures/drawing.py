"""Set the style of the pictures; write a figure as PNG and as SVG for the page."""

import io
import re
from collections.abc import Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter, StrMethodFormatter

from scoring_model.types import FloatArray
from train.report.formatting import PER_CENT
from train.statistics import Interval

INK, MUTED, LINE = "#1b2733", "#5f6c7b", "#d5dbe1"
BLUE, ORANGE, GREEN, RED = "#1d6fb8", "#c75a12", "#2b7d4f", "#b3261e"
# In the page these colours become CSS variables, which differ in light and dark.
PAGE_COLOURS = {
    INK: "var(--ink)",
    MUTED: "var(--muted)",
    LINE: "var(--line)",
    BLUE: "var(--blue)",
    ORANGE: "var(--orange)",
    GREEN: "var(--green)",
    RED: "var(--red)",
    "#ffffff": "var(--paper)",
}
WIDTH = 8.4
MOST_POINTS = 400
THOUSAND = 1000
STYLE: Any = {
    "font.family": "DejaVu Sans",
    "font.size": 10.5,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.titlesize": 11,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": LINE,
    "grid.linewidth": 0.8,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "lines.linewidth": 2.0,
    # the name of a group may contain $, which must not start a formula
    "text.parse_math": False,
    "svg.fonttype": "none",
}


def new_figure(height: float) -> Figure:
    """Return an empty figure of the common width, `height` inches high."""
    return Figure(figsize=(WIDTH, height), layout="constrained")


def style() -> AbstractContextManager[None]:
    """Return the context in which figures must be made: each part takes its style from it."""
    return mpl.rc_context(STYLE)


def save_png(figure: Figure, path: Path) -> None:
    """Write a figure as PNG; the same run writes the same bytes."""
    figure.savefig(path, dpi=130, metadata={"Software": None})


def to_svg(figure: Figure, name: str, description: str) -> str:
    """Return a figure as an `<svg>` element for a page with several figures.

    Parameters
    ----------
    figure : Figure
        Drawn in the colours of this module.
    name : str
        Letters, digits and underscores, unique in the page. All ids of the element start with it.
    description : str
        Text for people who cannot see the picture.
    """
    buffer = io.StringIO()
    with mpl.rc_context({**STYLE, "svg.hashsalt": name}):
        # the resolution of what is drawn as points, not as lines
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None}, dpi=144)
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    svg = re.sub(r'(\bid="|url\(#|href="#)', rf"\g<1>{name}-", svg)
    svg = re.sub(r'(<svg[^>]*?) width="[^"]*"', r"\1", svg, count=1)
    svg = re.sub(r'(<svg[^>]*?) height="[^"]*"', r"\1", svg, count=1)
    svg = svg.replace("'DejaVu Sans'", "var(--font)")
    for colour, variable in PAGE_COLOURS.items():
        svg = svg.replace(colour, variable)
    label = description.replace("&", "&amp;").replace('"', "&quot;").replace("<", "&lt;")
    return svg.replace("<svg", f'<svg role="img" aria-label="{label}"', 1)


def thin(x: FloatArray, y: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return at most `MOST_POINTS` points of a line, evenly spaced, with the first and the last."""
    if len(x) <= MOST_POINTS:
        return x, y
    kept = np.linspace(0, len(x) - 1, MOST_POINTS).round().astype(int)
    return x[kept], y[kept]


def percent_axis(axis: Axis, top: float) -> None:
    """Label an axis of shares in per cent; `top` is the largest share shown."""
    # no steps such as 2.5 %, which a label of whole per cents would round
    axis.set_major_locator(MaxNLocator(nbins="auto", steps=[1, 2, 5, 10]))
    axis.set_major_formatter(
        PercentFormatter(xmax=1.0, decimals=0 if top >= 0.06 else 1, symbol=PER_CENT)
    )


def cost_axis(axis: Axis, top: float) -> None:
    """Put commas between the thousands on an axis of costs; `top` is the largest cost shown."""
    if top >= THOUSAND:
        axis.set_major_formatter(StrMethodFormatter("{x:,.0f}"))


def rows_with_intervals(
    axes: Axes,
    names: Sequence[str],
    intervals: Sequence[Interval | None],
    colours: Sequence[str],
) -> None:
    """Draw one point and its interval per row, the first at the top; None leaves a row empty."""
    places = np.arange(len(names))[::-1]
    for place, interval, colour in zip(places, intervals, colours, strict=True):
        if interval is None:
            continue
        bounds = [interval.low, interval.high]
        axes.plot(bounds, [place, place], color=colour, linewidth=2, solid_capstyle="round")
        axes.plot([interval.value], [place], "o", color=colour, markersize=6)
    axes.set_yticks(places, names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.grid(visible=False, axis="y")


def line_with_intervals(
    axes: Axes, x: FloatArray, intervals: Sequence[Interval], colour: str, name: str
) -> None:
    """Draw points with their intervals, joined by a line."""
    values = np.array([[i.value, i.low, i.high] for i in intervals])
    spread = np.maximum([values[:, 0] - values[:, 1], values[:, 2] - values[:, 0]], 0.0)
    axes.errorbar(x, values[:, 0], yerr=spread, fmt="o-", color=colour, markersize=5, label=name)


def shorten(text: str, most: int = 46) -> str:
    """Return a label cut to `most` characters."""
    return text if len(text) <= most else f"{text[: most - 1].rstrip()}…"

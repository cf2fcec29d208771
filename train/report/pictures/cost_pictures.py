"""Draw the costs: against the threshold, and compared with simpler rules."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scoring_model.types import FloatArray, LabelArray
from train.portfolio import AnyCosts
from train.report.finished_run import FinishedRun
from train.report.formatting import PER_CENT, UNSEEN, percent, plain
from train.report.pictures.drawing import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    RED,
    cost_axis,
    new_figure,
    percent_axis,
)
from train.statistics import Interval

REFERENCES = {
    "at_bayes": "the theoretical threshold",
    "refuse_all": "refusing everyone",
    "at_half": f"a threshold of 50{PER_CENT}",
    "accept_all": "accepting everyone",
}
GRID_POINTS = 400


def draw_cost(run: FinishedRun) -> Figure:
    """Draw cost per applicant against the threshold, with both kinds of cost."""
    figure = new_figure(4.3)
    axes = figure.subplots()
    model, scale = run.model, run.scale
    top = 3.5 * max(scale.chosen, scale.theory)
    if not run.is_per_loan:
        top = min(1.0, top)
    grid = np.linspace(0.0, top, GRID_POINTS)
    accepted_bad, refused_good = _parts(model.oof.y, scale.oof, model.oof.costs, grid)
    total = accepted_bad + refused_good
    axes.plot(grid, total, color=BLUE, label=UNSEEN)
    test = sum(_parts(run.data.test.y, scale.test, model.test_costs, grid))
    axes.plot(grid, test, color=ORANGE, label="test loans")
    axes.plot(
        grid, accepted_bad, color=RED, linewidth=1.3, label="part of blue: accepted defaulters"
    )
    axes.plot(
        grid, refused_good, color=MUTED, linewidth=1.3, label="part of blue: refused good clients"
    )
    here = float(np.interp(scale.chosen, grid, total))
    axes.axvspan(scale.low, scale.high, color=MUTED, alpha=0.15, linewidth=0)
    axes.axvline(scale.theory, color=MUTED, linestyle=":", linewidth=1.3)
    axes.axvline(scale.chosen, color=INK, linewidth=1.3)
    axes.plot([scale.chosen], [here], "o", color=INK, markersize=7)
    # leave room for the legend above the lines
    high = 1.6 * max(float(np.max(test)), float(total.max()))
    axes.set(xlim=(0, top), ylim=(0, high), ylabel=f"cost per applicant\n({run.unit})")
    cost_axis(axes.yaxis, high)
    if run.is_per_loan:
        axes.set_xlabel("refuse from this multiple of each loan's own theoretical threshold")
    else:
        axes.set_xlabel("threshold: refuse from this probability of default")
        percent_axis(axes.xaxis, top)
    _name_thresholds(axes, run)
    axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.93))
    return figure


def _parts(
    y: LabelArray, position: FloatArray, costs: AnyCosts, grid: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the cost of accepted defaulters, and of refused good clients, at each threshold."""
    edges = np.append(grid, np.inf)
    each_bad = costs.of_each(y, np.zeros(len(y), dtype=bool))
    each_good = costs.of_each(y, np.ones(len(y), dtype=bool))
    # a probability equal to the threshold is refused
    cell = np.searchsorted(edges, position, side="right")
    bad = np.bincount(cell, weights=each_bad, minlength=len(edges) + 1)
    good = np.bincount(cell, weights=each_good, minlength=len(edges) + 1)
    accepted_bad = np.cumsum(bad)[: len(grid)] / len(y)
    refused_good = (good.sum() - np.cumsum(good)[: len(grid)]) / len(y)
    return accepted_bad, refused_good


def _name_thresholds(axes: Axes, run: FinishedRun) -> None:
    scale = run.scale
    write = _times if run.is_per_loan else _percent
    right = scale.chosen >= scale.theory
    for value, text, colour, side in (
        (scale.chosen, f"chosen {write(scale.chosen)}", INK, right),
        (scale.theory, f"in theory {write(scale.theory)}", MUTED, not right),
    ):
        axes.annotate(
            text,
            (value, 0.96),
            (5 if side else -5, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if side else "right",
            va="center",
            color=colour,
        )


def _times(factor: float) -> str:
    return f"{factor:.2f} times"


def _percent(threshold: float) -> str:
    return percent(threshold, 2)


def draw_money(run: FinishedRun) -> Figure:
    """Draw cost per applicant of the model and of simpler rules."""
    evaluation = run.model.evaluation
    rivals = [(name, evaluation.rivals[key].cost_per_applicant) for key, name in REFERENCES.items()]
    return _draw_bars(evaluation.cost, rivals, f"cost per applicant ({run.unit})")


def draw_realised(run: FinishedRun) -> Figure:
    """Draw the realised cost of the decisions on the test rows."""
    realised = run.model.realised
    if realised is None:
        raise ValueError("the portfolio has no realised costs")
    rivals = [(REFERENCES[key], rival.cost_per_applicant) for key, rival in realised.rivals.items()]
    return _draw_bars(realised.cost, rivals, f"realised cost per applicant, {run.in_currency}")


def _draw_bars(ours: Interval, rivals: Sequence[tuple[str, float]], label: str) -> Figure:
    figure = new_figure(1.0 + 0.38 * (1 + len(rivals)))
    axes = figure.subplots()
    names = ["this model", *(name for name, _ in rivals)]
    values = [ours.value, *(value for _, value in rivals)]
    places = np.arange(len(names))[::-1]
    axes.barh(places, values, 0.62, color=[BLUE, *[MUTED] * len(rivals)])
    axes.plot([ours.low, ours.high], [places[0]] * 2, color=INK, linewidth=2)
    for place, value in zip(places, values, strict=True):
        end = ours.high if place == places[0] else value
        axes.annotate(plain(value), (end, place), (6, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, names)
    axes.set(xlim=(0, 1.12 * max(values)), xlabel=label)
    cost_axis(axes.xaxis, max(values))
    axes.grid(visible=False, axis="y")
    return figure

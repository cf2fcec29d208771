"""The pictures of the decision: threshold, money, outcomes, discrimination, calibration."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from train.costs import Costs
from train.drawing import (
    BLUE,
    INK,
    MUTED,
    ORANGE,
    RED,
    new_figure,
    percent_axis,
    thin,
)
from train.findings import Findings
from train.reliability import reliability_bins

FloatArray = NDArray[np.float64]
LabelArray = NDArray[np.int8]

REFERENCES = {
    "at_bayes": "the theoretical threshold",
    "refuse_all": "refusing everyone",
    "at_half": "refusing from 50 %",
    "accept_all": "accepting everyone",
}


def draw_cost(findings: Findings) -> Figure:
    """Draw cost per applicant against the threshold, with both kinds of cost."""
    figure = new_figure(4.3)
    axes = figure.subplots()
    model, costs = findings.model, findings.settings.costs
    top = min(1.0, 3.5 * max(findings.threshold, costs.bayes_threshold))
    grid = np.linspace(0.0, top, 400)
    accepted_bad, refused_good = _parts(model.oof_y, model.oof_probability, costs, grid)
    axes.plot(grid, accepted_bad, color=RED, linewidth=1.3)
    axes.plot(grid, refused_good, color=MUTED, linewidth=1.3)
    axes.plot(grid, accepted_bad + refused_good, color=BLUE, label="training rows, out of fold")
    test = sum(_parts(findings.data.test.y, model.test_probability, costs, grid))
    axes.plot(grid, test, color=ORANGE, label="test rows")
    here = np.interp(findings.threshold, grid, accepted_bad + refused_good)
    likely = [model.metrics[f"threshold_ci_{end}"] for end in ("low", "high")]
    axes.axvspan(*likely, color=MUTED, alpha=0.15, linewidth=0)
    axes.axvline(costs.bayes_threshold, color=MUTED, linestyle=":", linewidth=1.3)
    axes.axvline(findings.threshold, color=INK, linewidth=1.3)
    axes.plot([findings.threshold], [here], "o", color=INK, markersize=7)
    high = 1.35 * max(float(np.max(test)), float(refused_good[0]), float(here))
    axes.set(
        xlim=(0, top),
        ylim=(0, high),
        xlabel="threshold: refuse from this probability of default",
        ylabel="cost per applicant",
    )
    percent_axis(axes.xaxis, top)
    right = findings.threshold >= costs.bayes_threshold
    for value, text, colour, side in (
        (findings.threshold, f"chosen {findings.threshold:.2%}", INK, right),
        (costs.bayes_threshold, f"theory {costs.bayes_threshold:.2%}", MUTED, not right),
    ):
        shift = 5 if side else -5
        axes.annotate(
            text,
            (value, 0.96),
            (shift, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if side else "right",
            va="center",
            color=colour,
        )
    _name_line(axes, grid, accepted_bad, 0.80, "accepted defaulters", RED, below=True)
    _name_line(axes, grid, refused_good, 0.65, "refused good clients", MUTED)
    axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.93))
    return figure


def _parts(
    y: LabelArray, probability: FloatArray, costs: Costs, grid: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return what accepted defaulters and refused good clients cost at each threshold."""
    edges = np.append(grid, np.inf)
    each_bad = costs.of_each(y, np.zeros(len(y), dtype=bool))
    each_good = costs.of_each(y, np.ones(len(y), dtype=bool))
    # a probability equal to the threshold is refused
    cell = np.searchsorted(edges, probability, side="right")
    bad = np.bincount(cell, weights=each_bad, minlength=len(edges) + 1)
    good = np.bincount(cell, weights=each_good, minlength=len(edges) + 1)
    accepted_bad = np.cumsum(bad)[: len(grid)] / len(y)
    refused_good = (good.sum() - np.cumsum(good)[: len(grid)]) / len(y)
    return accepted_bad, refused_good


def _name_line(
    axes: Axes,
    x: FloatArray,
    y: FloatArray,
    at: float,
    text: str,
    colour: str,
    *,
    below: bool = False,
) -> None:
    place = int(at * (len(x) - 1))
    axes.annotate(
        text,
        (x[place], y[place]),
        (0, -8 if below else 6),
        textcoords="offset points",
        ha="left" if below else "center",
        va="top" if below else "bottom",
        color=colour,
    )


def draw_money(findings: Findings) -> Figure:
    """Draw cost per applicant of the model and of what could be done without it."""
    figure = new_figure(2.9)
    axes = figure.subplots()
    evaluation = findings.model.evaluation
    bars = [("this model", evaluation.cost.value, BLUE)]
    bars += [
        (name, evaluation.metrics[f"test_cost_{key}"], MUTED) for key, name in REFERENCES.items()
    ]
    places = np.arange(len(bars))[::-1]
    axes.barh(places, [cost for _, cost, _ in bars], 0.62, color=[c for _, _, c in bars])
    cost = evaluation.cost
    axes.plot([cost.low, cost.high], [places[0]] * 2, color=INK, linewidth=2)
    for place, (_, value, _) in zip(places, bars, strict=True):
        end = max(value, cost.high) if place == places[0] else value
        axes.annotate(f"{value:.3f}", (end, place), (6, 0), textcoords="offset points", va="center")
    axes.set_yticks(places, [name for name, _, _ in bars])
    axes.set(
        xlim=(0, 1.12 * max(value for _, value, _ in bars)),
        xlabel="cost per applicant on the test rows (line: 95 % interval)",
    )
    axes.grid(visible=False, axis="y")
    return figure


def draw_outcomes(findings: Findings) -> Figure:
    """Draw the distribution of the probability by outcome."""
    figure = new_figure(3.6)
    axes = figure.subplots()
    probability, y = findings.model.test_probability, findings.data.test.y
    top = min(1.0, max(float(np.quantile(probability, 0.995)), 1.5 * findings.threshold))
    edges = np.linspace(0, top, 51)
    for label, name, colour in ((0, "repaid", BLUE), (1, "defaulted", ORANGE)):
        counts, _ = np.histogram(np.minimum(probability[y == label], top), edges)
        share = counts / max(counts.sum(), 1)
        axes.stairs(share, edges, color=colour, fill=True, alpha=0.25)
        axes.stairs(share, edges, color=colour, linewidth=1.8, label=name)
    axes.axvline(findings.threshold, color=INK, linewidth=1.3)
    for text, shift, side in (("accepted", -6, "right"), ("refused", 6, "left")):
        axes.annotate(
            text,
            (findings.threshold, 0.95),
            (shift, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=side,
            va="center",
        )
    axes.set(
        xlim=(0, top),
        xlabel="probability of default",
        ylabel="share of the group",
    )
    percent_axis(axes.xaxis, top)
    percent_axis(axes.yaxis, float(axes.get_ylim()[1]))
    axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.92))
    return figure


def draw_discrimination(findings: Findings) -> Figure:
    """Draw ROC and precision-recall with the chosen point."""
    figure = new_figure(3.9)
    left, right = figure.subplots(1, 2)
    y, probability = findings.data.test.y, findings.model.test_probability
    metrics, refused = findings.model.evaluation.metrics, findings.model.evaluation.refused
    bad, good = max(int((y == 1).sum()), 1), max(int((y == 0).sum()), 1)
    caught = float((refused & (y == 1)).sum()) / bad
    harmed = float((refused & (y == 0)).sum()) / good
    false_rate, true_rate, _ = roc_curve(y, probability)
    left.plot(*thin(false_rate, true_rate), color=BLUE)
    left.plot([0, 1], [0, 1], color=MUTED, linestyle=":", linewidth=1.3)
    left.plot([harmed], [caught], "o", color=INK, markersize=7)
    left.set(
        xlabel="good clients refused",
        ylabel="defaulters refused",
        title=f"ROC: area {metrics['test_roc_auc']:.3f}",
    )
    precision, recall, _ = precision_recall_curve(y, probability)
    # its first points are of a handful of rows and jump
    right.plot(*thin(recall[::-1], precision[::-1]), color=BLUE)
    right.axhline(float(y.mean()), color=MUTED, linestyle=":", linewidth=1.3)
    if refused.any():
        right.plot([caught], [float(y[refused].mean())], "o", color=INK, markersize=7)
    right.set(
        xlabel="defaulters refused",
        ylabel="defaulters among the refused",
        title=f"Precision-recall: area {metrics['test_average_precision']:.3f}",
    )
    for axes in (left, right):
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        percent_axis(axes.xaxis, 1.0)
        percent_axis(axes.yaxis, 1.0)
    return figure


def draw_calibration(findings: Findings) -> Figure:
    """Draw the default rate of each tenth of the rows against its mean probability."""
    figure = new_figure(4.2)
    axes = figure.subplots()
    top = 0.0
    model = findings.model
    for name, y, probability, colour, marker in (
        ("training rows, out of fold", model.oof_y, model.oof_probability, BLUE, "s"),
        ("test rows", findings.data.test.y, model.test_probability, ORANGE, "o"),
    ):
        bins = reliability_bins(y, probability)
        axes.errorbar(
            bins.mean_probability,
            bins.default_rate,
            # rounding must not make a bar negative
            yerr=np.maximum(
                [
                    bins.default_rate - bins.default_rate_low,
                    bins.default_rate_high - bins.default_rate,
                ],
                0.0,
            ),
            fmt=marker,
            linestyle="-",
            linewidth=1.3,
            elinewidth=1.6,
            markersize=5,
            color=colour,
            label=name,
        )
        top = max(top, float(bins.mean_probability.max()), float(bins.default_rate_high.max()))
    axes.plot([0, top], [0, top], color=MUTED, linestyle=":", linewidth=1.3, label="perfect")
    axes.axvline(findings.threshold, color=INK, linewidth=1.0)
    axes.set(
        xlim=(0, 1.03 * top),
        ylim=(0, 1.03 * top),
        xlabel="probability of default, mean of a tenth of the rows",
        ylabel="default rate of these rows",
    )
    percent_axis(axes.xaxis, top)
    percent_axis(axes.yaxis, top)
    axes.legend(loc="lower right")
    return figure

"""Draw the probability: by outcome, as ROC and precision-recall curves, its calibration."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from sklearn.metrics import precision_recall_curve, roc_curve

from train.report.finished_run import FinishedRun
from train.report.formatting import UNSEEN
from train.report.pictures.drawing import BLUE, INK, MUTED, ORANGE, new_figure, percent_axis, thin
from train.statistics import reliability_bins


def draw_outcomes(run: FinishedRun) -> Figure:
    """Draw the distribution of the probability by outcome."""
    figure = new_figure(3.6)
    axes = figure.subplots()
    probability, y = run.model.test_probability, run.data.test.y
    top = min(1.0, max(float(np.quantile(probability, 0.995)), 1.5 * run.threshold))
    edges = np.linspace(0, top, 51)
    for label, name, colour in ((0, "repaid", BLUE), (1, "defaulted", ORANGE)):
        counts, _ = np.histogram(np.minimum(probability[y == label], top), edges)
        share = counts / max(counts.sum(), 1)
        axes.stairs(share, edges, color=colour, fill=True, alpha=0.25)
        axes.stairs(share, edges, color=colour, linewidth=1.8, label=name)
    if not run.is_per_loan:
        _mark_decision(axes, run.threshold)
    axes.set(
        xlim=(0, top),
        xlabel="probability of default",
        ylabel="share of the repaid (defaulted) loans",
    )
    # leave room above the bars for the words "accepted" and "refused"
    axes.set_ylim(0, 1.15 * float(axes.get_ylim()[1]))
    percent_axis(axes.xaxis, top)
    percent_axis(axes.yaxis, float(axes.get_ylim()[1]))
    axes.legend(loc="upper right", bbox_to_anchor=(1.0, 0.92))
    return figure


def _mark_decision(axes: Axes, threshold: float) -> None:
    axes.axvline(threshold, color=INK, linewidth=1.3)
    for text, shift, side in (("accepted", -6, "right"), ("refused", 6, "left")):
        axes.annotate(
            text,
            (threshold, 0.95),
            (shift, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=side,
            va="center",
        )


def draw_discrimination(run: FinishedRun) -> Figure:
    """Draw the ROC and the precision-recall curve with the point of the chosen threshold."""
    figure = new_figure(3.9)
    left, right = figure.subplots(1, 2)
    y, probability = run.data.test.y, run.model.test_probability
    evaluation, refused = run.model.evaluation, run.model.evaluation.refused
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
        title=f"ROC: area {evaluation.intervals['roc_auc'].value:.3f}",
    )
    precision, recall, _ = precision_recall_curve(y, probability)
    # at the lowest recall, precision comes from few rows and jumps
    right.plot(*thin(recall[::-1], precision[::-1]), color=BLUE)
    right.axhline(float(y.mean()), color=MUTED, linestyle=":", linewidth=1.3)
    if refused.any():
        right.plot([caught], [float(y[refused].mean())], "o", color=INK, markersize=7)
    right.set(
        xlabel="defaulters refused",
        ylabel="defaulters among the refused",
        title=f"Precision-recall: area {evaluation.average_precision:.3f}",
    )
    for axes in (left, right):
        axes.set(xlim=(0, 1), ylim=(0, 1.02))
        percent_axis(axes.xaxis, 1.0)
        percent_axis(axes.yaxis, 1.0)
    return figure


def draw_calibration(run: FinishedRun) -> Figure:
    """Draw the default rate of each tenth of the rows against its mean probability."""
    figure = new_figure(4.2)
    axes = figure.subplots()
    top = 0.0
    model = run.model
    for name, y, probability, colour, marker in (
        (UNSEEN, model.oof.y, model.oof.probability, BLUE, "s"),
        ("test loans", run.data.test.y, model.test_probability, ORANGE, "o"),
    ):
        bins = reliability_bins(y, probability)
        rate, low, high = bins.default_rate, bins.default_rate_low, bins.default_rate_high
        # rounding must not make the length of a bar negative
        spread = np.maximum([rate - low, high - rate], 0.0)
        axes.errorbar(
            bins.mean_probability,
            rate,
            yerr=spread,
            fmt=f"{marker}-",
            linewidth=1.3,
            elinewidth=1.6,
            markersize=5,
            color=colour,
            label=name,
        )
        top = max(top, float(bins.mean_probability.max()), float(high.max()))
    equal = "expected = observed"
    axes.plot([0, top], [0, top], color=MUTED, linestyle=":", linewidth=1.3, label=equal)
    if not run.is_per_loan:
        axes.axvline(run.threshold, color=INK, linewidth=1.0)
    axes.set(
        xlim=(0, 1.03 * top),
        ylim=(0, 1.03 * top),
        xlabel="expected: mean probability of default of a tenth of the loans",
        ylabel="observed: share of them that defaulted",
    )
    percent_axis(axes.xaxis, top)
    percent_axis(axes.yaxis, top)
    axes.legend(loc="lower right")
    return figure

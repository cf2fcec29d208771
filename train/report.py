"""The pictures and the HTML report of a training run."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import jinja2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray
from sklearn.metrics import precision_recall_curve, roc_curve

from train.costs import Costs
from train.evaluation import Evaluation
from train.reliability import reliability_bins
from train.threshold import cost_curve

FloatArray = NDArray[np.float64]
LabelArray = NDArray[np.int8]

TEMPLATE = Path(__file__).with_name("report.html.jinja")
BLUE, ORANGE, GREY = "#0b6bcb", "#c2410c", "#64748b"
IMPORTANT_FEATURES = 20


@dataclass(frozen=True, slots=True)
class ReportInput:
    """What the pictures are drawn from.

    Attributes
    ----------
    oof_y, oof_probability : ndarray, shape (training rows,)
        Out-of-fold labels and calibrated probabilities: what the threshold was chosen on.
    test_y, test_probability : ndarray, shape (test rows,)
    threshold : float
    costs : Costs
    evaluation : Evaluation
    importance : mapping of str to float
        Gain by feature label.
    """

    oof_y: LabelArray
    oof_probability: FloatArray
    test_y: LabelArray
    test_probability: FloatArray
    threshold: float
    costs: Costs
    evaluation: Evaluation
    importance: Mapping[str, float]


def draw_pictures(data: ReportInput, directory: Path) -> list[Path]:
    """Draw every picture as PNG into `directory` and return their paths, in reading order."""
    drawings = {
        "cost_by_threshold": _draw_cost,
        "calibration": _draw_calibration,
        "discrimination": _draw_discrimination,
        "probability_by_outcome": _draw_distribution,
        "feature_importance": _draw_importance,
    }
    paths = []
    for name, draw in drawings.items():
        figure = Figure(figsize=(8, 4.5), layout="constrained")
        draw(figure, data)
        for axes in figure.axes:
            axes.spines[["top", "right"]].set_visible(False)
            axes.grid(visible=True, alpha=0.25)
        path = directory / f"{name}.png"
        # no date and no version in the file: the same run draws the same bytes
        figure.savefig(path, dpi=120, metadata={"Software": None})
        paths.append(path)
    return paths


def _draw_cost(figure: Figure, data: ReportInput) -> None:
    axes = figure.subplots()
    for name, y, probability, colour in (
        ("training, out of fold", data.oof_y, data.oof_probability, BLUE),
        ("test", data.test_y, data.test_probability, ORANGE),
    ):
        thresholds, cost = cost_curve(y, probability, data.costs)
        axes.plot(np.minimum(thresholds, 1.0), cost, color=colour, label=name)
    axes.axvline(data.threshold, color="black", label=f"threshold {data.threshold:.4f}")
    axes.axvline(
        data.costs.bayes_threshold,
        color=GREY,
        linestyle="--",
        label=f"FP / (FP + FN) = {data.costs.bayes_threshold:.4f}",
    )
    axes.set(
        xlim=(0, min(1.0, 6 * max(data.threshold, data.costs.bayes_threshold))),
        ylim=(0, None),
        xlabel="threshold on the probability of default",
        ylabel="cost per applicant",
        title=f"Accepting a defaulter costs {data.costs.false_negative:g}, "
        f"refusing a good client {data.costs.false_positive:g}",
    )
    axes.legend()


def _draw_calibration(figure: Figure, data: ReportInput) -> None:
    axes = figure.subplots()
    top = 0.0
    for name, y, probability, colour in (
        ("training, out of fold", data.oof_y, data.oof_probability, BLUE),
        ("test", data.test_y, data.test_probability, ORANGE),
    ):
        bins = reliability_bins(y, probability)
        axes.plot(bins.mean_probability, bins.default_rate, "o-", color=colour, label=name)
        top = max(top, bins.mean_probability.max(), bins.default_rate.max())
    axes.plot([0, top], [0, top], color=GREY, linestyle="--", label="perfect")
    axes.set(
        xlabel="probability of default, mean of a tenth of the rows",
        ylabel="default rate of these rows",
        title="Does the probability mean what it says?",
    )
    axes.legend()


def _draw_discrimination(figure: Figure, data: ReportInput) -> None:
    left, right = figure.subplots(1, 2)
    metrics = data.evaluation.metrics
    false_rate, true_rate, _ = roc_curve(data.test_y, data.test_probability)
    left.plot(false_rate, true_rate, color=BLUE)
    left.plot([0, 1], [0, 1], color=GREY, linestyle="--")
    left.set(
        xlabel="share of good clients refused",
        ylabel="share of defaulters refused",
        title=f"ROC, AUC {metrics['test_roc_auc']:.3f}",
    )
    precision, recall, _ = precision_recall_curve(data.test_y, data.test_probability)
    right.plot(recall, precision, color=BLUE)
    right.axhline(float(data.test_y.mean()), color=GREY, linestyle="--")
    right.set(
        ylim=(0, 1),
        xlabel="share of defaulters refused",
        ylabel="defaulters among the refused",
        title=f"Precision-recall, AP {metrics['test_average_precision']:.3f}",
    )


def _draw_distribution(figure: Figure, data: ReportInput) -> None:
    axes = figure.subplots()
    edges = np.linspace(0, float(np.quantile(data.test_probability, 0.995)), 60)
    for label, name, colour in ((0, "repaid", BLUE), (1, "defaulted", ORANGE)):
        values = data.test_probability[data.test_y == label]
        axes.hist(values, bins=edges.tolist(), density=True, alpha=0.55, color=colour, label=name)
    axes.axvline(data.threshold, color="black", label=f"threshold {data.threshold:.4f}")
    axes.set(
        xlabel="probability of default",
        ylabel="density",
        title="Test rows by outcome",
    )
    axes.legend()


def _draw_importance(figure: Figure, data: ReportInput) -> None:
    axes: Axes = figure.subplots()
    ranked: Sequence[tuple[str, float]] = sorted(data.importance.items(), key=lambda item: item[1])
    ranked = ranked[-IMPORTANT_FEATURES:]
    total = sum(data.importance.values()) or 1.0
    axes.barh([name for name, _ in ranked], [gain / total for _, gain in ranked], color=BLUE)
    axes.tick_params(axis="y", labelsize=7)
    axes.set(xlabel="share of the gain in log loss", title="What the model looks at")


def write_report(
    path: Path, title: str, tables: Mapping[str, Mapping[str, str]], pictures: Sequence[Path]
) -> None:
    """Write one self-contained HTML file.

    Parameters
    ----------
    path : Path
    title : str
    tables : mapping of str to mapping of str to str
        Name and value of each row, by the table's heading.
    pictures : sequence of Path
        PNG files, embedded in this order.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    images = [
        (picture.stem.replace("_", " "), base64.b64encode(picture.read_bytes()).decode())
        for picture in pictures
    ]
    template = environment.from_string(TEMPLATE.read_text(encoding="utf-8"))
    path.write_text(template.render(title=title, tables=tables, images=images), encoding="utf-8")

"""Draw the pictures of the report, and write them as PNG and as SVG."""

from train.report.pictures.cost_pictures import REFERENCES, draw_cost, draw_money, draw_realised
from train.report.pictures.drawing import (
    BLUE,
    GREEN,
    INK,
    LINE,
    MUTED,
    ORANGE,
    RED,
    cost_axis,
    line_with_intervals,
    new_figure,
    percent_axis,
    save_png,
    shorten,
    style,
    to_svg,
)
from train.report.pictures.evidence_pictures import (
    draw_fairness,
    draw_importance,
    draw_quarters,
    draw_segments,
)
from train.report.pictures.feature_pictures import draw_contributions, draw_curves
from train.report.pictures.probability_pictures import (
    draw_calibration,
    draw_discrimination,
    draw_outcomes,
)

__all__ = [
    "BLUE",
    "GREEN",
    "INK",
    "LINE",
    "MUTED",
    "ORANGE",
    "RED",
    "REFERENCES",
    "cost_axis",
    "draw_calibration",
    "draw_contributions",
    "draw_cost",
    "draw_curves",
    "draw_discrimination",
    "draw_fairness",
    "draw_importance",
    "draw_money",
    "draw_outcomes",
    "draw_quarters",
    "draw_realised",
    "draw_segments",
    "line_with_intervals",
    "new_figure",
    "percent_axis",
    "save_png",
    "shorten",
    "style",
    "to_svg",
]

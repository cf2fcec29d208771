"""The gate: what a challenger must show to replace the champion."""

from train.promotion.gate.judged_rows import JudgedRows
from train.promotion.gate.results import (
    CostChange,
    GateResult,
    GateRule,
    JudgedDecisions,
    Saving,
    ScoredRows,
)
from train.promotion.gate.rules import (
    judge,
    judge_recalibrated,
    judge_without_champion,
    measure_saving,
)

__all__ = [
    "CostChange",
    "GateResult",
    "GateRule",
    "JudgedDecisions",
    "JudgedRows",
    "Saving",
    "ScoredRows",
    "judge",
    "judge_recalibrated",
    "judge_without_champion",
    "measure_saving",
]

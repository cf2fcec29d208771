"""Choose calibration map and threshold together, by the cost of the decisions."""

from train.decision.calibration import fit_map
from train.decision.decision import DecisionRule, choose_rule
from train.decision.threshold import ThresholdProof, lowest_cost, prove_threshold

__all__ = [
    "DecisionRule",
    "ThresholdProof",
    "choose_rule",
    "fit_map",
    "lowest_cost",
    "prove_threshold",
]

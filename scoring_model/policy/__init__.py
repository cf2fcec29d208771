"""From a margin to a decision: calibration, threshold, and costs that differ by loan."""

from scoring_model.policy.calibration_map import CalibrationMap, CalibrationMethod
from scoring_model.policy.decisions import FIELDS, Decision, Decisions
from scoring_model.policy.loan_costs import LoanCostRule
from scoring_model.policy.policy import DecisionPolicy, refuse, scaled_thresholds

__all__ = [
    "FIELDS",
    "CalibrationMap",
    "CalibrationMethod",
    "Decision",
    "DecisionPolicy",
    "Decisions",
    "LoanCostRule",
    "refuse",
    "scaled_thresholds",
]

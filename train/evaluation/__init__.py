"""Evaluation of a model on its test rows, and the audits of its features."""

from train.evaluation.company import CompanyLoss, find_company_losses
from train.evaluation.evaluation import HIGH_AUC, Evaluation, Rival
from train.evaluation.evidence import Evidence, gather_evidence
from train.evaluation.fairness import (
    LOWEST_RATIO,
    MIN_ROWS,
    ColumnFairness,
    GroupFairness,
    below_four_fifths,
)
from train.evaluation.feature_effects import FeatureCurve, FeatureEffects
from train.evaluation.leaks import LeakCheck, audit_leaks, leak_notes, refuse_company, refuse_leaks
from train.evaluation.proxies import NOTABLE_AUC
from train.evaluation.realised_costs import RealisedCosts, realised_costs
from train.evaluation.segments import SHOWN, Segment
from train.evaluation.stability import Quarter, quarters_off

__all__ = [
    "HIGH_AUC",
    "LOWEST_RATIO",
    "MIN_ROWS",
    "NOTABLE_AUC",
    "SHOWN",
    "ColumnFairness",
    "CompanyLoss",
    "Evaluation",
    "Evidence",
    "FeatureCurve",
    "FeatureEffects",
    "GroupFairness",
    "LeakCheck",
    "Quarter",
    "RealisedCosts",
    "Rival",
    "Segment",
    "audit_leaks",
    "below_four_fifths",
    "find_company_losses",
    "gather_evidence",
    "leak_notes",
    "quarters_off",
    "realised_costs",
    "refuse_company",
    "refuse_leaks",
]

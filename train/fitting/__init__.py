"""Fit LightGBM: folds, treatments of the class imbalance, boosters and their mean."""

from train.fitting.boosting import (
    MAX_TREES,
    BoostingParams,
    Fold,
    FoldedRows,
    fit_fold,
    fixed_params,
    make_fold,
    margins,
    thread_count,
    treat,
)
from train.fitting.early_stop import MANY_ROWS
from train.fitting.feature_selection import find_dropped
from train.fitting.final_fit import FinalFit, FitPlan, Member, fit_final
from train.fitting.folds import FoldRows, repeat_folds, search_rows, split_folds
from train.fitting.sampling import Treatment, available_treatments

__all__ = [
    "MANY_ROWS",
    "MAX_TREES",
    "BoostingParams",
    "FinalFit",
    "FitPlan",
    "Fold",
    "FoldRows",
    "FoldedRows",
    "Member",
    "Treatment",
    "available_treatments",
    "find_dropped",
    "fit_final",
    "fit_fold",
    "fixed_params",
    "make_fold",
    "margins",
    "repeat_folds",
    "search_rows",
    "split_folds",
    "thread_count",
    "treat",
]

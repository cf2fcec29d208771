"""LightGBM's trees: prediction by LightGBM's C API, and a faster look-up of leaves."""

from scoring_model.trees.booster import TreeModel
from scoring_model.trees.probe import have_equal_bits, make_probe
from scoring_model.trees.tree_check import check_tree_text, name_columns
from scoring_model.trees.tree_text import read_trees, split_text

__all__ = [
    "TreeModel",
    "check_tree_text",
    "have_equal_bits",
    "make_probe",
    "name_columns",
    "read_trees",
    "split_text",
]

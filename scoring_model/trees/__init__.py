"""LightGBM's trees: prediction by LightGBM's C API, and a faster look-up of leaves."""

from scoring_model.trees.booster import TreeModel
from scoring_model.trees.tree_text import split_text

__all__ = [
    "TreeModel",
    "split_text",
]

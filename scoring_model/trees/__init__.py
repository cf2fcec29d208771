"""LightGBM's trees: the library by its C API, and the faster look-up of leaves."""

from scoring_model.trees.booster import TreeModel
from scoring_model.trees.tree_text import split_text

__all__ = [
    "TreeModel",
    "split_text",
]

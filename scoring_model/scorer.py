"""`load_scorer` at its old import path, which the code inside older versions uses."""

from scoring_model.version import load_scorer

__all__ = ["load_scorer"]

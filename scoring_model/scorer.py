"""`load_scorer` under its old address, which the code inside older versions imports."""

from scoring_model.version import load_scorer

__all__ = ["load_scorer"]

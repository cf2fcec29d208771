"""Opens a decision log, wherever it is stored."""

from monitoring.decisions.opening import open_decisions

__all__ = ["open_decisions"]

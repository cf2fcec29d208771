"""Makes logged decisions again with the versions that made them, and compares every bit."""

from monitoring.replay.replay import replay_decisions
from monitoring.replay.selection import Selection, select_decisions

__all__ = ["Selection", "replay_decisions", "select_decisions"]

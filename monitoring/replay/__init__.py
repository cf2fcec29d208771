"""Makes logged decisions again with the versions that made them, and compares every bit."""

from monitoring.replay.replay import check_engine, replay_decisions
from monitoring.replay.selection import Selection, select_decisions
from monitoring.replay.versions import VersionFinder

__all__ = ["Selection", "VersionFinder", "check_engine", "replay_decisions", "select_decisions"]

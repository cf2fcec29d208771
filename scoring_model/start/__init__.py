"""The start command of the server: its options, its address, its workers and its end."""

from scoring_model.start.command import start

__all__ = ["start"]

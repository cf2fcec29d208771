"""The subcommands of `python -m monitoring`: what each takes, and what it does.

Each command imports what it needs when it runs: MLflow alone takes seconds to import.
"""

from collections.abc import Callable, Sequence

from monitoring.commands.erasing import add_erase
from monitoring.commands.proving import add_proving
from monitoring.commands.replaying import add_replay
from train.commands import Commands

ADDED: Sequence[Callable[[Commands], None]] = (add_proving, add_erase, add_replay)
"""Functions that each add commands."""

__all__ = ["ADDED"]

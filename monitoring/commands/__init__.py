"""The subcommands of `python -m monitoring`: what each takes, and what it does.

Each command imports what it needs when it runs: MLflow alone takes seconds to import.
"""

from collections.abc import Callable, Sequence

from monitoring.commands.erasing import add_erase
from monitoring.commands.monitoring import add_monitor
from monitoring.commands.proving import add_proving
from monitoring.commands.recalibrating import add_recalibrate
from monitoring.commands.replaying import add_replay
from train.commands import Commands

ADDED: Sequence[Callable[[Commands], None]] = (
    add_proving,
    add_erase,
    add_replay,
    add_monitor,
    add_recalibrate,
)
"""Functions that each add commands."""

__all__ = ["ADDED"]

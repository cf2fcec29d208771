"""The subcommands of `python -m train`: what each takes, and what it does.

Each command imports what it needs when it runs. MLflow alone takes seconds to import, and a wrong
command line must be answered at once.
"""

from train.commands.drafting import add_drafting
from train.commands.parser import ENGINE_HELP, Commands, Parser, add_command, run_command
from train.commands.promotion import add_promotion
from train.commands.scoring import add_demo, add_score
from train.commands.training import add_train

__all__ = [
    "ENGINE_HELP",
    "Commands",
    "Parser",
    "add_command",
    "add_demo",
    "add_drafting",
    "add_promotion",
    "add_score",
    "add_train",
    "run_command",
]

"""MLflow for every command: the main run, the logged model, a check that MLflow answers."""

from train.tracking.connection import answering_registry, check_registry_answers
from train.tracking.logged_model import log_scorer
from train.tracking.runs import main_run

__all__ = [
    "answering_registry",
    "check_registry_answers",
    "log_scorer",
    "main_run",
]

"""MLflow for every command: experiment and run, the logged model, a check that MLflow answers."""

from train.tracking.connection import check_registry_answers
from train.tracking.earlier_settings import USED, log_used, settings_of
from train.tracking.experiments import OPERATIONS, ExperimentPlace, find_experiment
from train.tracking.logged_model import log_scorer
from train.tracking.runs import given_run, main_run, mlflow_command, name_run

__all__ = [
    "OPERATIONS",
    "USED",
    "ExperimentPlace",
    "check_registry_answers",
    "find_experiment",
    "given_run",
    "log_scorer",
    "log_used",
    "main_run",
    "mlflow_command",
    "name_run",
    "settings_of",
]

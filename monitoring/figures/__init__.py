"""Statistics of monitoring: pure functions of arrays."""

from monitoring.figures.default_tests import cost_p_value, jeffreys_p_value
from monitoring.figures.log_odds_fit import TOO_EARLY, LogOddsFit, fit_log_odds
from monitoring.figures.stability import (
    Shift,
    TrainingRows,
    alarm_level,
    find_changes,
    measure_shift,
    read_training_rows,
    real_change,
    stability_by_chance,
)

__all__ = [
    "TOO_EARLY",
    "LogOddsFit",
    "Shift",
    "TrainingRows",
    "alarm_level",
    "cost_p_value",
    "find_changes",
    "fit_log_odds",
    "jeffreys_p_value",
    "measure_shift",
    "read_training_rows",
    "real_change",
    "stability_by_chance",
]

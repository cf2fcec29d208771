"""The settings of the server: one table of variables and limits, and their values."""

from scoring_model.settings.masking import to_masked_line
from scoring_model.settings.open_files import allow_connections
from scoring_model.settings.server_settings import ServerSettings, read_settings
from scoring_model.settings.variable import Variable
from scoring_model.settings.variables import VARIABLES

__all__ = [
    "VARIABLES",
    "ServerSettings",
    "Variable",
    "allow_connections",
    "read_settings",
    "to_masked_line",
]

"""The settings of the server: one table of variables and limits, and their values."""

from scoring_model.settings.server_settings import ServerSettings, read_settings
from scoring_model.settings.variables import VARIABLES, Variable

__all__ = ["VARIABLES", "ServerSettings", "Variable", "read_settings"]

"""Access control, and the time limit of requests."""

from scoring_model.http.guard.access import Guard
from scoring_model.http.guard.keys import Key, KeyScope
from scoring_model.http.guard.keys_file import KeysFile
from scoring_model.http.guard.time_limit import TimeLimit
from scoring_model.http.guard.web_pages import PREFLIGHT_HEADERS

__all__ = [
    "PREFLIGHT_HEADERS",
    "Guard",
    "Key",
    "KeyScope",
    "KeysFile",
    "TimeLimit",
]

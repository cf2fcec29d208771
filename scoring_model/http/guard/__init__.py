"""Who is answered, and for how long."""

from scoring_model.http.guard.access import Guard
from scoring_model.http.guard.time_limit import TimeLimit

__all__ = [
    "Guard",
    "TimeLimit",
]

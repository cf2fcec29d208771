"""Errors that end a command with one line."""

from train.errors import InputError


class DecisionsDiffer(InputError):
    """The log does not hold what was decided, or a replay gives another answer."""

    exit_status = 4


class AlarmsRing(InputError):
    """Monitoring found what the limits of the portfolio do not allow."""

    exit_status = 5

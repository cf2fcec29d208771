"""`GateLimits`: what a challenger must show to become champion, from `[gate]` of a portfolio."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NoReturn

GATE_KEYS = (
    *("confidence", "min_saving_ratio", "max_ece"),
    *("min_roc_auc", "max_acceptance_change", "seed"),
)


@dataclass(frozen=True, slots=True)
class GateLimits:
    """Limits of the gate; every one but `seed` lies in [0, 1).

    Attributes
    ----------
    confidence : float
        Of the one-sided bound on the difference in cost per applicant.
    min_saving_ratio : float
        Saving that the bound must show, as a share of the champion's cost per applicant.
    max_ece : float
        Largest expected calibration error; where the champion's is larger, the champion's.
    min_roc_auc : float
    max_acceptance_change : float
        Largest change of the share of accepted applicants, up or down.
    seed : int
        Of the bootstrap.
    """

    confidence: float = 0.99
    min_saving_ratio: float = 0.0
    max_ece: float = 0.05
    min_roc_auc: float = 0.65
    max_acceptance_change: float = 0.10
    seed: int = 0


def read_limits(section: Mapping[str, Any], fail: Callable[[str], NoReturn]) -> GateLimits:
    """Check `[gate]` of a portfolio; what it leaves out has its default.

    Parameters
    ----------
    section : mapping
        Its keys are known to be among `GATE_KEYS`.
    fail : callable
        Raises the portfolio's error with the rule that is broken.
    """
    for key, value in section.items():
        if key == "seed":
            if type(value) is not int or value < 0:
                fail(f"[gate] seed must be a whole number from 0, got {value!r}")
        elif type(value) not in (int, float) or not 0.0 <= value < 1.0:
            fail(f"[gate] {key} must lie in [0, 1), got {value!r}")
    if section.get("confidence", 1) < 0.5:
        fail(f"[gate] confidence must be 0.5 or more, got {section['confidence']!r}")
    return GateLimits(**section)

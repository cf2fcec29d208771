"""`ExpectedDecisions`: what a version's decisions on its training rows were expected to cost."""

import sys
from dataclasses import dataclass

from scoring_model.contract import JsonFields


@dataclass(frozen=True, slots=True)
class ExpectedDecisions:
    """Decisions on held-out training rows, by probabilities of boosters that had not seen them.

    Each cost is per applicant, and expected: an accepted applicant costs the probability times the
    cost of a false negative, a refused one the rest times the cost of a false positive.

    Attributes
    ----------
    rows : int
    acceptance_rate : float
    cost : float
        Cost of these decisions.
    accept_all_cost, refuse_all_cost : float
        If all had been accepted, or refused.
    """

    rows: int
    acceptance_rate: float
    cost: float
    accept_all_cost: float
    refuse_all_cost: float

    @classmethod
    def from_fields(cls, fields: JsonFields) -> "ExpectedDecisions":
        """Read one from its JSON object; raises `ArtifactError` if a value is not valid."""
        costs = ("cost", "accept_all_cost", "refuse_all_cost")
        return cls(
            int(fields.number("rows", 1, 2**53)),
            fields.number("acceptance_rate", 0.0, 1.0),
            *(fields.number(name, 0.0, sys.float_info.max) for name in costs),
        )

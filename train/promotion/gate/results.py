"""What the gate compares, and what it says."""

from dataclasses import dataclass

from scoring_model.types import BoolArray, FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """Scores of one model on the test rows, as arrays of shape (rows,).

    Attributes
    ----------
    probability : ndarray of float64
        Calibrated probability of default.
    refused : ndarray of bool
        Decision on each row.
    cost : ndarray of float64
        Cost of each decision, given the outcome of the loan.
    """

    probability: FloatArray
    refused: BoolArray
    cost: FloatArray


@dataclass(frozen=True, slots=True)
class GateRule:
    """One rule of the gate.

    Attributes
    ----------
    name : str
        Name of the rule, in words.
    limit : str
        Required value, in words.
    value : str
        Measured value, in words.
    passed : bool
        Whether the value is within the limit.
    """

    name: str
    limit: str
    value: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Saving:
    """Costs per applicant of champion and challenger.

    Attributes
    ----------
    champion_cost, challenger_cost : float
        Per applicant.
    difference : float
        Challenger minus champion: below 0 if the challenger is cheaper.
    upper_bound : float
        One-sided upper bound of the difference, at the `confidence` of the limits.
    smallest_shown : float
        Smallest saving per applicant that the gate finds in nine of ten test sets of this size.
    """

    champion_cost: float
    challenger_cost: float
    difference: float
    upper_bound: float
    smallest_shown: float


@dataclass(frozen=True, slots=True)
class JudgedDecisions:
    """What one set of decisions on the test rows costs, under the challenger's costs.

    Attributes
    ----------
    who : str
        Who decides, in words.
    cost : float
        Per applicant.
    acceptance_rate : float
        Share of the applicants that are accepted.
    """

    who: str
    cost: float
    acceptance_rate: float


@dataclass(frozen=True, slots=True)
class CostChange:
    """The costs of a wrong decision, where champion and challenger differ in them.

    Attributes
    ----------
    before, after : str
        Costs of accepting a defaulter and of refusing a good client, of champion and challenger.
    outcomes : tuple of JudgedDecisions
        Champion, champion with a threshold chosen anew, challenger; empty if they were not
        compared.
    """

    before: str
    after: str
    outcomes: tuple[JudgedDecisions, ...] = ()

    def as_evidence(self) -> dict[str, object]:
        """Return what the ledger keeps."""
        costs = {"costs_before": self.before, "costs_after": self.after}
        return costs | ({"champion_cost_anew": self.outcomes[1].cost} if self.outcomes else {})


@dataclass(frozen=True, slots=True)
class GateResult:
    """The verdict of each rule, and the saving if both models could score the rows.

    Attributes
    ----------
    rules : tuple of GateRule
        All rules that were applied.
    saving : Saving or None
        None if there is no champion, or if it could not score the rows.
    rows : int
        Number of test rows.
    cost_change : CostChange, optional
        None if champion and challenger have the same costs, or if there is no champion to load.
    """

    rules: tuple[GateRule, ...]
    saving: Saving | None
    rows: int
    cost_change: CostChange | None = None

    @property
    def earned(self) -> bool:
        """Whether every rule passed."""
        return all(rule.passed for rule in self.rules)

    @property
    def reason(self) -> str:
        """The failed rules with their values and limits, on one line."""
        failed = (rule for rule in self.rules if not rule.passed)
        text = "; ".join(f"{rule.name}: {rule.value}, must be {rule.limit}" for rule in failed)
        return text or "every rule passed"

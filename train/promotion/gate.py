"""The gate: rules that a challenger must pass to replace the champion."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from scoring_model.types import BoolArray, FloatArray, LabelArray
from train.portfolio.sections import GateLimits
from train.statistics import expected_calibration_error, resample_means

# Power of the test: the gate accepts a true saving of `smallest_shown` with this probability.
POWER = 0.9


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


def judge(
    y: LabelArray,
    challenger: ScoredRows,
    champion: ScoredRows,
    limits: GateLimits,
    anew: ScoredRows | None = None,
) -> GateResult:
    """Apply all rules to a challenger and the champion on the same rows.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
        1 = default; both classes must be present.
    challenger, champion : ScoredRows
        Scores of these rows, in the order of `y`.
    limits : GateLimits
        Limits of the rules.
    anew : ScoredRows, optional
        The champion with a threshold chosen anew, if the costs changed. Other costs alone move the
        acceptance rate, so the challenger's is compared with this one.
    """
    saving = measure_saving(challenger.cost, champion.cost, limits)
    wanted = limits.min_saving_ratio * saving.champion_cost
    max_ece = max(limits.max_ece, expected_calibration_error(y, champion.probability))
    same = anew or champion
    change = float(same.refused.mean() - challenger.refused.mean())
    rules = (
        GateRule(
            f"difference in cost per applicant, {limits.confidence:.0%} bound",
            f"under {0.0 - wanted:.4f}",
            f"{saving.upper_bound:+.4f}",
            saving.upper_bound < -wanted,
        ),
        _ece_rule(y, challenger, max_ece),
        _auc_rule(y, challenger, limits),
        GateRule(
            f"change in acceptance rate{', threshold chosen anew' if anew else ''}",
            f"within {limits.max_acceptance_change:.4f}",
            f"{change:+.4f}",
            abs(change) <= limits.max_acceptance_change,
        ),
    )
    return GateResult(rules, saving, len(y))


def judge_without_champion(
    y: LabelArray, challenger: ScoredRows, others: Sequence[GateRule], limits: GateLimits
) -> GateResult:
    """Apply the rules that need no champion: `others`, calibration error and AUC."""
    rules = (*others, _ece_rule(y, challenger, limits.max_ece), _auc_rule(y, challenger, limits))
    return GateResult(rules, None, len(y))


def _ece_rule(y: LabelArray, challenger: ScoredRows, most: float) -> GateRule:
    """Return the verdict on the challenger's calibration error."""
    ece = expected_calibration_error(y, challenger.probability)
    return GateRule("calibration error (ECE)", f"at most {most:.4f}", f"{ece:.4f}", ece <= most)


def _auc_rule(y: LabelArray, challenger: ScoredRows, limits: GateLimits) -> GateRule:
    """Return the verdict on the challenger's AUC."""
    auc = float(roc_auc_score(y, challenger.probability))
    return GateRule(
        "AUC", f"at least {limits.min_roc_auc:.4f}", f"{auc:.4f}", auc >= limits.min_roc_auc
    )


def measure_saving(challenger: FloatArray, champion: FloatArray, limits: GateLimits) -> Saving:
    """Compare the costs of two models on the same rows by a paired bootstrap.

    B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 16.

    Parameters
    ----------
    challenger, champion : ndarray of float64, shape (rows,)
        Cost of each decision.
    limits : GateLimits
        `confidence` is that of the bound, `seed` seeds the bootstrap.
    """
    difference = challenger - champion
    means = resample_means(difference, limits.seed)
    quantiles = norm.ppf(limits.confidence) + norm.ppf(POWER)
    return Saving(
        champion_cost=float(champion.mean()),
        challenger_cost=float(challenger.mean()),
        difference=float(difference.mean()),
        upper_bound=float(np.quantile(means, limits.confidence)),
        smallest_shown=float(quantiles * means.std()),
    )

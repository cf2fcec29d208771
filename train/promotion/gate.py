"""The gate: whether a challenger is cheaper than the champion beyond chance, and sound."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from scoring_model.types import BoolArray, FloatArray, LabelArray
from train.portfolio import GateLimits
from train.statistics import expected_calibration_error

DRAWS = 10_000
# With more distinct differences than this, drawing rows is faster than drawing their counts.
MANY_VALUES = 1_000
FEWER_DRAWS = 2_000
# How often the gate should see a difference of the size it says the test rows can show.
POWER = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class ScoredRows:
    """What one model says of the test rows, arrays of shape (rows,).

    Attributes
    ----------
    probability : ndarray of float64
        Calibrated probability of default.
    refused : ndarray of bool
    cost : ndarray of float64
        What each decision cost, given how the loan ended.
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
    limit : str
        What it asks for, in words.
    value : str
        What was found.
    passed : bool
    """

    name: str
    limit: str
    value: str
    passed: bool


@dataclass(frozen=True, slots=True)
class Saving:
    """Champion against challenger in cost per applicant.

    Attributes
    ----------
    champion_cost, challenger_cost : float
        Per applicant.
    difference : float
        Challenger less champion: under 0 where the challenger is cheaper.
    upper_bound : float
        One-sided bound on the difference, of the limits' `confidence`.
    smallest_shown : float
        Saving per applicant that these rows show in nine cases of ten.
    """

    champion_cost: float
    challenger_cost: float
    difference: float
    upper_bound: float
    smallest_shown: float


@dataclass(frozen=True, slots=True)
class GateResult:
    """The rules' verdicts and, where both could be scored, what the challenger saves.

    Attributes
    ----------
    rules : tuple of GateRule
    saving : Saving or None
        None where the champion could not be scored.
    rows : int
        Test rows that both were judged on.
    """

    rules: tuple[GateRule, ...]
    saving: Saving | None
    rows: int

    @property
    def earned(self) -> bool:
        """Whether every rule passed."""
        return all(rule.passed for rule in self.rules)

    @property
    def reason(self) -> str:
        """Which rules failed and by what, on one line."""
        failed = (rule for rule in self.rules if not rule.passed)
        said = "; ".join(f"{rule.name}: {rule.value}, must be {rule.limit}" for rule in failed)
        return said or "every rule passed"


def judge(
    y: LabelArray, challenger: ScoredRows, champion: ScoredRows, limits: GateLimits
) -> GateResult:
    """Hold a challenger against the champion on the same rows.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
        1 = default; both classes.
    challenger, champion : ScoredRows
        The scores of these rows, in this order.
    limits : GateLimits
    """
    saving = measure_saving(challenger.cost, champion.cost, limits)
    wanted = limits.min_saving_ratio * saving.champion_cost
    ece = expected_calibration_error(y, challenger.probability)
    max_ece = max(limits.max_ece, expected_calibration_error(y, champion.probability))
    change = float(champion.refused.mean() - challenger.refused.mean())
    rules = (
        GateRule(
            f"difference in cost per applicant, {limits.confidence:.0%} bound",
            f"under {0.0 - wanted:.4f}",
            f"{saving.upper_bound:+.4f}",
            saving.upper_bound < -wanted,
        ),
        GateRule("calibration error (ECE)", f"at most {max_ece:.4f}", f"{ece:.4f}", ece <= max_ece),
        auc_rule(y, challenger, limits),
        GateRule(
            "change in acceptance rate",
            f"within {limits.max_acceptance_change:.4f}",
            f"{change:+.4f}",
            abs(change) <= limits.max_acceptance_change,
        ),
    )
    return GateResult(rules, saving, len(y))


def judge_without_champion(
    y: LabelArray, challenger: ScoredRows, why: Sequence[GateRule], limits: GateLimits
) -> GateResult:
    """Hold a challenger against the floors where the champion cannot score the rows, as `why` says.

    `why` holds the failed rules that stand for the comparison, none before a first champion.
    """
    ece = expected_calibration_error(y, challenger.probability)
    rules = (
        *why,
        GateRule(
            "calibration error (ECE)",
            f"at most {limits.max_ece:.4f}",
            f"{ece:.4f}",
            ece <= limits.max_ece,
        ),
        auc_rule(y, challenger, limits),
    )
    return GateResult(rules, None, len(y))


def auc_rule(y: LabelArray, challenger: ScoredRows, limits: GateLimits) -> GateRule:
    """Return the verdict on the challenger's AUC."""
    auc = float(roc_auc_score(y, challenger.probability))
    return GateRule(
        "AUC", f"at least {limits.min_roc_auc:.4f}", f"{auc:.4f}", auc >= limits.min_roc_auc
    )


def measure_saving(challenger: FloatArray, champion: FloatArray, limits: GateLimits) -> Saving:
    """Compare the costs of the same rows' decisions by a paired bootstrap.

    B. Efron and R. Tibshirani, An Introduction to the Bootstrap, 1993, chapters 13 and 16.

    Parameters
    ----------
    challenger, champion : ndarray of float64, shape (rows,)
        Cost of each decision.
    limits : GateLimits
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


def resample_means(values: FloatArray, seed: int) -> FloatArray:
    """Return the means of as many rows drawn with replacement, over and over, shape (draws,)."""
    rng = np.random.default_rng(seed)
    distinct, counts = np.unique(values, return_counts=True)
    rows = len(values)
    if len(distinct) > MANY_VALUES:
        drawn = (values[rng.integers(0, rows, rows)].mean() for _ in range(FEWER_DRAWS))
        return np.fromiter(drawn, dtype=np.float64, count=FEWER_DRAWS)
    # how often each value is drawn is one multinomial draw: exact, whatever the number of rows
    return np.asarray(rng.multinomial(rows, counts / rows, size=DRAWS) @ distinct / rows)

"""The gate: rules that a challenger must pass to replace the champion."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from scoring_model.types import FloatArray, LabelArray
from train.portfolio.sections import GateLimits
from train.promotion.gate.judged_rows import JudgedRows
from train.promotion.gate.results import GateResult, GateRule, Saving, ScoredRows
from train.statistics import expected_calibration_error, resample_means

# Power of the test: the gate accepts a true saving of `smallest_shown` with this probability.
POWER = 0.9


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
    same = anew or champion
    rules = (
        _saving_rule(saving, limits),
        _ece_rule(y, challenger, _most_ece(y, champion, limits)),
        _auc_rule(y, challenger, limits),
        _acceptance_rule(
            f"change in acceptance rate{', threshold chosen anew' if anew else ''}",
            float(same.refused.mean() - challenger.refused.mean()),
            limits,
        ),
    )
    return GateResult(rules, saving, len(y))


def judge_recalibrated(rows: JudgedRows, limits: GateLimits) -> GateResult:
    """Apply the rules to a version that differs from the champion in map and threshold only.

    There is no rule for the AUC: both have the same trees, so they rank applicants alike. All these
    rows were accepted, so the acceptance rates are those of all applicants.

    Parameters
    ----------
    rows : JudgedRows
    limits : GateLimits
        Limits of the rules.
    """
    saving = measure_saving(rows.challenger.cost, rows.champion.cost, limits)
    rules = (
        _saving_rule(saving, limits),
        _ece_rule(rows.y, rows.challenger, _most_ece(rows.y, rows.champion, limits)),
        _acceptance_rule(
            "change in acceptance rate of all applicants",
            rows.challenger_acceptance - rows.champion_acceptance,
            limits,
        ),
    )
    return GateResult(rules, saving, len(rows.y))


def judge_without_champion(
    y: LabelArray, challenger: ScoredRows, others: Sequence[GateRule], limits: GateLimits
) -> GateResult:
    """Apply the rules that need no champion: `others`, calibration error and AUC."""
    rules = (*others, _ece_rule(y, challenger, limits.max_ece), _auc_rule(y, challenger, limits))
    return GateResult(rules, None, len(y))


def _saving_rule(saving: Saving, limits: GateLimits) -> GateRule:
    """Return the verdict on the difference in cost."""
    wanted = limits.min_saving_ratio * saving.champion_cost
    return GateRule(
        f"difference in cost per applicant, {limits.confidence:.0%} bound",
        f"under {0.0 - wanted:.4f}",
        f"{saving.upper_bound:+.4f}",
        saving.upper_bound < -wanted,
    )


def _acceptance_rule(name: str, change: float, limits: GateLimits) -> GateRule:
    """Return the verdict on a change in acceptance rate."""
    most = limits.max_acceptance_change
    return GateRule(name, f"within {most:.4f}", f"{change:+.4f}", abs(change) <= most)


def _most_ece(y: LabelArray, champion: ScoredRows, limits: GateLimits) -> float:
    """Return the largest calibration error that the challenger may have."""
    return max(limits.max_ece, expected_calibration_error(y, champion.probability))


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

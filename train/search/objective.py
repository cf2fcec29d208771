"""Measure a trial by its held-out margins: the loss that the search minimises, and the cost."""

from dataclasses import dataclass

import numpy as np

from scoring_model.policy import refuse
from scoring_model.types import FloatArray, LabelArray
from train.decision import fit_map
from train.portfolio import LoanCosts
from train.portfolio.sections import MeasureName

# The loss averages over ratios of the two costs, from a 64th of the given ratio to 64 times it.
WIDEST = np.log(64.0)


@dataclass(frozen=True, slots=True)
class HeldOutCost:
    """The cost of decisions by held-out margins, and what the search minimises.

    Attributes
    ----------
    cost_per_applicant : float
        Cost at the theoretical threshold, after a sigmoid calibration map fitted on the same rows.
    loss : float
        By measure: the mean cost per applicant over many ratios of the two costs (see
        `ratio_losses`), the log loss after the same map, or 1 - AUC.
    standard_error : float
        Standard error of the loss.
    """

    cost_per_applicant: float
    loss: float
    standard_error: float


def held_out_cost(
    margin: FloatArray, y: LabelArray, costs: LoanCosts, measure: MeasureName = "cost"
) -> HeldOutCost:
    """Return the cost of decisions by held-out margins.

    Parameters
    ----------
    margin : ndarray of float64, shape (rows,)
        Raw log-odds. They may be biased by a treatment of the class imbalance.
    y : ndarray of int8, shape (rows,)
        1 = default. Both classes must occur.
    costs : LoanCosts
        What wrong decisions on these rows cost.
    measure : {"cost", "log_loss", "auc"}
        What the loss measures.
    """
    calibration = fit_map("sigmoid", margin, y)
    refused = refuse(calibration.apply(margin), costs.bayes_threshold)
    log_odds = calibration.slope * margin + calibration.intercept
    if measure == "auc":
        loss, standard_error = _auc_loss(margin, y)
    else:
        own = ratio_losses(log_odds, y, costs) if measure == "cost" else _log_losses(log_odds, y)
        loss, standard_error = float(own.mean()), float(own.std() / np.sqrt(len(y)))
    return HeldOutCost(costs.per_applicant(y, refused), loss, standard_error)


def _log_losses(log_odds: FloatArray, y: LabelArray) -> FloatArray:
    """Return the log loss of each row."""
    return np.asarray(np.logaddexp(0.0, np.where(y == 1, -log_odds, log_odds)))


def _auc_loss(margin: FloatArray, y: LabelArray) -> tuple[float, float]:
    """Return 1 - AUC and its standard error.

    E. DeLong, D. DeLong and D. Clarke-Pearson, Biometrics 1988: the variance comes from how often
    each defaulter is ranked below a good client, and each good client above a defaulter.
    """
    bad, good = np.sort(margin[y == 1]), np.sort(margin[y == 0])
    wrong_of_bad, wrong_of_good = 1.0 - _share_below(bad, good), _share_below(good, bad)
    variance = wrong_of_bad.var() / len(bad) + wrong_of_good.var() / len(good)
    return float(wrong_of_bad.mean()), float(np.sqrt(variance))


def _share_below(values: FloatArray, others: FloatArray) -> FloatArray:
    """Return for each value the share of the sorted others below it; a tie counts half."""
    below, not_above = (np.searchsorted(others, values, side) for side in ("left", "right"))
    return np.asarray((below + not_above) / (2 * len(others)))


def ratio_losses(log_odds: FloatArray, y: LabelArray, costs: LoanCosts) -> FloatArray:
    """Return the mean cost of each row over many ratios of the two costs.

    The logarithm of the ratio goes evenly from `-WIDEST` to `WIDEST` around the given one. The sum
    of a loan's two costs stays the same. Each decision is at the theoretical threshold.

    Parameters
    ----------
    log_odds : ndarray of float64, shape (rows,)
        Calibrated log-odds of default.
    y : ndarray of int8, shape (rows,)
        1 = default.
    costs : LoanCosts
        What wrong decisions on these rows cost.

    Notes
    -----
    The cost at one ratio depends only on the rows near one threshold, so it is a noisy measure of a
    trial. The mean over all ratios would be the log loss, up to a factor: A. Buja, W. Stuetzle and
    Y. Shen, Loss functions for binary class probability estimation and classification, 2005. This
    mean leaves out the ratios that are far from the given one. Up to a factor and a constant it is
    the log loss of log-odds that are cut off at the ends of the loan's range.
    """
    threshold = np.log(costs.false_positive / costs.false_negative)
    low, high = threshold - WIDEST, threshold + WIDEST
    cut = np.clip(log_odds, low, high)
    of_default = np.logaddexp(0.0, -cut) - np.logaddexp(0.0, -high)
    of_good = np.logaddexp(0.0, cut) - np.logaddexp(0.0, low)
    scale = (costs.false_negative + costs.false_positive) / (2.0 * WIDEST)
    return np.asarray(scale * np.where(y == 1, of_default, of_good))

"""What a trial's held-out margins cost: the figure the search minimises."""

from dataclasses import dataclass

import numpy as np

from scoring_model.policy import refuse
from scoring_model.types import FloatArray, LabelArray
from train.decision import fit_map
from train.portfolio import LoanCosts

# Logarithms of factors on the ratio of the two costs: from half to twice the ratio.
RATIO_SHIFTS = np.linspace(-np.log(2.0), np.log(2.0), 7)


@dataclass(frozen=True, slots=True)
class HeldOutCost:
    """What held-out margins cost.

    Attributes
    ----------
    cost_per_applicant : float
        At the theoretical threshold, after a sigmoid map that is fitted on the same rows.
    standard_error : float
        The standard error of the cost per applicant.
    loss : float
        The same averaged over ratios of the two costs from half to twice the given one: near
        decisions differ little, so that the average keeps the order of trials and loses much of
        its noise.
    """

    cost_per_applicant: float
    standard_error: float
    loss: float


def held_out_cost(margin: FloatArray, y: LabelArray, costs: LoanCosts) -> HeldOutCost:
    """Return what held-out margins cost.

    Parameters
    ----------
    margin : ndarray of float64, shape (rows,)
        Raw log-odds, with whatever bias a treatment of the imbalance has left.
    y : ndarray of int8, shape (rows,)
        1 = default; both classes.
    costs : LoanCosts
        What wrong decisions on these rows cost.
    """
    probability = fit_map("sigmoid", margin, y).apply(margin)
    each = costs.of_each(y, refuse(probability, costs.bayes_threshold))
    losses = []
    for shift in RATIO_SHIFTS:
        shifted = LoanCosts(
            costs.false_negative * np.exp(shift / 2), costs.false_positive * np.exp(-shift / 2)
        )
        losses.append(shifted.per_applicant(y, refuse(probability, shifted.bayes_threshold)))
    return HeldOutCost(
        cost_per_applicant=float(each.mean()),
        standard_error=float(each.std() / np.sqrt(len(y))),
        loss=float(np.mean(losses)),
    )

"""Compute the cost of a trial's held-out margins: the figure that the search minimises."""

from dataclasses import dataclass

import numpy as np

from scoring_model.policy import refuse
from scoring_model.types import FloatArray, LabelArray
from train.decision import fit_map
from train.portfolio import LoanCosts

# The loss averages over these factors on the ratio of the two costs, given as logarithms: from half
# to twice the ratio.
RATIO_SHIFTS = np.linspace(-np.log(2.0), np.log(2.0), 7)


@dataclass(frozen=True, slots=True)
class HeldOutCost:
    """The cost of decisions by held-out margins.

    Attributes
    ----------
    cost_per_applicant : float
        Cost at the theoretical threshold, after a sigmoid calibration map fitted on the same rows.
    standard_error : float
        Standard error of the cost per applicant.
    loss : float
        Mean cost per applicant over several ratios of the two costs, from half to twice the given
        ratio. Decisions at similar ratios differ little. So the mean ranks trials as the cost does,
        but with less noise.
    """

    cost_per_applicant: float
    standard_error: float
    loss: float


def held_out_cost(margin: FloatArray, y: LabelArray, costs: LoanCosts) -> HeldOutCost:
    """Return the cost of decisions by held-out margins.

    Parameters
    ----------
    margin : ndarray of float64, shape (rows,)
        Raw log-odds. They may be biased by a treatment of the class imbalance.
    y : ndarray of int8, shape (rows,)
        1 = default. Both classes must occur.
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

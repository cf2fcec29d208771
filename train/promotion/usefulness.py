"""Whether a model is of use: cheaper than accepting all applicants, and than refusing all."""

import numpy as np

from scoring_model.types import FloatArray, LabelArray
from train.portfolio import AnyCosts
from train.portfolio.sections import GateLimits
from train.promotion.gate import GateResult, GateRule
from train.statistics import LEVEL, resample_means


def judge_usefulness(
    y: LabelArray, cost: FloatArray, costs: AnyCosts, limits: GateLimits
) -> GateResult:
    """Judge whether decisions cost less than accepting all and less than refusing all.

    The 95 % interval of each difference in cost, from a paired bootstrap, must lie under 0.

    Parameters
    ----------
    y : ndarray of int8, shape (rows,)
        1 = default.
    cost : ndarray of float64, shape (rows,)
        Cost of each decision.
    costs : Costs or LoanCosts
        Costs of wrong decisions on these rows.
    limits : GateLimits
        `seed` seeds the bootstrap.
    """
    rules = []
    for name, refused in (("accepting", False), ("refusing", True)):
        difference = cost - costs.of_each(y, np.full(len(y), refused))
        means = resample_means(difference, limits.seed)
        low, high = np.quantile(means, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        rules.append(
            GateRule(
                f"cost per applicant minus that of {name} all, {LEVEL:.0%} interval",
                "under 0",
                f"{low:+.4f} to {high:+.4f}",
                bool(high < 0),
            )
        )
    return GateResult(tuple(rules), None, len(y))

"""`score_judged`: score the latest third with both policies, for the gate."""

import numpy as np

from monitoring.recalibration.rows import LoggedMargins, MaturedRows, decide_anew
from scoring_model.policy import DecisionPolicy
from train.promotion.gate import JudgedRows, ScoredRows


def score_judged(
    champion: int,
    policies: tuple[DecisionPolicy, DecisionPolicy],
    judged: MaturedRows,
    applicants: LoggedMargins,
) -> JudgedRows:
    """Score rows with the champion's policy and with a new one.

    Parameters
    ----------
    champion : int
        Number of the champion.
    policies : tuple of two DecisionPolicy
        The champion's, then the new one.
    judged : MaturedRows
        Rows that the fit did not see.
    applicants : LoggedMargins
        All decisions from the first day of these rows on, refused ones included.
    """
    old, new = (_score(policy, judged) for policy in policies)
    rates = (1.0 - float(decide_anew(policy, applicants)[1].mean()) for policy in policies)
    return JudgedRows(champion, judged.y, old, new, *rates)


def _score(policy: DecisionPolicy, rows: MaturedRows) -> ScoredRows:
    probability, refused = decide_anew(policy, rows.logged)
    costs = rows.logged.costs
    # a known default stands for those that come later too: each of them for 1 / share
    defaults = rows.y / rows.share
    cost = np.where(
        refused, costs.false_positive * (1.0 - defaults), costs.false_negative * defaults
    )
    return ScoredRows(probability * rows.share, refused, cost)

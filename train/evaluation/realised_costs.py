"""Realised costs: what the decisions on the test rows cost in the end, by the table's amounts."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scoring_model.types import BoolArray
from train.data import LabelledRows
from train.evaluation.evaluation import Rival
from train.portfolio import Portfolio, costs_realised
from train.statistics import Interval, bootstrap_means


@dataclass(frozen=True, slots=True)
class RealisedCosts:
    """Realised cost per applicant, in the currency of the table.

    Attributes
    ----------
    cost : Interval
        Cost per applicant of the decisions.
    rivals : mapping of str to Rival
        `refuse_all` and `accept_all` on the same rows.
    """

    cost: Interval
    rivals: Mapping[str, Rival]

    @property
    def metrics(self) -> dict[str, float]:
        """The figures as metrics of the run."""
        stem = "realised/cost"
        metrics = {
            f"{stem}_per_applicant": self.cost.value,
            f"{stem}_ci_low": self.cost.low,
            f"{stem}_ci_high": self.cost.high,
        }
        for name, rival in self.rivals.items():
            metrics[f"{stem}_{name}"] = rival.cost_per_applicant
            metrics[f"{stem}_minus_{name}_ci_low"] = rival.difference.low
            metrics[f"{stem}_minus_{name}_ci_high"] = rival.difference.high
        return metrics


def realised_costs(
    portfolio: Portfolio, test: LabelledRows, refused: BoolArray, seed: int
) -> RealisedCosts | None:
    """Return what the decisions on the test rows cost in the end, if the portfolio gives it.

    Parameters
    ----------
    portfolio : Portfolio
        Names the columns of the realised costs under `[costs]`.
    test : LabelledRows
        Test rows.
    refused : ndarray of bool, shape (test rows,)
        Decision on each row.
    seed : int
        Seeds the bootstrap.

    Returns
    -------
    RealisedCosts or None
        None if the portfolio names no realised costs.
    """
    if not portfolio.costs.realised:
        return None
    costs = costs_realised(portfolio.costs, test.frame, test.y, portfolio.path)
    everyone = np.ones(len(test.y), dtype=bool)
    each = costs.of_each(test.y, refused)
    accept, refuse = (costs.of_each(test.y, rows) for rows in (~everyone, everyone))
    columns = np.column_stack([each, accept, refuse, each - accept, each - refuse])
    cost, accepting, refusing, less_accepting, less_refusing = bootstrap_means(
        columns, test.y, seed
    )
    rivals = {
        "refuse_all": Rival(refusing.value, less_refusing),
        "accept_all": Rival(accepting.value, less_accepting),
    }
    return RealisedCosts(cost, rivals)

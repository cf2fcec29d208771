"""Costs of a portfolio's rows, side by side: what they are decided by, and what they came to."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from train.cost_columns import check_features, costs_realised, costs_to_decide
from train.costs import AnyCosts, Costs, LoanCosts
from train.data import PortfolioData
from train.intervals import bootstrap_means
from train.portfolio import Portfolio


@dataclass(frozen=True, slots=True, eq=False)
class SideCosts:
    """Costs by which decisions are made and judged: of training rows and of test rows."""

    train: LoanCosts
    test: AnyCosts


def costs_of_sides(portfolio: Portfolio, data: PortfolioData, plain: Costs) -> SideCosts:
    """Return the costs of both sides: those of `[costs]`, or else the plain ones.

    Raises
    ------
    InputError
        `[costs]` does not fit the table.
    """
    columns, contract = portfolio.costs, data.contract
    if not columns.decides:
        return SideCosts(plain.of_rows(len(data.train.y)), plain)
    check_features(columns, contract, portfolio.path)
    return SideCosts(
        costs_to_decide(columns, contract, data.train.matrix, portfolio.path),
        costs_to_decide(columns, contract, data.test.matrix, portfolio.path),
    )


def realised_metrics(
    portfolio: Portfolio, data: PortfolioData, refused: NDArray[np.bool_], seed: int
) -> dict[str, float]:
    """Return what the decisions on the test rows have cost in the end, in the table's own unit.

    Empty where the portfolio does not say it.
    """
    if not portfolio.costs.realised:
        return {}
    test = data.test
    costs = costs_realised(portfolio.costs, test.frame, test.y, portfolio.path)
    all_rows = np.ones(len(test.y), dtype=bool)
    each = costs.of_each(test.y, refused)
    accept, refuse = (costs.of_each(test.y, said) for said in (~all_rows, all_rows))
    columns = np.column_stack([each, accept, refuse, each - accept, each - refuse])
    found = bootstrap_means(columns, test.y, seed)
    metrics = {
        "test_realised_cost_per_applicant": found[0].value,
        "test_realised_cost_ci_low": found[0].low,
        "test_realised_cost_ci_high": found[0].high,
        "test_realised_cost_accept_all": found[1].value,
        "test_realised_cost_refuse_all": found[2].value,
    }
    for name, interval in (("accept_all", found[3]), ("refuse_all", found[4])):
        metrics[f"test_realised_cost_minus_{name}_ci_low"] = interval.low
        metrics[f"test_realised_cost_minus_{name}_ci_high"] = interval.high
    return metrics

"""`SideCosts`: what wrong decisions on the training rows and on the test rows cost."""

from dataclasses import dataclass

from train.data.labelled_rows import PortfolioData
from train.portfolio import (
    AnyCosts,
    Costs,
    LoanCosts,
    Portfolio,
    check_features,
    costs_to_decide,
)


@dataclass(frozen=True, slots=True, eq=False)
class SideCosts:
    """Costs for choosing the threshold, and for evaluating the decisions.

    Attributes
    ----------
    train : LoanCosts
        What wrong decisions on the training rows cost.
    test : Costs or LoanCosts
        What wrong decisions on the test rows cost.
    """

    train: LoanCosts
    test: AnyCosts


def costs_of_sides(portfolio: Portfolio, data: PortfolioData, plain: Costs) -> SideCosts:
    """Return the costs of training and test rows: those of `[costs]`, or else `plain`.

    Parameters
    ----------
    portfolio : Portfolio
    data : PortfolioData
        Its rows.
    plain : Costs
        Costs for portfolios without `[costs]`, the same for every loan.

    Raises
    ------
    InputError
        A column of `[costs]` cannot be used, or a cost is not positive.
    """
    columns, contract = portfolio.costs, data.contract
    if not columns.decides:
        return SideCosts(plain.of_rows(len(data.train.y)), plain)
    check_features(columns, contract, portfolio.path)
    return SideCosts(
        costs_to_decide(columns, contract, data.train.matrix, portfolio.path),
        costs_to_decide(columns, contract, data.test.matrix, portfolio.path),
    )

"""What wrong decisions cost on either side of the split: as `[costs]` says, or alike for all."""

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
    """Costs by which decisions are made and judged.

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

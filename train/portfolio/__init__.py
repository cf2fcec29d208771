"""Read and check a portfolio: one table of past loans, described by its `portfolio.toml`."""

from train.portfolio.cost_columns import check_features, costs_realised, costs_to_decide
from train.portfolio.costs import AnyCosts, Costs, LoanCosts
from train.portfolio.portfolio import ROW_NUMBER, Portfolio, examine_portfolio, load_portfolio
from train.portfolio.portfolio_file import PortfolioFile

__all__ = [
    "ROW_NUMBER",
    "AnyCosts",
    "Costs",
    "LoanCosts",
    "Portfolio",
    "PortfolioFile",
    "check_features",
    "costs_realised",
    "costs_to_decide",
    "examine_portfolio",
    "load_portfolio",
]

"""Read and check a portfolio: one table of past loans, described by its `portfolio.toml`."""

from train.portfolio.cost_columns import check_features, costs_realised, costs_to_decide
from train.portfolio.costs import AnyCosts, Costs, LoanCosts
from train.portfolio.gate_limits import GateLimits
from train.portfolio.portfolio import Portfolio, load_portfolio
from train.portfolio.portfolio_file import PortfolioFile
from train.portfolio.split import ColumnSplit, DateSplit, RandomSplit

__all__ = [
    "AnyCosts",
    "ColumnSplit",
    "Costs",
    "DateSplit",
    "GateLimits",
    "LoanCosts",
    "Portfolio",
    "PortfolioFile",
    "RandomSplit",
    "check_features",
    "costs_realised",
    "costs_to_decide",
    "load_portfolio",
]

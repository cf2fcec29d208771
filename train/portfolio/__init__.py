"""Read and check a portfolio: one table of past loans, described by its `portfolio.toml`."""

from train.portfolio.cost_columns import check_features, costs_realised, costs_to_decide
from train.portfolio.costs import AnyCosts, Costs, LoanCosts
from train.portfolio.file_text import key_text, value_text
from train.portfolio.gate_limits import GateLimits
from train.portfolio.outcomes import Outcomes
from train.portfolio.portfolio import ROW_NUMBER, Portfolio, examine_portfolio, load_portfolio
from train.portfolio.portfolio_file import MODEL_NAME, PortfolioFile
from train.portfolio.read_settings import ReadSettings
from train.portfolio.split import ColumnSplit, DateSplit, RandomSplit
from train.portfolio.value_rules import Limit

__all__ = [
    "MODEL_NAME",
    "ROW_NUMBER",
    "AnyCosts",
    "ColumnSplit",
    "Costs",
    "DateSplit",
    "GateLimits",
    "Limit",
    "LoanCosts",
    "Outcomes",
    "Portfolio",
    "PortfolioFile",
    "RandomSplit",
    "ReadSettings",
    "check_features",
    "costs_realised",
    "costs_to_decide",
    "examine_portfolio",
    "key_text",
    "load_portfolio",
    "value_text",
]

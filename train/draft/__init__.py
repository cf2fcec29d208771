"""Draft a `portfolio.toml` for a table that nobody has described, and check a written one."""

from train.draft.check import check_portfolio
from train.draft.draft import draft_portfolio

__all__ = ["check_portfolio", "draft_portfolio"]

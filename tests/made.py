"""Synthetic loans with a known probability of default, and a portfolio folder for them."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

PORTFOLIO = """
[portfolio]
name = "made"
description = "Made loans"
source = "{source}"
key = "loan_id"
target = "defaulted"
decision_date = "decided_on"
amount = "amount"
model = "credit-scoring"
protected = ["sex"]

[split]
{split}

[exclude]
lost_amount = "known only after default"

[labels]
income = {{ en = "Income", fr = "Revenu" }}
"""
RANDOM_SPLIT = 'method = "random"\ntest_size = 0.25\nseed = 0'
DATE_SPLIT = 'method = "date"\ntest_from = 2021-07-01'


def make_loans(rows: int, seed: int = 0, *, clear: bool = False) -> pd.DataFrame:
    """Return loans whose default depends on income, debt, region and home.

    The loans have every kind of feature: numbers with and without gaps, a category with rare levels
    and gaps, a category without them, and a yes/no feature. About one loan in five defaults.

    `clear` changes the outcomes alone. About one loan in ten defaults, and the features say more
    about it: a model of few rows is of use, so that it goes into production by itself.
    """
    rng = np.random.default_rng(seed)
    income = rng.lognormal(10, 0.5, rows)
    debt = np.where(rng.random(rows) < 0.1, np.nan, rng.gamma(2.0, 0.2, rows))
    region = rng.choice(["north", "south", "east", "west"], rows, p=[0.4, 0.3, 0.2, 0.1])
    purpose = rng.choice(["car", "home", "shop"], rows).astype(object)
    purpose[rng.random(rows) < 0.05] = None
    rare = rng.random(rows) < 0.004
    purpose[rare] = rng.choice(["boat", "horse"], int(rare.sum()))
    has_home = rng.random(rows) < 0.5
    base, by_income, by_debt, by_region, by_home = (
        (-2.4, 1.8, 3.0, 2.4, 2.0) if clear else (-1.4, 1.2, 1.5, 0.8, 0.5)
    )
    margin = (
        base
        - by_income * (np.log(income) - 10)
        + by_debt * (np.nan_to_num(debt, nan=0.6) - 0.4)
        + by_region * (region == "west")
        - by_home * has_home
    )
    defaulted = rng.random(rows) < 1 / (1 + np.exp(-margin))
    amount = rng.integers(1, 50, rows) * 1000
    return pd.DataFrame(
        {
            "loan_id": np.arange(rows),
            "decided_on": pd.Timestamp("2020-01-01") + pd.to_timedelta(np.arange(rows) % 730, "D"),
            "income": income.round(2),
            "debt_ratio": debt,
            "amount": amount,
            "region": region,
            "purpose": purpose,
            "has_home": has_home,
            "sex": rng.choice(["female", "male"], rows),
            "lost_amount": np.where(defaulted, amount * 0.6, 0.0),
            "defaulted": defaulted.astype(int),
        }
    )


def write_portfolio(
    directory: Path,
    loans: pd.DataFrame,
    split: str = RANDOM_SPLIT,
    source: str = "loans.parquet",
    **replaced: str,
) -> Path:
    """Write loans and their `portfolio.toml`.

    Each further keyword replaces one line of the file: `key='key = "x"'` replaces the line that
    starts with `key =`.
    """
    if source.endswith(".csv"):
        loans.to_csv(directory / source, index=False)
    else:
        loans.to_parquet(directory / source)
    text = PORTFOLIO.format(source=source, split=split)
    lines = [
        next((new for start, new in replaced.items() if line.startswith(f"{start} =")), line)
        for line in text.splitlines()
    ]
    path = directory / "portfolio.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def as_json(value: Any) -> Any:
    """Return a cell of a table as a caller sends it in JSON."""
    if value is None or value != value:  # noqa: PLR0124  # true for NaN only
        return None
    return value.item() if isinstance(value, np.generic) else value

"""A finished training on synthetic loans, with a finding in every chapter of the report."""

from pathlib import Path

import numpy as np
import pandas as pd

from tests.made import DATE_SPLIT, make_loans, write_portfolio
from train.data import load_data
from train.pipeline import audit, train_model
from train.portfolio import Costs, load_portfolio
from train.report import FinishedRun
from train.settings import Settings
from train.stages import Job

SETTINGS = Settings(Costs(), max_evals=1)
ODD_NAME = 'east & <b>"$1 to $2"</b>'


def find(directory: Path, loans: pd.DataFrame, sections: str = "", **replaced: str) -> FinishedRun:
    """Train on loans and return the finished run."""
    split = replaced.pop("split", DATE_SPLIT)
    path = write_portfolio(directory, loans, split=split, **replaced)
    path.write_text(f"{path.read_text(encoding='utf-8')}\n{sections}", encoding="utf-8")
    portfolio = load_portfolio(path)
    data = load_data(portfolio)
    model = train_model(audit(Job(portfolio, SETTINGS), data))
    return FinishedRun(model)


def find_something(directory: Path) -> FinishedRun:
    """Train on loans where the region `ODD_NAME` behaves differently in the test period."""
    loans = make_loans(6000)
    # in the test period, defaults in the east no longer depend on the features
    late = loans["decided_on"] >= "2021-07-01"
    shuffled = loans.loc[late, "defaulted"].sample(frac=1.0, random_state=0).to_numpy()
    loans.loc[late, "defaulted"] = np.where(
        loans.loc[late, "region"] == "east", shuffled, loans.loc[late, "defaulted"]
    )
    # this name breaks a page or a picture that does not escape HTML and $
    loans["region"] = loans["region"].replace({"east": ODD_NAME})
    return find(directory, loans)

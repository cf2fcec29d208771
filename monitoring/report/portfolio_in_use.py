"""`find_portfolio`: the portfolio whose `[monitoring]` section has the limits."""

from pathlib import Path

from monitoring.decisions import find_model
from scoring_model.decision_log import LogReader
from train.errors import InputError
from train.portfolio import Portfolio, load_portfolio
from train.promotion import load_portfolio_of, open_registry


def find_portfolio(reader: LogReader, model: str, given: str) -> Portfolio:
    """Return the portfolio of a monitoring.

    Parameters
    ----------
    reader : LogReader
        The log. It says which model decided, if `model` is empty.
    model : str
        Name of the registered model, or empty.
    given : str
        Path of the portfolio; empty for that which the champion was trained on.

    Raises
    ------
    InputError
        The portfolio cannot be found or read, or the champion was trained on another one.
    """
    name = model or find_model(reader)
    champion = open_registry(name).champion() if name else None
    if champion is not None:
        return load_portfolio_of(champion, given)
    if given:
        return load_portfolio(Path(given))
    why = (
        f"no version of {name} is in production"
        if name
        else "no decision of this log names a registered model"
    )
    raise InputError(f"portfolio: {why}, which would say it: name the portfolio by -P portfolio=")

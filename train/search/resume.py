"""Write a search down and take it up again: a trial as text, and what makes two searches one."""

import json
from collections.abc import Mapping, Sequence

from train.errors import InputError
from train.fitting import BoostingParams
from train.search.tuning import Trial
from train.settings import Settings

# What the user reads when a search cannot go on, by the name of the tag.
MEANINGS = {
    "portfolio_digest": "portfolio digest",
    "search_seed": "seed",
    "search_space": "search space",
    "search_costs": "costs",
    "search_folds": "folds",
    "search_parallelism": "parallelism",
    "search_engine": "engine",
}


def identify(digest: str, settings: Settings, space: object, costs: str) -> dict[str, str]:
    """Return what two searches must share to suggest and to measure alike, by tag.

    Parameters
    ----------
    digest : str
        Tells the portfolio's table from any other.
    settings : Settings
    space : object
        The search space as plain values.
    costs : str
        What the decisions are measured by.
    """
    return {
        "portfolio_digest": digest,
        "search_seed": str(settings.seed),
        "search_space": json.dumps(space),
        "search_costs": costs,
        "search_folds": settings.folds,
        "search_parallelism": str(settings.parallelism),
        "search_engine": settings.engine,
    }


def check_identity(run_id: str, earlier: Mapping[str, str], now: Mapping[str, str]) -> None:
    """Raise `InputError`, naming what differs, unless an earlier search can go on as this one."""
    if not set(MEANINGS) <= set(earlier):
        raise InputError(f"resume: run {run_id} holds no search that can go on")
    for tag, meaning in MEANINGS.items():
        if earlier[tag] != now[tag]:
            raise InputError(
                f"resume: run {run_id} has another {meaning}: {_short(earlier[tag])} there, "
                f"{_short(now[tag])} here"
            )


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:37] + "..."


def to_text(trial: Trial) -> str:
    """Return a trial as JSON that `from_text` reads back to the last bit."""
    return json.dumps(
        {
            "number": trial.number,
            "point": dict(trial.point),
            "draws": trial.draws,
            "params": {
                "treatment": trial.params.treatment,
                "ratio": trial.params.ratio,
                "lightgbm": dict(trial.params.lightgbm),
                "trees": trial.params.trees,
            },
            "folds_run": trial.folds_run,
            "folds": trial.folds,
            "first_loss": trial.first_loss,
            "cost_per_applicant": trial.cost_per_applicant,
            "loss": trial.loss,
        }
    )


def from_text(text: str) -> Trial:
    """Read a trial that `to_text` wrote."""
    values = json.loads(text)
    return Trial(**{**values, "params": BoostingParams(**values["params"])})


def in_sequence(texts: Sequence[str]) -> list[Trial]:
    """Return trials in order from the first, up to the first that is not there."""
    trials = sorted((from_text(text) for text in texts), key=lambda trial: trial.number)
    return [trial for place, trial in enumerate(trials) if trial.number == place]

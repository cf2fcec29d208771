"""Resume a search: store its trials as text, and check that an earlier search can continue."""

import json
from collections.abc import Mapping, Sequence

from train.errors import InputError
from train.fitting import BoostingParams
from train.search.tuning import Trial
from train.settings import Settings

# What the user reads for each tag when a search cannot continue.
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
    """Return the tags that identify a search.

    Two searches with equal tags suggest the same points and measure the same costs.

    Parameters
    ----------
    digest : str
        SHA-256 of the portfolio's table.
    settings : Settings
    space : object
        The search space as plain values.
    costs : str
        The costs that measure the decisions, as text.
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
    """Raise `InputError`, with what differs, unless this search can continue an earlier one."""
    if not set(MEANINGS) <= set(earlier):
        raise InputError(f"resume: run {run_id} has no search that can be continued")
    for tag, meaning in MEANINGS.items():
        if earlier[tag] != now[tag]:
            raise InputError(
                f"resume: run {run_id} differs from this run in its {meaning}: "
                f"{_short(earlier[tag])} there, {_short(now[tag])} here"
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
    """Return the trials in order, up to the first number that is missing."""
    trials = sorted((from_text(text) for text in texts), key=lambda trial: trial.number)
    return [trial for place, trial in enumerate(trials) if trial.number == place]

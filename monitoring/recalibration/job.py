"""`RecalibrationJob`: which champion is recalibrated, by which portfolio, on which day."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass

from mlflow.exceptions import MlflowException

from scoring_model.errors import ArtifactError
from scoring_model.version import LoadedModel, Scorer, load_model
from train.errors import InputError, reason_of
from train.portfolio import Portfolio
from train.promotion import Registry, load_portfolio_of, open_registry


@dataclass(frozen=True, slots=True)
class RecalibrationJob:
    """What is recalibrated.

    Attributes
    ----------
    registry : Registry
    number : int
        Number of the champion.
    champion : LoadedModel
    tags : mapping of str to str
        The champion's tags.
    portfolio : Portfolio
        `[monitoring]` says from which age a decision is mature; `[gate]` has the limits.
    as_of : date
        The last day that counts.
    """

    registry: Registry
    number: int
    champion: LoadedModel
    tags: Mapping[str, str]
    portfolio: Portfolio
    as_of: datetime.date


def find_recalibration(model: str, portfolio: str, as_of: datetime.date) -> RecalibrationJob:
    """Find the champion and its portfolio.

    Parameters
    ----------
    model : str
        Name of the registered model.
    portfolio : str
        Path of the portfolio; empty for that of the champion's training.
    as_of : date
        The last day that counts.

    Raises
    ------
    InputError
        There is no champion, or it cannot be loaded; or the portfolio cannot be read, or is another
        one.
    """
    registry = open_registry(model)
    version = registry.champion()
    if version is None:
        raise InputError(f"no version of {model} is in production: promote one first")
    try:
        champion = load_model(f"models:/{model}/{version.version}")
    except (ArtifactError, MlflowException, OSError) as error:
        raise InputError(
            f"version {version.version} cannot be loaded: {reason_of(error)}"
        ) from error
    read = load_portfolio_of(version, portfolio)
    return RecalibrationJob(
        registry, int(version.version), champion, dict(version.tags), read, as_of
    )


def have_same_trees(scorer: Scorer | None, champion: Scorer) -> bool:
    """Return whether a version has the champion's trees, features and costs of each loan.

    Its margins are then the champion's, so its decisions can be used too.

    Parameters
    ----------
    scorer : Scorer or None
        None for a version that was not found.
    champion : Scorer
    """
    return scorer is not None and _parts(scorer) == _parts(champion)


def _parts(scorer: Scorer) -> tuple[str, ...]:
    costs = scorer.policy.loan_costs
    own = (costs.false_negative, costs.false_positive) if costs else ()
    return (scorer.booster.model_to_string(), scorer.contract.to_json(), *own)

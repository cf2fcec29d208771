"""The name of the registered model: which one a command means."""

import re
import unicodedata

from train.errors import InputError
from train.portfolio import Portfolio
from train.portfolio.sections import MODEL_NAME
from train.promotion.registry import DEFAULT_MODEL, Registry
from train.promotion.settling import Say


def open_registry(name: str) -> Registry:
    """Return the registered model with this name.

    Parameters
    ----------
    name : str
        The parameter `model` of a command.

    Raises
    ------
    InputError
        A URI of MLflow cannot hold the name.
    """
    if not re.fullmatch(MODEL_NAME, name):
        raise InputError(
            "model must be made of letters, digits, dots, dashes and underscores, "
            f"and begin with a letter or digit, got {name!r}"
        )
    return Registry(name)


def registry_of(portfolio: Portfolio, given: str, say: Say) -> Registry:
    """Return the registered model that a training on the portfolio adds a version to.

    This is the first of: the name `given`, that of `[portfolio] model`, `credit-scoring` if it has
    versions of this portfolio, and the portfolio's own name.

    Parameters
    ----------
    portfolio : Portfolio
    given : str
        The parameter `model` of the command; empty if it was not set.
    say : callable
        Called with each line for the user.

    Raises
    ------
    InputError
        A URI of MLflow cannot hold the name.
    """
    if given or portfolio.model:
        return open_registry(given or str(portfolio.model))
    own = _slug(portfolio.name)
    default = Registry(DEFAULT_MODEL)
    if own != DEFAULT_MODEL and default.has_versions_of(portfolio.name):
        say(
            f"{DEFAULT_MODEL} has versions of the portfolio {portfolio.name} already, so this "
            "version is registered there; to register it elsewhere, set [portfolio] model"
        )
        return default
    if not own:
        raise InputError(
            f"{portfolio.path}: [portfolio] name {portfolio.name!r} gives no name for the "
            "registered model: set [portfolio] model"
        )
    return Registry(own)


def _slug(name: str) -> str:
    """Return a name in small letters without accents, with dashes for all other characters."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9._-]+", "-", plain).strip("._-")

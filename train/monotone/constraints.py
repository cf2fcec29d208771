"""Turn `[monotone]` into LightGBM's parameters."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from scoring_model.contract import FeatureContract
from train.fitting import BoostingParams
from train.portfolio import Portfolio

# a list with an entry for each feature, and how it is kept
CONSTRAINTS = ("monotone_constraints", "monotone_constraints_method")


def signs_of(portfolio: Portfolio, contract: FeatureContract) -> dict[str, int]:
    """Return the direction of each constrained feature of the contract: 1 rises, -1 falls.

    A feature that was dropped is left out: no probability depends on it.
    """
    signs = {"increasing": 1, "decreasing": -1}
    asked = portfolio.monotone
    return {name: signs[asked[name]] for name in contract.names if name in asked}


def constraint_params(portfolio: Portfolio, contract: FeatureContract) -> dict[str, Any]:
    """Return the parameters of LightGBM that keep the constraints; empty without constraints.

    Parameters
    ----------
    portfolio : Portfolio
    contract : FeatureContract
        Its order is that of the columns.

    Notes
    -----
    In LightGBM 4.7 only the method `basic` keeps the constraints in every tree, and only without
    `path_smooth`. With it, a leaf may have a gain below zero; LightGBM then takes a split that
    breaks a constraint, because it counts such a split as a gain of zero.
    """
    signs: Mapping[str, int] = signs_of(portfolio, contract)
    if not signs:
        return {}
    constraints, method = CONSTRAINTS
    return {
        constraints: [signs.get(name, 0) for name in contract.names],
        method: "basic",
        "path_smooth": 0.0,
    }


def without_constraints(params: BoostingParams) -> BoostingParams:
    """Return the same parameters without the constraints."""
    kept = {name: value for name, value in params.lightgbm.items() if name not in CONSTRAINTS}
    return replace(params, lightgbm=kept)

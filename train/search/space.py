"""The search space: hyperopt's space, its first points, and points as plain parameters."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from hyperopt import hp

from train.fitting import MANY_ROWS, BoostingParams, Treatment
from train.portfolio.sections import MeasureName

# Trees with more leaves take the server twice the work: see `scoring_model.trees.leaf_masks`.
MOST_LEAVES = 32.0
WHOLE = ("num_leaves", "min_data_in_leaf")
SHARES = ("feature_fraction", "bagging_fraction")
# How often a random point has no treatment: this is best on most portfolios.
UNTREATED = 0.6
KINDS: Mapping[str, Callable[[float], float | int]] = {
    **dict.fromkeys(WHOLE, round),
    "extra_trees": bool,
}
OWN = ("treatment", "ratio")
# The usual values. The first points of a search name only what differs.
USUAL: Mapping[str, float] = {
    "min_data_in_leaf": 30,
    "feature_fraction": 0.6,
    "bagging_fraction": 1.0,
    "lambda_l2": 10,
    "path_smooth": 1,
    "cat_smooth": 20,
    "cat_l2": 20,
    "extra_trees": 0,
}
FIRST: Sequence[Mapping[str, float]] = (
    # trees with a few leaves
    {"num_leaves": 12, "learning_rate": 0.06, "min_data_in_leaf": 40},
    # random cuts, good for few rows
    {"num_leaves": 6, "learning_rate": 0.08, "feature_fraction": 0.3, "extra_trees": 1},
    # no interaction of features, as in a scorecard
    {"num_leaves": 2, "learning_rate": 0.1, "lambda_l2": 1, "bagging_fraction": 0.7},
    # close to LightGBM's own defaults
    {"num_leaves": 31, "learning_rate": 0.1, "min_data_in_leaf": 20, "feature_fraction": 1.0}
    | {"lambda_l2": 0, "path_smooth": 0, "cat_smooth": 10, "cat_l2": 10},
    # large trees with random cuts
    {"num_leaves": 31, "learning_rate": 0.05, "min_data_in_leaf": 15, "feature_fraction": 0.9}
    | {"lambda_l2": 0.1, "path_smooth": 0.1, "extra_trees": 1},
)
# A point of the space in hyperopt's form: `treatment` is a position in the list of treatments.
Point = Mapping[str, float | int]


@dataclass(frozen=True, slots=True)
class SearchPlan:
    """How to search.

    Attributes
    ----------
    treatments : tuple of str
        Treatments of the class imbalance to choose from.
    max_evals : int
        Number of trials, 1 or more.
    seed : int
        The same seed, rows and `parallelism` give the same search.
    parallelism : int
        Number of trials that run at the same time. They are suggested together.
    timeout_minutes : float, optional
        No trial begins later than this. The first trials always run.
    first_folds : int
        Number of folds after which a hopeless trial is stopped.
    fixed : mapping of str to Any
        LightGBM's parameters that every trial has, whatever its point says. The space lacks them.
    ranges : mapping of str to (float, float)
        Lowest and highest value of some parameters, in place of those of `search_bounds`.
    measure : {"cost", "log_loss", "auc"}
        What the search minimises: see `train.search.objective`.
    """

    treatments: tuple[Treatment, ...]
    max_evals: int
    seed: int
    parallelism: int = 1
    timeout_minutes: float | None = None
    first_folds: int = 2
    fixed: Mapping[str, Any] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    measure: MeasureName = "cost"


def search_bounds(rows: int) -> dict[str, tuple[float, float]]:
    """Return the lowest and highest value of each number for `rows` rows to fit on.

    Few rows get small trees, because large trees would fit noise.
    """
    leaf = max(3.0, min(20.0, rows / 500))
    return {
        # with large steps a model needs fewer trees
        "learning_rate": (0.04, 0.15) if rows <= MANY_ROWS else (0.08, 0.2),
        "num_leaves": (2.0, min(MOST_LEAVES, max(16.0, rows / 100))),
        "min_data_in_leaf": (leaf, max(40.0, rows / 50)),
        "feature_fraction": (0.3, 1.0),
        "bagging_fraction": (0.5, 1.0),
        "lambda_l2": (0.01, 100.0),
        "path_smooth": (0.01, 100.0),
        "cat_smooth": (5.0, 200.0),
        "cat_l2": (5.0, 200.0),
    }


def _bounds(plan: SearchPlan, rows: int) -> dict[str, tuple[float, float]]:
    """Return the bounds of each number that the plan leaves to the search."""
    bounds = {**search_bounds(rows), **plan.ranges}
    return {name: ends for name, ends in bounds.items() if name not in plan.fixed}


def search_space(plan: SearchPlan, rows: int) -> dict[str, Any]:
    """Return hyperopt's space for `rows` rows to fit on."""
    treatments = plan.treatments
    space: dict[str, Any] = {}
    if treatments != ("none",):
        prior = list(zip(_prior(treatments), treatments, strict=True))
        space["treatment"] = hp.pchoice("treatment", prior)
        space["ratio"] = hp.uniform("ratio", 0.2, 1.0)
    if "extra_trees" not in plan.fixed:
        space["extra_trees"] = hp.choice("extra_trees", [False, True])
    for name, (low, high) in _bounds(plan, rows).items():
        if name in SHARES:
            space[name] = hp.uniform(name, low, high)
        elif name in WHOLE:
            space[name] = hp.qloguniform(name, np.log(low), np.log(high), 1)
        else:
            space[name] = hp.loguniform(name, np.log(low), np.log(high))
    return space


def _prior(treatments: Sequence[Treatment]) -> list[float]:
    """Return how often each treatment is drawn at random."""
    others = len(treatments) - 1
    if not others or "none" not in treatments:
        return [1 / len(treatments)] * len(treatments)
    return [UNTREATED if t == "none" else (1 - UNTREATED) / others for t in treatments]


def first_points(plan: SearchPlan, rows: int) -> list[Point]:
    """Return points that are good on most portfolios. The search begins with them."""
    bounds, space = _bounds(plan, rows), search_space(plan, rows)
    points: list[Point] = []
    for number, different in enumerate(FIRST):
        values = {**USUAL, **different}
        point: dict[str, float | int] = {
            # no treatment, or else each in turn
            "treatment": plan.treatments.index("none")
            if "none" in plan.treatments
            else number % len(plan.treatments),
            "ratio": 1.0,
            "extra_trees": int(values["extra_trees"]),
        }
        for name, (low, high) in bounds.items():
            point[name] = float(np.clip(values[name], low, high))
        points.append({name: value for name, value in point.items() if name in space})
    return points


def to_params(point: Point, plan: SearchPlan) -> BoostingParams:
    """Turn a point into plain parameters; the plan's fixed ones have priority."""
    return BoostingParams(
        treatment=plan.treatments[int(point.get("treatment", 0))],
        ratio=float(point.get("ratio", 1.0)),
        lightgbm={
            name: KINDS.get(name, float)(value)
            for name, value in sorted(point.items())
            if name not in OWN
        }
        | dict(plan.fixed),
    )


def describe_space(plan: SearchPlan, rows: int) -> dict[str, Any]:
    """Return the space as plain values. Two searches with equal values suggest the same points."""
    treatments = plan.treatments
    space: dict[str, Any] = {
        "treatments": dict(zip(treatments, _prior(treatments), strict=True)),
        "bounds": _bounds(plan, rows),
        "first": first_points(plan, rows),
    }
    # a search without them has the text of earlier releases, so that it can continue theirs
    if plan.fixed:
        space["fixed"] = dict(plan.fixed)
    if plan.measure != "cost":
        space["measure"] = plan.measure
    return space

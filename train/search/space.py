"""The search space: hyperopt's space, its first points, and points as plain parameters."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from hyperopt import hp

from train.fitting import BoostingParams, Treatment

WHOLE = ("num_leaves", "min_data_in_leaf")
KINDS: Mapping[str, Callable[[float], float | int]] = {
    **dict.fromkeys(WHOLE, round),
    "extra_trees": bool,
}
OWN = ("treatment", "ratio")
# A point of the space in hyperopt's form: `treatment` is a position in the list of treatments.
Point = Mapping[str, float | int]


def search_bounds(rows: int) -> dict[str, tuple[float, float]]:
    """Return the lowest and highest value of each number for `rows` rows to fit on.

    Few rows get small trees with large leaves, because large trees would fit noise.
    """
    leaf = max(5.0, min(20.0, rows / 500))
    return {
        "learning_rate": (0.03, 0.15),
        "num_leaves": (2.0, min(96.0, max(6.0, rows / 150))),
        "min_data_in_leaf": (leaf, max(40.0, rows / 50)),
        "feature_fraction": (0.3, 1.0),
        "lambda_l2": (0.1 if rows > 5000 else 1.0, 100.0),
        "path_smooth": (0.1, 100.0),
        "cat_smooth": (5.0, 200.0),
        "cat_l2": (5.0, 200.0),
    }


def search_space(treatments: Sequence[Treatment], rows: int) -> dict[str, Any]:
    """Return hyperopt's space for `rows` rows to fit on."""
    space: dict[str, Any] = {
        "treatment": hp.choice("treatment", list(treatments)),
        "ratio": hp.uniform("ratio", 0.2, 1.0),
        "extra_trees": hp.choice("extra_trees", [False, True]),
    }
    for name, (low, high) in search_bounds(rows).items():
        if name == "feature_fraction":
            space[name] = hp.uniform(name, low, high)
        elif name in WHOLE:
            space[name] = hp.qloguniform(name, np.log(low), np.log(high), 1)
        else:
            space[name] = hp.loguniform(name, np.log(low), np.log(high))
    return space


def first_points(treatments: Sequence[Treatment], rows: int) -> list[dict[str, float | int]]:
    """Return points that are good on most portfolios. The search begins with them."""
    bounds = search_bounds(rows)
    wanted = (
        # first: trees with a few leaves; second: with random cuts, good for few rows; third: trees
        # with hardly any interaction of features, similar to a scorecard
        {"num_leaves": 12.0, "min_data_in_leaf": 40.0, "learning_rate": 0.06},
        {"num_leaves": 6.0, "learning_rate": 0.08, "feature_fraction": 0.3, "extra_trees": 1},
        {"num_leaves": 3.0, "learning_rate": 0.1},
    )
    common = {"feature_fraction": 0.6, "lambda_l2": 10.0, "path_smooth": 1.0}
    common |= {"min_data_in_leaf": 30.0, "cat_smooth": 20.0, "cat_l2": 20.0}
    points = []
    for values in wanted:
        point: dict[str, float | int] = {
            "treatment": list(treatments).index("none"),
            "ratio": 1.0,
            "extra_trees": int(values.get("extra_trees", 0)),
        }
        for name, (low, high) in bounds.items():
            point[name] = float(np.clip({**common, **values}[name], low, high))
        points.append(point)
    return points


def to_params(point: Point, treatments: Sequence[Treatment]) -> BoostingParams:
    """Turn a point into plain parameters."""
    return BoostingParams(
        treatment=treatments[int(point["treatment"])],
        ratio=float(point["ratio"]),
        lightgbm={
            name: KINDS.get(name, float)(value)
            for name, value in sorted(point.items())
            if name not in OWN
        },
    )


def describe_space(treatments: Sequence[Treatment], rows: int) -> dict[str, Any]:
    """Return the space as plain values. Two searches with equal values suggest the same points."""
    return {"treatments": list(treatments), "bounds": search_bounds(rows)}

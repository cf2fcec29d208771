"""Average boosters into one booster: it holds all their trees, with scaled leaf values."""

from collections.abc import Sequence

import lightgbm

from scoring_model.trees import split_text


def average_boosters(
    boosters: Sequence[lightgbm.Booster], weights: Sequence[float]
) -> lightgbm.Booster:
    """Return one booster whose raw score is the weighted mean of the boosters' raw scores.

    Parameters
    ----------
    boosters : sequence of lightgbm.Booster
        At least one. All have the same objective and the same features. A single booster is
        returned unchanged.
    weights : sequence of float
        Weight of each booster in the mean; positive.

    Returns
    -------
    lightgbm.Booster
        A plain booster. Every tool that reads LightGBM's text format can score and explain with it.

    Notes
    -----
    LightGBM keeps the starting value of a booster in the leaves of its first tree. These leaves are
    scaled like all others, so the starting values are averaged too.
    """
    if len(boosters) == 1:
        return boosters[0]
    texts = [split_text(booster.model_to_string()) for booster in boosters]
    head, _, tail = texts[0]
    bodies = [
        _scale(body, weight / sum(weights))
        for (_, own, _), weight in zip(texts, weights, strict=True)
        for body in own
    ]
    trees = [f"Tree={number}\n{body}\n" for number, body in enumerate(bodies)]
    lines = [
        # LightGBM splits the text into trees by these sizes, in bytes
        "tree_sizes=" + " ".join(str(len(tree.encode())) for tree in trees)
        if line.startswith("tree_sizes=")
        else line
        for line in head.split("\n")
    ]
    text = "\n".join(lines) + "\n" + "".join(trees) + tail
    return lightgbm.Booster(model_str=text)


def _scale(body: str, share: float) -> str:
    lines = []
    for line in body.split("\n"):
        name, equals, values = line.partition("=")
        if name in ("leaf_value", "internal_value"):
            values = " ".join(repr(float(value) * share) for value in values.split())
        elif name == "shrinkage":
            values = repr(float(values) * share)
        lines.append(name + equals + values)
    return "\n".join(lines)

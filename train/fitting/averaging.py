"""Average boosters into one booster: their trees in a row, each leaf with its share."""

from collections.abc import Sequence

import lightgbm

from scoring_model.trees import split_text


def average_boosters(boosters: Sequence[lightgbm.Booster]) -> lightgbm.Booster:
    """Return one booster whose raw score is the mean of the boosters' raw scores.

    Parameters
    ----------
    boosters : sequence of lightgbm.Booster
        At least one, all with one objective and the same features; a single one is returned as is.

    Returns
    -------
    lightgbm.Booster

    Notes
    -----
    It is a plain booster in LightGBM's text format, so that whatever reads that format scores and
    explains it. The starting value of a booster lies in the leaves of its first tree: scaled like
    all others, it is averaged too.
    """
    if len(boosters) == 1:
        return boosters[0]
    texts = [split_text(booster.model_to_string()) for booster in boosters]
    head, _, tail = texts[0]
    bodies = [_scale(body, 1.0 / len(boosters)) for _, bodies, _ in texts for body in bodies]
    trees = [f"Tree={number}\n{body}\n" for number, body in enumerate(bodies)]
    lines = [
        # LightGBM cuts the text at these sizes, in bytes
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

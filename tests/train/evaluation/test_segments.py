"""Weak segments: a planted one is found, and it is said when one answer for all were cheaper."""

import numpy as np
import pandas as pd

from train.evaluation.segments import Segment, dearest_segments, segment_notes

ROWS = 20_000


def planted(wrong_in_west: bool) -> tuple[Segment, ...]:
    """Return the segments of decisions that know each PD, but for the west's when asked."""
    rng = np.random.default_rng(0)
    probability = rng.beta(1, 8, ROWS)
    y = (rng.random(ROWS) < probability).astype(np.int8)
    region = rng.choice(["north", "south", "west"], ROWS, p=[0.5, 0.4, 0.1])
    if wrong_in_west:
        probability = np.where(region == "west", rng.permutation(probability), probability)
    refused = probability >= 1 / 11
    accepted_cost, refused_cost = 10.0 * (y == 1), 1.0 * (y == 0)
    columns = {
        "region": pd.Series(region),
        "income": pd.Series(rng.lognormal(10, 1, ROWS)),
        "shoe_size": pd.Series(rng.integers(36, 47, ROWS)),
    }
    cost = np.where(refused, refused_cost, accepted_cost)
    return dearest_segments(columns, y, probability, refused, cost, accepted_cost, refused_cost)


def test_a_planted_weak_segment_comes_first() -> None:
    worst = planted(wrong_in_west=True)[0]
    assert (worst.feature, worst.group) == ("region", "west")
    assert worst.is_worse_than_one_answer
    assert worst.cost.low < worst.cost.value < worst.cost.high
    assert 0 < worst.acceptance_rate < 1
    notes = segment_notes([worst], {"region": "Region"}.__getitem__)
    assert notes == ["one answer for all would have cost less than the model in: Region: west"]


def test_where_nothing_is_weak_hardly_anything_is_found() -> None:
    segments = planted(wrong_in_west=False)
    # 95 % intervals of some twenty segments: one in forty is dear by chance
    assert len(segments) <= 2
    assert not [segment for segment in segments if segment.is_worse_than_one_answer]
    assert segment_notes(segments, str) == []

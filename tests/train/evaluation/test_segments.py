"""Weak segments: a planted one is found, with a warning if a flat rule costs less."""

import numpy as np
import pandas as pd

from train.evaluation.segments import Segment, dearest_segments, segment_notes

ROWS = 20_000


def planted(wrong_in_west: bool) -> tuple[Segment, ...]:
    """Return the segments of decisions by the true PD; in the west, the PD can be shuffled."""
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
    notes = segment_notes([worst])
    assert notes == [
        "weak segments: accepting all, or refusing all, would have cost less than the model in "
        "region: west"
    ]


def test_without_weak_segments_hardly_any_are_found() -> None:
    segments = planted(wrong_in_west=False)
    # about twenty 95 % intervals: one segment in forty is above the mean cost by chance
    assert len(segments) <= 2
    assert not [segment for segment in segments if segment.is_worse_than_one_answer]
    assert segment_notes(segments) == []

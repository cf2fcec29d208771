"""The members of the final model: good trials, fewer with more rows, a limited sum of trees."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from train.data import LabelledRows
from train.fitting import MAX_TREES, BoostingParams
from train.search import Search, Trial
from train.search.selection import MAX_MEMBERS, choose_members

TRIAL = Trial(0, {}, 0, BoostingParams("none", 1.0, {}, 100), 4, 4, 0.5, 0.5, 0.5)


def make_search(*trials: tuple[float, int, bool]) -> Search:
    """Make a search of trials (loss, trees, stopped). The ratio of a trial holds its number."""
    return Search(
        tuple(
            replace(
                TRIAL,
                number=number,
                params=BoostingParams("none", float(number), {}, trees),
                loss=loss,
                folds_run=2 if stopped else 4,
            )
            for number, (loss, trees, stopped) in enumerate(trials)
        )
    )


def chosen(search: Search, rows: int) -> list[int]:
    train = LabelledRows(pd.DataFrame(), np.zeros((rows, 1)), np.zeros(rows, np.int8))
    return [int(params.ratio) for params in choose_members(search, train, (), seed=0)]


def test_members_are_good_trials_by_loss_and_repeat() -> None:
    search = make_search(
        (0.505, 100, False), (0.5, 100, False), (0.6, 100, False), (0.501, 100, True)
    )
    assert chosen(search, 1_000) == [1, 0] * (MAX_MEMBERS // 2)


@pytest.mark.parametrize(
    ("rows", "members"), [(500, 8), (5_000, 8), (10_000, 4), (20_000, 2), (30_000, 1), (40_000, 1)]
)
def test_more_rows_give_fewer_members(rows: int, members: int) -> None:
    assert len(chosen(make_search((0.5, 100, False)), rows)) == members


def test_all_members_together_have_at_most_the_trees_of_one_booster() -> None:
    search = make_search((0.5, 900, False), (0.501, 900, False), (0.502, 900, False))
    assert chosen(search, 1_000) == [0, 1]
    assert chosen(make_search((0.5, MAX_TREES, False)), 1_000) == [0]

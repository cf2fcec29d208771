"""The members of the final model: the best trials by loss, with a limited sum of trees."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from train.data import LabelledRows
from train.fitting import MAX_TREES, BoostingParams, Member
from train.search import Search, Trial
from train.search.selection import FALL, MAX_MEMBERS, choose_members

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


def choose(search: Search, rows: int) -> tuple[Member, ...]:
    train = LabelledRows(pd.DataFrame(), np.zeros((rows, 1)), np.zeros(rows, np.int8))
    return choose_members(search, train, (), seed=0)


def chosen(search: Search, rows: int) -> list[int]:
    return [int(member.params.ratio) for member in choose(search, rows)]


def test_members_are_the_best_complete_trials_by_loss_and_repeat() -> None:
    search = make_search(
        (0.505, 100, False), (0.5, 100, False), (0.6, 100, False), (0.501, 100, True)
    )
    assert chosen(search, 1_000) == [1, 0] * (MAX_MEMBERS // 2)


def test_the_weight_of_a_member_falls_with_its_loss() -> None:
    search = make_search((0.5 * (1 + FALL["cost"]), 100, False), (0.5, 100, False))
    weights = [member.weight for member in choose(search, 1_000)]
    assert weights == pytest.approx([1.0, 1 / math.e] * (MAX_MEMBERS // 2))


def test_one_less_auc_differs_more_between_the_same_trials() -> None:
    search = make_search((0.3 * (1 + FALL["auc"]), 100, False), (0.3, 100, False))
    train = LabelledRows(pd.DataFrame(), np.zeros((1_000, 1)), np.zeros(1_000, np.int8))
    weights = [member.weight for member in choose_members(search, train, (), 0, "auc")]
    assert weights == pytest.approx([1.0, 1 / math.e] * (MAX_MEMBERS // 2))
    assert FALL["auc"] > FALL["cost"]


def test_a_loss_of_zero_is_the_best() -> None:
    search = make_search((0.0, 100, False), (0.5, 100, False))
    assert chosen(search, 1_000) == [0] * MAX_MEMBERS


@pytest.mark.parametrize(
    ("rows", "members"), [(500, 8), (5_000, 8), (10_000, 4), (20_000, 2), (30_000, 1), (40_000, 1)]
)
def test_more_rows_give_fewer_members(rows: int, members: int) -> None:
    assert len(chosen(make_search((0.5, 100, False)), rows)) == members


def test_all_members_together_have_at_most_the_trees_of_one_booster() -> None:
    search = make_search((0.5, 900, False), (0.501, 900, False), (0.502, 900, False))
    assert chosen(search, 1_000) == [0, 1]
    assert chosen(make_search((0.5, MAX_TREES, False)), 1_000) == [0]

"""Folds by time hold out later loans, and each needs both outcomes."""

import numpy as np
import pytest

from train.errors import InputError
from train.fitting import split_folds

DATES = np.datetime64("2020-01-01") + np.arange(600).astype("timedelta64[D]")


def test_a_fold_by_time_is_later_than_the_rows_to_fit_on() -> None:
    y = (np.arange(600) % 5 == 0).astype(np.int8)
    splits = split_folds(y, "time", 5, 0, DATES)
    assert [len(held) for _, held in splits] == [100] * 5
    for fit, held in splits:
        assert DATES[fit].max() < DATES[held].min()


def test_a_period_without_defaults_is_refused() -> None:
    y = ((np.arange(600) % 5 == 0) & (np.arange(600) < 480)).astype(np.int8)
    message = "folds = time: each of 6 periods with equally many loans needs repaid and defaulted"
    with pytest.raises(InputError, match=message):
        split_folds(y, "time", 5, 0, DATES)

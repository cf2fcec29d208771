"""What cannot help is dropped before tuning, for a stated reason, and always the same."""

import numpy as np
import pandas as pd

from scoring_model.contract import Feature, FeatureContract
from train.data import LabelledRows, PortfolioData
from train.feature_selection import select_features

ROWS = 3_000


def make_data(with_signal: bool = True) -> PortfolioData:
    rng = np.random.default_rng(0)
    signal = rng.normal(size=ROWS)
    gaps = np.where(rng.random(ROWS) < 0.3, np.nan, signal + rng.normal(size=ROWS))
    columns = {
        "signal": signal,
        "again": signal.copy(),
        "gaps": gaps,
        "constant": np.full(ROWS, 3.0),
        "zeros": np.where(rng.random(ROWS) < 0.5, 0.0, -0.0),
        "level": (signal > 1).astype(float) + (rng.random(ROWS) < 0.1),
        **{f"noise_{number}": rng.normal(size=ROWS) for number in range(6)},
    }
    levels = ("a", "b", "c")
    contract = FeatureContract(
        tuple(
            Feature(name, "category", nullable=True, levels=levels)
            if name == "level"
            else Feature(name, "number", nullable=True)
            for name in columns
        )
    )
    margin = 2 * signal if with_signal else np.zeros(ROWS)
    y = (rng.random(ROWS) < 1 / (1 + np.exp(-margin))).astype(np.int8)
    rows = LabelledRows(pd.DataFrame(columns), np.column_stack(list(columns.values())), y)
    return PortfolioData(contract, rows, rows, "digest")


def test_the_useless_goes_and_the_useful_stays() -> None:
    data = select_features(make_data(), seed=0)
    assert data.dropped["constant"] == data.dropped["zeros"] == "constant"
    assert data.dropped["again"] == "equal to signal"
    noise = {name for name in data.dropped if name.startswith("noise")}
    assert len(noise) >= 2
    assert {data.dropped[name] for name in noise} == {"no gain over shuffled copies of itself"}
    assert {"signal", "gaps"} <= set(data.contract.names)
    assert len(data.contract.names) + len(data.dropped) == 12


def test_contract_and_matrices_stay_together() -> None:
    data = select_features(make_data(), seed=0)
    for rows in (data.train, data.test):
        wanted = rows.frame[list(data.contract.names)].to_numpy()
        np.testing.assert_array_equal(rows.matrix, wanted)
        assert rows.matrix.flags.c_contiguous


def test_the_same_seed_drops_the_same() -> None:
    first, second = (select_features(make_data(), seed=3) for _ in range(2))
    assert first.dropped == second.dropped


def test_pure_chance_leaves_something_to_train_on() -> None:
    assert select_features(make_data(with_signal=False), seed=0).contract.names

"""Proxies: a feature is reported only if it predicts a protected column."""

import numpy as np
import pandas as pd

from train.evaluation.proxies import find_proxies, proxy_notes

ROWS = 4000


def test_a_planted_proxy_is_reported() -> None:
    rng = np.random.default_rng(0)
    sex = rng.choice(["female", "male"], ROWS)
    frame = pd.DataFrame(
        {
            "sex": sex,
            "height": rng.normal(165, 7, ROWS) + 13 * (sex == "male"),
            "job": np.where((sex == "male") ^ (rng.random(ROWS) < 0.3), "builder", "nurse"),
            "income": rng.lognormal(10, 1, ROWS),
        }
    )
    matrix = np.column_stack([frame["height"], frame["job"] == "builder", frame["income"]])
    (found,) = find_proxies(frame, matrix, ["sex"], ["height", "job", "income"], [1], seed=0)
    assert [name for name, _ in found.by_feature] == ["height", "job", "income"]
    alone = dict(found.by_feature)
    # the means of two normal distributions, 13/7 standard deviations apart
    assert abs(alone["height"] - 0.905) < 0.02
    assert abs(alone["job"] - 0.70) < 0.03
    assert alone["income"] < 0.55
    assert found.together > alone["height"]
    assert [name for name, _ in found.notable] == ["height", "job"]
    assert "height alone with an AUC of 0.9" in proxy_notes([found])[0]


def test_unrelated_features_give_no_warning() -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.integers(20, 70, ROWS), "income": rng.lognormal(size=ROWS)})
    matrix = frame[["income"]].to_numpy()
    (found,) = find_proxies(frame, matrix, ["age"], ["income"], [], seed=0)
    assert found.together < 0.55
    assert proxy_notes([found]) == []
    assert find_proxies(frame, matrix, [], ["income"], [], seed=0) == ()

"""The gate passes a cheaper challenger, and no challenger that is equal or cheaper by chance."""

from statistics import NormalDist

import numpy as np
import pytest
from scipy.optimize import brentq

from train.portfolio import Costs
from train.portfolio.sections import GateLimits
from train.promotion.gate import (
    JudgedRows,
    ScoredRows,
    judge,
    judge_recalibrated,
    judge_without_champion,
    measure_saving,
)

ROWS = 50_000
DEFAULT_RATE = 0.2
# the champion: this distance gives an AUC of 0.77, about that of the SBA loans
DISTANCE = 1.05
# a challenger that is clearly cheaper and has nearly the same acceptance rate
BETTER = 1.25
COSTS = Costs()
NORMAL = NormalDist()


def expected_cost(distance: float) -> float:
    """Return the cost per applicant, with margins N(0, 1) if repaid and N(distance, 1) if not."""
    cut = margin_cut(distance)
    missed, refused = NORMAL.cdf(cut - distance), 1 - NORMAL.cdf(cut)
    return 10 * DEFAULT_RATE * missed + (1 - DEFAULT_RATE) * refused


def margin_cut(distance: float) -> float:
    """Return the margin at which the true probability of default is 1/11."""
    prior = np.log(DEFAULT_RATE / (1 - DEFAULT_RATE))
    return float((np.log(0.1) - prior) / distance + distance / 2)


def plant(
    y: np.ndarray[tuple[int], np.dtype[np.int8]], distance: float, rng: np.random.Generator
) -> ScoredRows:
    """Score rows with a model whose probabilities are true and whose errors are independent."""
    margin = rng.normal(distance * y, 1.0)
    log_odds = distance * (margin - distance / 2) + np.log(DEFAULT_RATE / (1 - DEFAULT_RATE))
    refused = margin >= margin_cut(distance)
    return ScoredRows(1 / (1 + np.exp(-log_odds)), refused, COSTS.of_each(y, refused))


def share_promoted(seeds: range, distance: float) -> float:
    """Return how often a challenger passes the gate, over many test sets."""
    earned = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        y = (rng.random(ROWS) < DEFAULT_RATE).astype(np.int8)
        champion = plant(y, DISTANCE, rng)
        earned += judge(y, plant(y, distance, rng), champion, GateLimits()).earned
    return earned / len(seeds)


def test_an_identical_challenger_is_not_promoted() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(ROWS) < DEFAULT_RATE).astype(np.int8)
    champion = plant(y, DISTANCE, rng)
    result = judge(y, champion, champion, GateLimits())
    assert not result.earned
    assert [rule.passed for rule in result.rules] == [False, True, True, True]


def test_a_challenger_that_is_five_percent_cheaper_is_promoted() -> None:
    better = brentq(lambda d: expected_cost(d) - 0.95 * expected_cost(DISTANCE), 1.0, 3.0)
    assert share_promoted(range(100), better) >= 0.90


def test_a_challenger_of_equal_cost_is_hardly_ever_promoted() -> None:
    assert share_promoted(range(200), DISTANCE) <= 0.05


def test_the_smallest_saving_shown_is_shown_nine_times_in_ten() -> None:
    """The figure that is printed for one test set is right for many test sets."""
    rng = np.random.default_rng(7)
    y = (rng.random(ROWS) < DEFAULT_RATE).astype(np.int8)
    smallest = measure_saving(
        plant(y, DISTANCE, rng).cost, plant(y, DISTANCE, rng).cost, GateLimits()
    ).smallest_shown
    wanted = expected_cost(DISTANCE) - smallest
    share = share_promoted(range(1000, 1100), brentq(lambda d: expected_cost(d) - wanted, 1.0, 3.0))
    assert 0.80 <= share <= 0.98


@pytest.mark.parametrize(
    ("limits", "failed"),
    [
        (GateLimits(), []),
        (GateLimits(max_acceptance_change=0.0), ["change in acceptance rate"]),
        (GateLimits(min_roc_auc=0.95), ["AUC"]),
        (GateLimits(max_ece=0.0), ["calibration error (ECE)"]),
        (
            GateLimits(min_saving_ratio=0.5),
            ["difference in cost per applicant, 99% bound"],
        ),
    ],
)
def test_every_limit_can_stop_a_better_challenger(limits: GateLimits, failed: list[str]) -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(ROWS) < DEFAULT_RATE).astype(np.int8)
    champion, challenger = plant(y, DISTANCE, rng), plant(y, BETTER, rng)
    if limits.max_ece == 0.0:
        # the limit is at least the champion's own error, so the challenger must exceed that
        off = np.clip(challenger.probability + 0.1, 0, 1)
        challenger = ScoredRows(off, challenger.refused, challenger.cost)
    result = judge(y, challenger, champion, limits)
    assert [rule.name for rule in result.rules if not rule.passed] == failed
    assert result.earned == (not failed)
    assert all(name in result.reason for name in failed)


def test_a_worse_calibrated_champion_raises_the_calibration_limit() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(ROWS) < DEFAULT_RATE).astype(np.int8)
    champion, challenger = plant(y, DISTANCE, rng), plant(y, BETTER, rng)
    off = ScoredRows(np.clip(champion.probability + 0.2, 0, 1), champion.refused, champion.cost)
    slightly = ScoredRows(
        np.clip(challenger.probability + 0.1, 0, 1), challenger.refused, challenger.cost
    )
    assert judge(y, slightly, off, GateLimits()).earned
    assert not judge_without_champion(y, slightly, (), GateLimits()).earned


def test_a_recalibration_is_judged_without_auc_and_by_the_acceptance_of_all_applicants() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(ROWS) < DEFAULT_RATE).astype(np.int8)
    scored, champion = plant(y, BETTER, rng), plant(y, DISTANCE, rng)
    # the champion accepted all of these
    accepted = ScoredRows(
        champion.probability,
        np.zeros(ROWS, dtype=bool),
        COSTS.of_each(y, np.zeros(ROWS, dtype=bool)),
    )
    rows = JudgedRows(1, y, accepted, scored, 0.70, 0.62)
    result = judge_recalibrated(rows, GateLimits(min_roc_auc=0.99))
    assert result.earned
    assert [rule.name for rule in result.rules] == [
        "difference in cost per applicant, 99% bound",
        "calibration error (ECE)",
        "change in acceptance rate of all applicants",
    ]
    assert result.rules[-1].value == "-0.0800"
    assert not judge_recalibrated(rows, GateLimits(max_acceptance_change=0.07)).earned


def test_judged_rows_are_read_back_to_the_last_bit() -> None:
    rng = np.random.default_rng(0)
    y = (rng.random(100) < DEFAULT_RATE).astype(np.int8)
    rows = JudgedRows(7, y, plant(y, DISTANCE, rng), plant(y, BETTER, rng), 0.1, 1 / 3)
    read = JudgedRows.from_bytes(rows.to_bytes())
    assert (read.version, read.champion_acceptance, read.challenger_acceptance) == (7, 0.1, 1 / 3)
    np.testing.assert_array_equal(read.y, y)
    for side, kept in ((read.champion, rows.champion), (read.challenger, rows.challenger)):
        for name in ("probability", "refused", "cost"):
            np.testing.assert_array_equal(getattr(side, name), getattr(kept, name))

"""Facts counted from arrays of simulated decisions, with known probabilities of default."""

import datetime
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from monitoring.facts import (
    Band,
    BinCounts,
    DecisionSums,
    Facts,
    FeatureBins,
    FitCells,
    JudgedVersion,
    OutcomeFacts,
    OutcomeProblem,
    OutcomeSums,
    Ranking,
    RecalibratedSums,
    VintagePoint,
)
from scoring_model.contract import FeatureContract
from scoring_model.decision_log import VersionName
from scoring_model.policy import CalibrationMap, DecisionPolicy, refuse
from scoring_model.profile import ExpectedDecisions, KnownDefaults, NumberProfile, Profile
from scoring_model.types import BoolArray, FloatArray, LabelArray
from scoring_model.version import Scorer
from train.data import profile_decisions, profile_number
from train.portfolio import Costs

COSTS = Costs(10.0, 1.0)
THRESHOLD = COSTS.bayes_threshold
AS_OF = datetime.date(2007, 1, 31)
NAME = VersionName("credit-scoring", "3", "a" * 64)
TRAINED_ROWS = 20_000
MEAN, SPREAD = -3.0, 1.2
KNOWN = KnownDefaults((200.0, 400.0), (0.5, 1.0))


def sigmoid(x: FloatArray) -> FloatArray:
    """Return the probability at log-odds."""
    return np.asarray(1.0 / (1.0 + np.exp(-x)))


@dataclass(frozen=True, slots=True, eq=False)
class Book:
    """Decisions of a version. All have an outcome if they were accepted, and all are mature.

    Attributes
    ----------
    month : ndarray of int, shape (rows,)
    income : ndarray of float64, shape (rows,)
        A feature; NaN is missing.
    probability : ndarray of float64, shape (rows,)
        What the version said.
    defaulted : ndarray of int8, shape (rows,)
    """

    month: LabelArray
    income: FloatArray
    probability: FloatArray
    defaulted: LabelArray

    @property
    def accepted(self) -> BoolArray:
        """Which applicants were accepted."""
        return ~refuse(self.probability, THRESHOLD)


def draw_book(
    months: Sequence[int],
    decisions: int,
    seed: int,
    said: Callable[[FloatArray, np.random.Generator], FloatArray] = lambda x, _: x,
    mean: float = MEAN,
    spread: float = SPREAD,
) -> Book:
    """Draw applicants, whose true log-odds are normal, and what the version said of them."""
    random = np.random.default_rng(seed)
    month = np.repeat(np.array(months), decisions)
    x = mean + spread * random.standard_normal(len(month))
    defaulted = (random.random(len(x)) < sigmoid(x)).astype(np.int8)
    income = 30 - 4 * (x - MEAN) + 3 * random.standard_normal(len(x))
    return Book(month, income, sigmoid(said(x, random)), defaulted)


def make_version(
    expected: ExpectedDecisions | None = None, known: KnownDefaults | None = KNOWN
) -> JudgedVersion:
    """Return a version that was right about the applicants of `MEAN` and `SPREAD`."""
    trained = draw_book([200401], TRAINED_ROWS, 99)
    numbers = [
        profile_number("income", trained.income),
        profile_number("probability", trained.probability),
    ]
    costs = COSTS.of_rows(TRAINED_ROWS)
    profile = Profile(
        TRAINED_ROWS,
        numbers=(numbers[0],),
        probability=numbers[1],
        expected=expected or profile_decisions(trained.probability, ~trained.accepted, costs),
        known_defaults=known,
    )
    policy = DecisionPolicy(CalibrationMap("sigmoid"), THRESHOLD, 10.0, 1.0)
    scorer = Scorer(FeatureContract(()), None, policy, profile=profile)
    return JudgedVersion(NAME, scorer, "", tuple(map(_bins, numbers)))


def _bins(number: NumberProfile) -> FeatureBins:
    labels = tuple(f"bin {i}" for i in range(len(number.shares)))
    return FeatureBins(number.name, labels, np.array(number.shares), number.missing, TRAINED_ROWS)


def make_facts(
    book: Book,
    version: JudgedVersion,
    *,
    outcomes: bool = True,
    problems: tuple[OutcomeProblem, ...] = (),
) -> Facts:
    """Count a book."""
    months = np.unique(book.month)
    return Facts(
        as_of=AS_OF,
        versions={NAME.manifest: version},
        decisions=tuple(_sum_decisions(book, int(month)) for month in months),
        bins=tuple(one for month in months for one in _count_bins(book, version, int(month))),
        requests=(),
        damaged=0,
        outcomes=_make_outcomes(book, problems) if outcomes else None,
    )


def make_recalibrate(
    book: Book,
) -> Callable[[str, float, float, Collection[int]], RecalibratedSums]:
    """Return what sums the costs of a book under another calibration."""

    def recalibrate(
        manifest: str, slope: float, intercept: float, months: Collection[int]
    ) -> RecalibratedSums:
        assert manifest == NAME.manifest
        kept = np.isin(book.month, list(months))
        p = book.probability[kept]
        x = np.log(p / (1 - p))
        new = sigmoid(slope * x + intercept)
        old_refused, new_refused = refuse(p, THRESHOLD), refuse(new, THRESHOLD)
        accepting, refusing = 10.0 * new, 1.0 * (1 - new)
        old = np.where(old_refused, refusing, accepting)
        saved = old - np.where(new_refused, refusing, accepting)
        sign = old_refused.astype(float) - new_refused
        rise = -sign * 11.0 * new * (1 - new)
        return RecalibratedSums(
            decisions=int(kept.sum()),
            saving=float(saved.sum()),
            by_slope=float((rise * x).sum()),
            by_intercept=float(rise.sum()),
            cost=float(old.sum()),
            accept_all_cost=float(accepting.sum()),
            refuse_all_cost=float(refusing.sum()),
        )

    return recalibrate


def _sum_decisions(book: Book, month: int) -> DecisionSums:
    p = book.probability[book.month == month]
    refused = refuse(p, THRESHOLD)
    cost = np.where(refused, 1 - p, 10 * p)
    wrong = np.where(refused, 1.0, 10.0)
    return DecisionSums(
        month=month,
        manifest=NAME.manifest,
        decisions=len(p),
        accepted=int((~refused).sum()),
        erased=0,
        uncosted=0,
        cost=float(cost.sum()),
        cost_variance=float((wrong**2 * p * (1 - p)).sum()),
        cost_squares=float((cost**2).sum()),
        refused_cost=float(cost[refused].sum()),
        accept_all_cost=float(10 * p.sum()),
        refuse_all_cost=float((1 - p).sum()),
    )


def _count_bins(book: Book, version: JudgedVersion, month: int) -> list[BinCounts]:
    assert version.scorer is not None
    profile = version.scorer.profile
    if profile is None:
        return []
    assert profile.probability is not None
    pairs: Mapping[str, tuple[NumberProfile, FloatArray]] = {
        "income": (profile.numbers[0], book.income),
        "probability": (profile.probability, book.probability),
    }
    found = []
    for name, (number, column) in pairs.items():
        values = column[book.month == month]
        is_missing = np.isnan(values)
        bins = np.searchsorted(number.edges, values[~is_missing], side="right")
        counts = np.bincount(bins, minlength=len(number.shares))
        found.append(BinCounts(month, NAME.manifest, name, counts, int(is_missing.sum()), 0))
    return found


def _make_outcomes(book: Book, problems: tuple[OutcomeProblem, ...]) -> OutcomeFacts:
    p, y = book.probability[book.accepted], book.defaulted[book.accepted]
    month = book.month[book.accepted]
    months = [int(m) for m in np.unique(month)]
    tenth = np.argsort(np.argsort(p)) * 10 // max(len(p), 1)
    cell = np.asarray(np.round(np.log(p / (1 - p)), 2), dtype=np.float64)
    values, number = np.unique(cell, return_inverse=True)
    return OutcomeFacts(
        known_until=AS_OF,
        problems=problems,
        sums=tuple(_sum_outcomes(p[month == m], y[month == m], m) for m in months),
        vintages=tuple(
            VintagePoint(m, 30, int((month == m).sum()), int(y[month == m].sum() // 2), None)
            for m in months
        ),
        rankings=(
            _rank(p, y, None),
            *(_rank(p[month == m], y[month == m], m) for m in months),
        ),
        bands=tuple(_band(p[tenth == one], y[tenth == one], one + 1) for one in range(10)),
        cells={
            NAME.manifest: FitCells(
                values,
                np.ones(len(values)),
                np.bincount(number).astype(np.float64),
                np.bincount(number, weights=y).astype(np.float64),
            )
        },
    )


def _band(p: FloatArray, y: LabelArray, number: int) -> Band:
    variance = float((p * (1 - p)).sum())
    return Band(NAME.manifest, number, len(p), int(y.sum()), float(p.sum()), variance)


def _sum_outcomes(p: FloatArray, y: LabelArray, month: int) -> OutcomeSums:
    defaults = int(y.sum())
    return OutcomeSums(
        month=month,
        manifest=NAME.manifest,
        decisions=len(p),
        defaults=defaults,
        mature=len(p),
        mature_defaults=defaults,
        expected=float(p.sum()),
        expected_variance=float((p * (1 - p)).sum()),
        expected_cost=float(10 * p.sum()),
        expected_cost_variance=float((100 * p * (1 - p)).sum()),
        realised_cost=10.0 * defaults,
        realised_cost_squares=100.0 * defaults,
        amounts=0,
        amount_lost=0.0,
    )


def _rank(p: FloatArray, y: LabelArray, month: int | None) -> Ranking:
    """Rank by DeLong's placements; the expected AUC weighs each row as both classes."""
    bad, good = p[y == 1], p[y == 0]
    auc = variance = float("nan")
    if len(bad) and len(good):
        ranks = rankdata(np.concatenate((bad, good)))
        of_bad = (ranks[: len(bad)] - rankdata(bad)) / len(good)
        of_good = 1 - (ranks[len(bad) :] - rankdata(good)) / len(bad)
        auc = float(of_bad.mean())
        variance = float(of_bad.var() / len(bad) + of_good.var() / len(good))
    order = np.sort(p)
    below = np.cumsum(1 - order) - (1 - order)
    pairs = p.sum() * (1 - p).sum() - (p * (1 - p)).sum()
    expected = float((order * below).sum() / pairs)
    manifest = NAME.manifest if month is None else None
    return Ranking(month, manifest, len(bad), len(good), auc, variance, expected)

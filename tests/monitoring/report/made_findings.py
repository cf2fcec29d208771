"""Plausible findings of 36 months, with 14 features, made by hand."""

import datetime

import numpy as np

from monitoring.findings import (
    Advice,
    Alarm,
    CalibratedBand,
    CostMonth,
    DriftMonth,
    FeatureDrift,
    Findings,
    Option,
    OutcomeMonth,
    RankingMonth,
    TrafficMonth,
    Unused,
    Vintage,
)
from scoring_model.decision_log import VersionName
from train.statistics import Interval, wilson

VERSION = VersionName("credit-scoring", "3", "ab" * 32)
MONTHS = [year * 100 + month for year in (2005, 2006, 2007) for month in range(1, 13)]
FEATURES = (
    *("term_months", "gross_approval", "guaranteed_share", "bank_state", "state", "sector"),
    *("employees", "jobs_created", "jobs_retained", "is_new_business", "is_franchise"),
    *("is_urban", "revolving_credit", "probability"),
)
AS_OF = datetime.date(2008, 6, 30)


def around(value: float, spread: float) -> Interval:
    return Interval(value, value - spread, value + spread)


def make_findings() -> Findings:
    """Return findings with alarms on drift, defaults and cost."""
    rng = np.random.default_rng(0)
    sizes = rng.integers(1500, 2600, len(MONTHS))
    sizes[7] = 12
    outcomes = tuple(
        _outcomes(month, int(n), place / len(MONTHS))
        for place, (month, n) in enumerate(zip(MONTHS, sizes, strict=True))
    )
    recalibrate = Option(
        "recalibrate", Interval(0.0213, 0.0102, 0.0324), "1,204 defaults show a steeper risk."
    )
    return Findings(
        as_of=AS_OF,
        model="credit-scoring",
        version=VERSION,
        month=MONTHS[-1],
        decisions=int(sizes.sum()),
        damaged=2,
        traffic=tuple(
            TrafficMonth(
                month,
                int(n),
                wilson(0.83 * n, n),
                erased=int(n // 200),
                refused_requests={"invalid_request": 11, "too_large": 1},
                simulated={"simulate": 40},
                unlogged={},
                is_judged=n >= 100,
            )
            for month, n in zip(MONTHS, sizes, strict=True)
        ),
        drift=tuple(
            _drift(month, int(n), place)
            for place, (month, n) in enumerate(zip(MONTHS, sizes, strict=True))
        ),
        costs=tuple(
            CostMonth(
                month,
                int(n) - 3,
                3,
                around(0.52 + place / 300, 1.5 / n**0.5),
                0.71 + place / 200,
                0.86,
            )
            for place, (month, n) in enumerate(zip(MONTHS, sizes, strict=True))
        ),
        outcomes=(*outcomes, _outcomes(None, int(sizes.sum() * 0.8), 0.5)),
        rankings=(
            *(RankingMonth(month, 61, 900, around(0.74, 0.04), 0.75) for month in MONTHS[:30]),
            RankingMonth(MONTHS[30], 0, 40, Interval(np.nan, np.nan, np.nan), 0.75),
            RankingMonth(None, 2011, 41_000, around(0.741, 0.008), 0.752),
        ),
        bands=tuple(
            CalibratedBand(
                number,
                4301,
                int(4301 * 0.004 * number**1.5),
                around(0.0033 * number**1.5, 0.001),
                wilson(4301 * 0.004 * number**1.5, 4301),
                0.0031,
            )
            for number in range(1, 11)
        ),
        vintages=tuple(_vintage(month, place) for place, month in enumerate(MONTHS[:-3])),
        alarms=(
            Alarm(
                "drift",
                MONTHS[-1],
                "sector",
                0.214,
                0.1,
                "`sector` changed in December 2007: PSI 0.214, chance explains 0.021; the expected "
                "cost per applicant rose by 0.031.",
            ),
            Alarm(
                "defaults",
                None,
                "",
                0.0512,
                0.0401,
                "4.01 % of the accepted applicants were expected to default by now, 5.12 % did.",
            ),
        ),
        advice=Advice(
            recalibrate,
            (
                Option("nothing", Interval(0.0, 0.0, 0.0), "It is what the others compare with."),
                recalibrate,
                Option("retrain", None, "The ranking is as good as expected."),
                Option("stop", Interval(-0.2, -0.24, -0.16), "Both flat rules cost more."),
            ),
        ),
        problems=(
            Unused("2 outcomes are about no decision of the log.", ("loan-1", "loan-2")),
            Unused("August 2005 has 12 decisions, fewer than 100: it is shown and not judged."),
        ),
    )


def _outcomes(month: int | None, decisions: int, grown: float) -> OutcomeMonth:
    expected, rate = 0.05 - 0.03 * grown, 0.05 - 0.03 * grown + 0.02 * grown
    return OutcomeMonth(
        month=month,
        decisions=decisions,
        mature=int(decisions * (1 - grown)),
        defaults=int(decisions * rate),
        uncosted=0,
        expected_rate=around(expected, 0.001),
        default_rate=wilson(decisions * rate, decisions),
        p_value=0.00002,
        expected_cost=around(10 * expected, 0.01),
        realised_cost=around(10 * rate, 10 * (rate / decisions) ** 0.5),
        cost_p_value=0.0123,
        estimated_refused_cost=0.61,
        amount_lost=1.2e6,
        rings=("defaults",) if grown > 0.7 or month is None else (),
        is_judged=decisions >= 100,
    )


def _drift(month: int, decisions: int, place: int) -> DriftMonth:
    if decisions < 100:
        return DriftMonth(month, VERSION, decisions, (), None)
    features = []
    for number, name in enumerate(FEATURES):
        psi = (
            0.01
            + 0.006 * ((place * 7 + number * 3) % 5) / 5
            + (0.0058 * place if number == 5 else 0)
        )
        features.append(
            FeatureDrift(
                name,
                psi,
                0.018,
                Interval(psi - 0.01, max(psi - 0.02, 0.0), psi + 0.01),
                0.3 if psi < 0.1 else 0.0,
                psi > 0.1,
                wilson(0.03 * decisions, decisions),
                wilson(2, decisions),
                0.02,
                (("under 12", 0.2, 0.1), ("12 to 84", 0.5, 0.7), ("84 and over", 0.3, 0.2)),
            )
        )
    return DriftMonth(month, VERSION, decisions, tuple(features), around(0.031, 0.012))


def _vintage(month: int, place: int) -> Vintage:
    ages = tuple(range(30, 30 * (44 - place), 30))
    known = [1 - np.exp(-((age / 1500) ** 2)) for age in ages]
    return Vintage(
        month,
        3 if place == 7 else 2000,
        ages,
        tuple(around(float(0.14 * share * (1 + place / 40)), 0.004) for share in known),
        tuple(float(0.14 * share) for share in known),
        is_judged=place != 7,
    )

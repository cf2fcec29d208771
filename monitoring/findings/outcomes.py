"""`find_outcomes`: defaults and cost of the version in use beside what was expected, and alarms."""

import dataclasses
from collections.abc import Sequence

import numpy as np

from monitoring.decisions import month_name
from monitoring.facts import DecisionSums, Facts, OutcomeSums
from monitoring.figures import cost_p_value, find_changes, jeffreys_p_value
from monitoring.findings.costs import interval_of_mean
from monitoring.findings.findings import Alarm
from monitoring.findings.outcome_findings import AlarmKind, CalibratedBand, OutcomeMonth
from monitoring.findings.traffic import InUse
from train.portfolio.sections import MonitoringSettings
from train.statistics import Interval, wilson

LEAST_EXPECTED_DEFAULTS = 1.0
"""With fewer expected defaults, Jeffreys' test finds too much: up to five times its level."""


def find_outcomes(
    facts: Facts, in_use: InUse, settings: MonitoringSettings
) -> tuple[tuple[OutcomeMonth, ...], tuple[Alarm, ...]]:
    """Return the outcomes of the version in use by month, then of all months, and the alarms.

    All months together are tested, and each month with enough decisions. The tests of defaults and
    of cost are made together, and the share of false ones among the alarms is limited.
    """
    if facts.outcomes is None:
        return (), ()
    sums = [s for s in facts.outcomes.sums if s.manifest == in_use.manifest and s.decisions]
    if not sums:
        return (), ()
    sums.sort(key=lambda one: one.month)
    groups: list[tuple[int | None, list[OutcomeSums]]] = [(one.month, [one]) for one in sums]
    months = [_describe(month, group, facts, in_use) for month, group in [*groups, (None, sums)]]
    alarms = _find_alarms(months, settings)
    return tuple(
        dataclasses.replace(
            month,
            rings=tuple(alarm.kind for alarm in alarms if alarm.month == month.month),
            is_judged=month.decisions >= settings.min_decisions,
        )
        for month in months
    ), alarms


def find_bands(facts: Facts, in_use: InUse) -> tuple[CalibratedBand, ...]:
    """Return the bands of the version in use, from the lowest probabilities to the highest."""
    bands = [] if facts.outcomes is None else facts.outcomes.bands
    return tuple(
        CalibratedBand(
            number=band.number,
            decisions=band.decisions,
            defaults=band.defaults,
            expected_rate=_rate(band.expected, band.expected_variance, band.decisions),
            default_rate=wilson(band.defaults, band.decisions),
            p_value=jeffreys_p_value(band.defaults, band.decisions, band.expected / band.decisions),
        )
        for band in sorted(bands, key=lambda one: one.number)
        if band.manifest == in_use.manifest and band.decisions
    )


def _describe(
    month: int | None, sums: Sequence[OutcomeSums], facts: Facts, in_use: InUse
) -> OutcomeMonth:
    def add(name: str) -> float:
        return float(sum(getattr(one, name) for one in sums))

    decisions, defaults = int(add("decisions")), int(add("defaults"))
    uncosted = int(add("uncosted"))
    costed = decisions - uncosted
    expected = _rate(add("expected"), add("expected_variance"), decisions)
    realised = add("realised_cost")
    # the sum of so many independent costs has this variance
    realised_variance = add("realised_cost_squares") - realised**2 / max(costed, 1)
    return OutcomeMonth(
        month=month,
        decisions=decisions,
        mature=int(add("mature")),
        defaults=defaults,
        uncosted=uncosted,
        expected_rate=expected,
        default_rate=wilson(defaults, decisions),
        p_value=jeffreys_p_value(defaults, decisions, expected.value),
        expected_cost=_not_below_0(
            interval_of_mean(add("expected_cost"), add("expected_cost_variance"), costed)
        ),
        realised_cost=_not_below_0(interval_of_mean(realised, realised_variance, costed)),
        cost_p_value=cost_p_value(realised, add("expected_cost"), add("expected_cost_variance")),
        estimated_refused_cost=_estimate_refused(
            [
                one
                for one in facts.decisions
                if one.manifest == in_use.manifest and one.month in {s.month for s in sums}
            ]
        ),
        amount_lost=add("amount_lost") if add("amounts") else None,
        rings=(),
        is_judged=False,
    )


def _estimate_refused(sums: Sequence[DecisionSums]) -> float:
    """Return the estimated cost per refused applicant; 0 if nobody was refused.

    Applicants whose costs are not known are taken to be refused as often as the others.
    """
    cost = refused = 0.0
    for one in sums:
        cost += one.refused_cost
        refused += (one.decisions - one.accepted) * (1.0 - one.uncosted / one.decisions)
    return cost / refused if refused else 0.0


def _find_alarms(months: Sequence[OutcomeMonth], settings: MonitoringSettings) -> tuple[Alarm, ...]:
    tested: list[tuple[float, Alarm]] = []
    for month in months:
        expected_defaults = month.expected_rate.value * month.decisions
        if month.decisions < settings.min_decisions or expected_defaults < LEAST_EXPECTED_DEFAULTS:
            continue
        pairs: tuple[tuple[AlarmKind, float, Interval, Interval], ...] = (
            ("defaults", month.p_value, month.default_rate, month.expected_rate),
            ("cost", month.cost_p_value, month.realised_cost, month.expected_cost),
        )
        for kind, p_value, observed, expected in pairs:
            limit = expected.value * (1.0 + settings.min_excess)
            alarm = Alarm(
                kind, month.month, "", observed.value, limit, _write(kind, month, p_value)
            )
            if kind == "cost" and month.decisions - month.uncosted < settings.min_decisions:
                continue
            # a small excess is no alarm, however sure it is
            tested.append((p_value if observed.value >= limit else 1.0, alarm))
    if not tested:
        return ()
    p_values = np.array([p_value for p_value, _ in tested])
    found = find_changes(p_values, 1.0 - settings.confidence)
    return tuple(alarm for (_, alarm), rings in zip(tested, found, strict=True) if rings)


def _write(kind: AlarmKind, month: OutcomeMonth, p_value: float) -> str:
    sure = "p < 0.0001" if p_value < 0.0001 else f"p = {p_value:.2g}"
    when = "all months together" if month.month is None else month_name(month.month)
    if kind == "defaults":
        return (
            f"Defaults of {when}: {month.default_rate.value:.2%} of {month.decisions} accepted "
            f"applicants, where {month.expected_rate.value:.2%} were expected at their age "
            f"({sure})."
        )
    return (
        f"Cost of {when}: {month.realised_cost.value:.4g} per accepted applicant, where "
        f"{month.expected_cost.value:.4g} was expected at their age ({sure})."
    )


def _rate(expected: float, variance: float, decisions: int) -> Interval:
    rate = _not_below_0(interval_of_mean(expected, variance, decisions))
    return dataclasses.replace(rate, high=min(rate.high, 1.0))


def _not_below_0(interval: Interval) -> Interval:
    return dataclasses.replace(interval, low=max(interval.low, 0.0))

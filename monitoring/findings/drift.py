"""`find_drift`: PSI of each feature and of the probability, by month, and its alarms."""

from collections import defaultdict
from collections.abc import Mapping

import numpy as np

from monitoring.facts import BinCounts, Facts, FeatureBins
from monitoring.figures import (
    Shift,
    alarm_level,
    find_changes,
    measure_shift,
    read_training_rows,
    real_change,
    stability_by_chance,
)
from monitoring.findings.costs import find_cost_rise
from monitoring.findings.decision_findings import DriftMonth, FeatureDrift
from monitoring.findings.findings import Alarm
from monitoring.findings.traffic import InUse
from train.portfolio.sections import MonitoringSettings
from train.statistics import LEVEL, wilson

NO_VALUE = "(no value)"


def find_drift(facts: Facts, settings: MonitoringSettings) -> tuple[DriftMonth, ...]:
    """Return the drift of each month and version, oldest first."""
    counts: dict[tuple[int, str], dict[str, BinCounts]] = defaultdict(dict)
    for one in facts.bins:
        counts[one.month, one.manifest][one.feature] = one
    found = []
    for sums in sorted(facts.decisions, key=lambda one: (one.month, one.manifest)):
        version = facts.versions[sums.manifest]
        features = _compare(version.bins, counts.get((sums.month, sums.manifest), {}), settings)
        rise = find_cost_rise(sums, version)
        found.append(DriftMonth(sums.month, version.name, sums.decisions, features, rise))
    return tuple(found)


def find_drift_alarms(
    drift: tuple[DriftMonth, ...], in_use: InUse, settings: MonitoringSettings
) -> tuple[Alarm, ...]:
    """Return the alarms of the month and the version in use, the largest PSI first."""
    alarms = []
    for month in drift:
        if month.month == in_use.month and month.version == in_use.version.name:
            for feature in sorted(month.features, key=lambda one: -one.psi):
                if feature.rings:
                    limit = max(settings.min_psi, feature.by_chance)
                    text = _describe(feature, month)
                    alarms.append(
                        Alarm("drift", month.month, feature.feature, feature.psi, limit, text)
                    )
    return tuple(alarms)


def _compare(
    bins: tuple[FeatureBins, ...], counts: Mapping[str, BinCounts], settings: MonitoringSettings
) -> tuple[FeatureDrift, ...]:
    """Return the features that enough decisions have: erased applicants have no features."""
    judged = []
    for feature in bins:
        if (found := counts.get(feature.name)) is not None:
            number = np.append(found.counts, found.missing)
            if number.sum() >= settings.min_decisions:
                training = read_training_rows(feature.shares, feature.missing, feature.rows)
                judged.append((feature, found, measure_shift(training, number)))
    if not judged:
        return ()
    p_values = np.array([float(shift.p_value) for _, _, shift in judged])
    changed = find_changes(p_values, alarm_level(settings.max_false_alarms))
    return tuple(
        _describe_feature(*one, rings=bool(is_changed and one[2].psi >= settings.min_psi))
        for one, is_changed in zip(judged, changed, strict=True)
    )


def _describe_feature(
    feature: FeatureBins, found: BinCounts, shift: Shift, *, rings: bool
) -> FeatureDrift:
    psi, decisions = float(shift.psi), int(found.counts.sum()) + found.missing
    trained = [*(feature.shares * (1.0 - feature.missing)), feature.missing]
    shares = np.append(found.counts, found.missing) / decisions
    return FeatureDrift(
        feature=feature.name,
        psi=psi,
        by_chance=stability_by_chance(shift.freedom + 1, decisions, feature.rows, 1.0 - LEVEL),
        change=real_change(psi, shift.freedom, shift.scale),
        p_value=float(shift.p_value),
        rings=rings,
        missing=wilson(found.missing, decisions),
        unseen=wilson(found.unseen, decisions),
        missing_in_training=feature.missing,
        bins=tuple(
            zip((*feature.labels, NO_VALUE), map(float, trained), map(float, shares), strict=True)
        ),
    )


def _describe(feature: FeatureDrift, month: DriftMonth) -> str:
    text = (
        f"`{feature.feature}` has another distribution than in training: its PSI is "
        f"{feature.psi:.3f}, and chance explains up to {feature.by_chance:.3f}"
    )
    if month.cost_rise is None:
        return f"{text}. What this costs is not known: the profile has no expected cost."
    rise = month.cost_rise
    than = "more" if rise.value >= 0.0 else "less"
    return (
        f"{text}. The expected cost per applicant is {abs(rise.value):.4g} {than} than in training "
        f"(95% interval of the difference: {rise.low:+.4g} to {rise.high:+.4g})."
    )

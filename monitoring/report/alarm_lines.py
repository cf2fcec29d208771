"""`alarm_sentences`: the alarms in few sentences, for the report and the screen."""

from collections.abc import Iterator, Sequence

from monitoring.decisions import month_name
from monitoring.findings import Alarm, AlarmKind
from monitoring.report.decision_sections import rise_in_words
from monitoring.report.monitored import MonitoredModel, month_mark
from train.report import plain

KINDS: dict[AlarmKind, str] = {
    "drift": "drift",
    "defaults": "the number of defaults",
    "cost": "the realised cost",
    "ranking": "the ranking of applicants",
}
_BY_MONTH: dict[AlarmKind, str] = {
    "defaults": "More defaults than expected",
    "cost": "A higher cost than expected",
}


def alarm_sentences(model: MonitoredModel) -> Iterator[tuple[AlarmKind, str]]:
    """Yield each kind of alarm with its sentences; similar alarms have one sentence.

    Many features may drift at once. Outcomes are tested month by month, so a bad year has an alarm
    for each of its months.
    """
    for kind in KINDS:
        own = [alarm for alarm in model.findings.alarms if alarm.kind == kind]
        similar = [a for a in own if a.month is not None and (a.subject or kind in _BY_MONTH)]
        if len(similar) < 2:
            similar = []
        yield from ((kind, alarm.text) for alarm in own if alarm not in similar)
        if similar:
            yield kind, _join_drift(model, similar) if kind == "drift" else _join(kind, similar)


def _join_drift(model: MonitoredModel, alarms: Sequence[Alarm]) -> str:
    named = [f"`{alarm.subject}` ({plain(alarm.value)})" for alarm in alarms]
    rise = "" if model.drift is None else f" {rise_in_words(model, model.drift)}"
    return (
        f"In {month_name(model.findings.month)}, {len(alarms)} features have another distribution "
        f"than in training (in brackets the PSI): {', '.join(named)}.{rise}"
    )


def _join(kind: AlarmKind, alarms: Sequence[Alarm]) -> str:
    months = sorted(alarm.month for alarm in alarms if alarm.month is not None)
    spans = ", ".join(_join_months(months))
    return f"{_BY_MONTH[kind]} in {len(months)} months of decision: {spans}."


def _join_months(months: Sequence[int]) -> Iterator[str]:
    """Yield each month, or the first and the last of months that follow each other."""
    begun = 0
    for place, month in enumerate(months):
        after = month + 1 if month % 100 < 12 else month + 89
        if place + 1 < len(months) and months[place + 1] == after:
            continue
        first = month_mark(months[begun])
        yield first if begun == place else f"{first} to {month_mark(month)}"
        begun = place + 1

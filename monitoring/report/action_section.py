"""Write the top of the report: what rings, what to do, the main figures."""

from collections.abc import Iterator

from monitoring.decisions import month_name
from monitoring.findings import Action, Advice, Option, Unused
from monitoring.report.alarm_lines import KINDS, alarm_sentences
from monitoring.report.monitored import MonitoredModel
from train.report import (
    INTERVAL,
    NOTHING,
    Section,
    Table,
    between,
    counted,
    listed,
    percent,
    plain,
    precise,
    value_of,
    whole,
)

REFUSED_ARE_ESTIMATED = (
    "Outcomes are known for accepted applicants alone. Nobody saw what refused applicants would "
    "have done. Figures about them are estimated from the probabilities, and marked as estimated."
)
ACTIONS: dict[Action, str] = {
    "nothing": "go on as now",
    "recalibrate": "recalibrate: correct the probabilities by the outcomes, and keep the model",
    "retrain": "retrain: learn a new model from newer loans",
    "stop": "stop: accept everyone or refuse everyone, as long as that is cheaper",
}
SHORT: dict[Action, str] = {
    "nothing": "Nothing needs to be done.",
    "recalibrate": "The advice is to recalibrate.",
    "retrain": "The advice is to retrain.",
    "stop": "The advice is to stop using the model.",
}
NONE_CHEAPER = "No choice is known to be cheaper than going on as now."
FIND_OUT = "Find out why alarms ring before you go on."


def verdict_on(model: MonitoredModel) -> str:
    """Return what rings and what to do, in one paragraph."""
    findings = model.findings
    month = month_name(findings.month)
    if findings.alarms:
        kinds = listed([KINDS[kind] for kind in dict.fromkeys(a.kind for a in findings.alarms)])
        count = len(findings.alarms)
        rings = f"{counted(count, 'alarm')} {'rings' if count == 1 else 'ring'} about {kinds}."
    else:
        rings = "No alarm rings."
    return (
        f"{model.version} made most decisions of {month}, the month that is judged. {rings} "
        f"{advice_in_words(model)}"
    )


def advice_in_words(model: MonitoredModel) -> str:
    """Return the advice and what it saves."""
    chosen = model.findings.advice.chosen
    if chosen.action == "nothing":
        said = SHORT["nothing"]
        if not _is_known(model.findings.advice):
            said = chosen.reason
        elif model.findings.alarms:
            said = NONE_CHEAPER
        # an alarm is never nothing, even if no choice is known to save money
        return f"{said} {FIND_OUT}" if model.findings.alarms else said
    said = SHORT[chosen.action]
    if chosen.saving is None:
        return said
    return (
        f"{said} For each applicant, it would save {value_of(chosen.saving, precise)} {model.unit}."
    )


def _is_known(advice: Advice) -> bool:
    """Return whether it is known what any choice saves, beside that of doing nothing."""
    return any(option.saving is not None for option in advice.options if option.action != "nothing")


def monitoring_tiles(model: MonitoredModel) -> list[tuple[str, str, str]]:
    """Return the figures at the top: name, figure, and its unit and interval."""
    findings = model.findings
    on_outcomes = sum(alarm.kind != "drift" for alarm in findings.alarms)
    rings = f"{len(findings.alarms) - on_outcomes} of drift, {on_outcomes} on outcomes"
    return [
        ("Alarms", whole(len(findings.alarms)), rings),
        *_newest_tiles(model),
        *_outcome_tiles(model),
    ]


def _newest_tiles(model: MonitoredModel) -> Iterator[tuple[str, str, str]]:
    """Yield the tiles of the month that is judged."""
    findings, month = model.findings, month_name(model.findings.month)
    for found in findings.traffic:
        if found.month == findings.month:
            rate = found.acceptance_rate
            beside = f"of {counted(found.decisions, 'decision')} in {month}"
            yield "Accepted", percent(rate.value), f"{beside}; {INTERVAL} {between(rate, percent)}"
    for cost in findings.costs:
        if cost.month == findings.month and cost.decisions:
            beside = f"{model.unit}; {INTERVAL} {between(cost.cost)}"
            yield "Expected cost per applicant", plain(cost.cost.value), beside


def _outcome_tiles(model: MonitoredModel) -> Iterator[tuple[str, str, str]]:
    if (found := model.all_outcomes) is not None:
        rate, cost = found.default_rate, found.realised_cost
        yield (
            "Defaults",
            percent(rate.value, 2),
            f"of {whole(found.decisions)} accepted so far; expected "
            f"{percent(found.expected_rate.value, 2)}",
        )
        yield (
            "Realised cost per accepted",
            plain(cost.value),
            f"applicant, so far; expected {plain(found.expected_cost.value)}",
        )
    if (ranked := model.all_ranked) is not None:
        beside = f"0.5 is chance, 1 is perfect; expected {plain(ranked.expected_auc)}"
        yield "Ranking (AUC)", plain(ranked.auc.value), beside


def what_to_look_at(model: MonitoredModel) -> list[str]:
    """Return all alarms and problems, one sentence each."""
    findings = model.findings
    alarms = [f"Alarm: {model.with_labels(text)}" for _, text in alarm_sentences(model)]
    return [*alarms, *map(_with_list, findings.problems)]


def _with_list(problem: Unused) -> str:
    if not problem.listed:
        return problem.text
    return f"{problem.text} Among them: {', '.join(problem.listed)}."


def action_section(model: MonitoredModel) -> Section:
    """Say what to do, and what each choice would save."""
    advice = model.findings.advice
    said = advice_in_words(model)
    words = (
        said if advice.chosen.reason in said else f"{said} {advice.chosen.reason}",
        "A saving compares the choice with going on as now. Its range says how far chance in the "
        "outcomes could move it.",
    )
    rows = [(_named(option, advice), _saving(option), option.reason) for option in advice.options]
    header = ("choice", f"saving per applicant ({model.unit})", "what it rests on")
    return Section("action", "What to do", words, (), (Table(header, rows, texts=3),))


def _named(option: Option, advice: Advice) -> str:
    is_chosen = option.action == advice.chosen.action and _is_known(advice)
    return f"{ACTIONS[option.action]}{' (advised)' if is_chosen else ''}"


def _saving(option: Option) -> str:
    if option.saving is None:
        return NOTHING
    return "0" if option.action == "nothing" else value_of(option.saving, precise)

"""`list_problems`: what is not used or not known, in sentences."""

from collections.abc import Iterator

import numpy as np

from monitoring.decisions import month_name
from monitoring.facts import Facts, OutcomeFacts
from monitoring.findings.costs import expected_in_training, find_other_costs
from monitoring.findings.findings import Unused
from monitoring.findings.traffic import InUse, count_by_month
from train.portfolio.sections import MonitoringSettings

# how the sentence begins for one, for several, and how it ends
_OUTCOME_PROBLEMS = {
    "unknown": ("outcome is", "outcomes are", "about no decision of the log."),
    "contradictory": ("decision has", "decisions have", "outcomes that contradict each other."),
    "before_decision": (
        "outcome is",
        "outcomes are",
        "dated before the decision that is named, and not used.",
    ),
    "refused_applicant": ("outcome is", "outcomes are", "about refused applicants, and not used."),
    "superseded": (
        "accepted decision has",
        "accepted decisions have",
        "no outcome, and a later accepted decision has the same reference.",
    ),
    "without_outcome": (
        "accepted decision has",
        "accepted decisions have",
        "no row in the table of outcomes.",
    ),
    "erased": (
        "accepted decision has",
        "accepted decisions have",
        "no reference any more, because it was erased.",
    ),
    "digests": (
        "accepted decision has",
        "accepted decisions have",
        "a digest in place of the reference: set DECISION_LOG_KEY, or no reference is found.",
    ),
}


def list_problems(facts: Facts, in_use: InUse, settings: MonitoringSettings) -> tuple[Unused, ...]:
    """Return what is not used or not known, one sentence each."""
    sentences = (
        *_of_decisions(facts, settings.min_decisions),
        *_of_versions(facts, in_use),
        *_of_profile(facts, in_use, settings.min_decisions),
    )
    return (*map(Unused, sentences), *_of_outcomes(facts, in_use, settings))


def _counted(count: int, one: str, several: str, rest: str) -> str:
    """Return a sentence that begins with a count."""
    return f"{count} {one if count == 1 else several} {rest}"


def _of_decisions(facts: Facts, min_decisions: int) -> Iterator[str]:
    if facts.damaged:
        rest = "cannot be read, and not counted: run `verify`."
        yield _counted(facts.damaged, "decision", "decisions", rest)
    months = count_by_month(facts)
    if few := [f"{month_name(month)} ({n})" for month, n in months.items() if n < min_decisions]:
        yield (
            f"Months with fewer than {min_decisions} decisions are shown and not judged: "
            f"{', '.join(few)}."
        )
    if empty := sorted({one.month for one in facts.requests} - set(months)):
        yield (
            f"Months with requests and without decisions have no acceptance rate: "
            f"{', '.join(map(month_name, empty))}."
        )
    if uncosted := sum(one.uncosted for one in facts.decisions):
        rest = (
            "in no cost: the version was not found, or the costs of the loan were erased with the "
            "applicant."
        )
        yield _counted(uncosted, "decision is", "decisions are", rest)
    if erased := sum(one.erased for one in facts.decisions):
        rest = "about erased applicants: their features are not compared."
        yield _counted(erased, "decision is", "decisions are", rest)


def _of_versions(facts: Facts, in_use: InUse) -> Iterator[str]:
    name = f"version {in_use.version.name.version}"
    others = find_other_costs(facts, in_use)
    if left_out := sum(one.decisions for one in facts.decisions if one.manifest in others):
        rest = (
            f"in no cost, because the versions have other costs than {name}."
            if in_use.version.scorer is not None
            else f"in no cost, because the costs of {name} are not known."
        )
        yield _counted(left_out, "decision is", "decisions are", rest)
    for version in facts.versions.values():
        if version.scorer is None:
            number = sum(
                one.decisions for one in facts.decisions if one.manifest == version.name.manifest
            )
            rest = "without drift, cost and expected defaults."
            yield (
                f"Version {version.name.version} was not found: {version.problem}. So "
                f"{_counted(number, 'decision is', 'decisions are', rest)}"
            )


def _of_profile(facts: Facts, in_use: InUse, min_decisions: int) -> Iterator[str]:
    """Yield what the profile of the version in use lacks."""
    name = f"Version {in_use.version.name.version}"
    scorer = in_use.version.scorer
    if scorer is None:
        return
    if scorer.profile is None:
        yield f"{name} has no profile: drift, cost in training and retraining cannot be judged."
        return
    for part in scorer.profile.absent:
        yield f"The profile of {name.lower()} lacks `{part}`: their drift is not judged."
    if scorer.profile.probability is None:
        yield f"The profile of {name.lower()} lacks `probability`: its drift is not judged."
    if expected_in_training(in_use.version) is None:
        yield (
            f"The profile of {name.lower()} lacks `expected`: cost is not compared with training."
        )
    if facts.outcomes is not None and scorer.profile.known_defaults is None:
        yield (
            f"The profile of {name.lower()} lacks `known_defaults`: only mature decisions are "
            "compared with their outcomes. To change this, name `outcome_date` under "
            "[monitoring] and train again."
        )
    judged = {
        one.feature
        for one in facts.bins
        if (one.month, one.manifest) == (in_use.month, in_use.manifest)
        and int(np.sum(one.counts)) + one.missing >= min_decisions
    }
    if few := [bins.name for bins in in_use.version.bins if bins.name not in judged]:
        yield (
            f"Drift in {month_name(in_use.month)} is not judged, because too few decisions have "
            f"the feature: {', '.join(few)}."
        )


def _of_outcomes(facts: Facts, in_use: InUse, settings: MonitoringSettings) -> Iterator[Unused]:
    outcomes = facts.outcomes
    if outcomes is None:
        yield Unused("There is no table of outcomes: defaults and realised cost are not known.")
        return
    for problem in outcomes.problems:
        text = _counted(problem.count, *_OUTCOME_PROBLEMS[problem.kind])
        yield Unused(text, problem.listed)
    yield from map(Unused, _of_own_outcomes(facts, outcomes, in_use, settings))


def _of_own_outcomes(
    facts: Facts, outcomes: OutcomeFacts, in_use: InUse, settings: MonitoringSettings
) -> Iterator[str]:
    """Yield what is not known of the outcomes of the version in use."""
    if outcomes.known_until < facts.as_of:
        yield f"The table of outcomes ends on {outcomes.known_until}: ages count up to this day."
    name = f"version {in_use.version.name.version}"
    own = [one for one in outcomes.sums if one.manifest == in_use.manifest]
    others = sum(one.decisions for one in outcomes.sums) - sum(one.decisions for one in own)
    if others:
        rest = (
            f"by other versions than {name}: only the vintages and the ranking by month count them."
        )
        yield _counted(others, "decision with an outcome is", "decisions with outcomes are", rest)
    if not sum(one.decisions for one in own):
        yield f"No decision of {name} can be compared with an outcome."
    if not sum(one.mature for one in own):
        yield (
            f"No decision of {name} with an outcome is mature ({settings.maturity_days} days): "
            "ranking and tenths are not known."
        )
    if few := sorted({one.month for one in own if 0 < one.decisions < settings.min_decisions}):
        yield (
            f"Months with fewer than {settings.min_decisions} decisions with outcomes ring no "
            f"alarm by themselves: {', '.join(map(month_name, few))}."
        )

"""`judge_facts`: judge what was counted."""

from monitoring.facts import Facts
from monitoring.findings.advice import advise
from monitoring.findings.costs import find_costs
from monitoring.findings.drift import find_drift, find_drift_alarms
from monitoring.findings.findings import Findings
from monitoring.findings.options import Recalibrate
from monitoring.findings.outcomes import find_bands, find_outcomes
from monitoring.findings.problems import list_problems
from monitoring.findings.rankings import find_rankings, find_vintages
from monitoring.findings.traffic import find_in_use, find_traffic
from train.portfolio.sections import MonitoringSettings


def judge_facts(
    facts: Facts, settings: MonitoringSettings, model: str | None, recalibrate: Recalibrate
) -> Findings:
    """Return all findings, the alarms and the advice.

    Parameters
    ----------
    facts : Facts
    settings : MonitoringSettings
        Limits of the alarms.
    model : str or None
        Name of the registered model.
    recalibrate : callable
        Sums what the decisions of a version would have cost under another calibration. It takes
        the manifest, slope, intercept, and months.

    Raises
    ------
    InputError
        There are no decisions.
    """
    in_use = find_in_use(facts, settings.min_decisions)
    drift = find_drift(facts, settings)
    outcomes, outcome_alarms = find_outcomes(facts, in_use, settings)
    rankings, ranking_alarms = find_rankings(facts, in_use, settings.confidence)
    alarms = (*find_drift_alarms(drift, in_use, settings), *outcome_alarms, *ranking_alarms)
    return Findings(
        as_of=facts.as_of,
        model=model or "",
        version=in_use.version.name,
        month=in_use.month,
        decisions=sum(one.decisions for one in facts.decisions),
        damaged=facts.damaged,
        traffic=find_traffic(facts, settings.min_decisions),
        drift=drift,
        costs=find_costs(facts, in_use),
        outcomes=outcomes,
        rankings=rankings,
        bands=find_bands(facts, in_use),
        vintages=find_vintages(facts, settings.min_decisions),
        alarms=alarms,
        advice=advise(facts, in_use, drift, alarms, settings.min_decisions, recalibrate),
        problems=list_problems(facts, in_use, settings),
    )

"""`NewVersion`: a recalibrated scorer before it is registered, and the rows that judge it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from monitoring.recalibration.job import RecalibrationJob, have_same_trees
from monitoring.recalibration.judging import score_judged
from monitoring.recalibration.new_policy import (
    LEAST_FITTED,
    LEAST_JUDGED,
    FittedPolicy,
    check_outcomes,
    fit_policy,
    mark_judged,
    recalibrate_profile,
)
from monitoring.recalibration.rows import MaturedRows, RowSource, read_logged, read_matured
from scoring_model.version import Scorer
from train.errors import InputError
from train.promotion.gate import JudgedRows
from train.statistics import Interval


@dataclass(frozen=True, slots=True, eq=False)
class NewVersion:
    """A version with the champion's trees and a new map and threshold.

    Attributes
    ----------
    scorer : Scorer
    fit : FittedPolicy
    rows : JudgedRows
    fitted, judged : MaturedRows
        The decisions of the fit, and those of the judgement.
    """

    scorer: Scorer
    fit: FittedPolicy
    rows: JudgedRows
    fitted: MaturedRows
    judged: MaturedRows


def make_version(job: RecalibrationJob, source: RowSource) -> NewVersion:
    """Fit a new map on the earlier two thirds of the matured decisions; score the latest third.

    Parameters
    ----------
    job : RecalibrationJob
    source : RowSource

    Raises
    ------
    InputError
        There are too few outcomes, or no map can be fitted.
    """
    champion = job.champion.scorer
    manifests = _find_manifests(job, source)
    matured = read_matured(source.outcome_rows(manifests), champion.policy)
    if not len(matured.y):
        known = source.facts.outcomes
        day = job.as_of if known is None else known.known_until
        raise InputError(
            f"outcomes: no matured decision has an outcome: on {day}, no accepted decision "
            f"with one is {job.portfolio.monitoring.maturity_days} days old"
        )
    is_judged = mark_judged(matured)
    fitted, judged = matured.select(~is_judged), matured.select(is_judged)
    check_outcomes(fitted, "the earlier two thirds of the matured decisions", LEAST_FITTED)
    check_outcomes(judged, "the latest third of the matured decisions", LEAST_JUDGED)
    logged = read_logged(source.decision_rows(manifests), champion.policy)
    seen = logged.select(logged.day <= fitted.logged.day.max())
    fit = fit_policy(champion.policy, fitted, seen)
    profile = recalibrate_profile(champion.profile, fit.policy, seen)
    scorer = replace(champion, policy=fit.policy, profile=profile, version="")
    applicants = logged.select(logged.day >= judged.logged.day.min())
    rows = score_judged(job.number, (champion.policy, fit.policy), judged, applicants)
    return NewVersion(scorer, fit, rows, fitted, judged)


def _find_manifests(job: RecalibrationJob, source: RowSource) -> list[str]:
    champion = job.champion.scorer
    versions = source.facts.versions
    found = [m for m, version in versions.items() if have_same_trees(version.scorer, champion)]
    if not found:
        raise InputError(
            f"decisions: version {job.number} of {job.registry.name} made none of them, nor did "
            "another version with the same trees"
        )
    return found


def tell_figures(job: RecalibrationJob, made: NewVersion) -> Iterator[str]:
    """Yield a line for people about each step.

    Parameters
    ----------
    job : RecalibrationJob
    made : NewVersion

    Yields
    ------
    str
    """
    old, new, rows = job.champion.scorer.policy, made.fit.policy, made.rows
    yield f"fitted to {_tell(made.fitted)}"
    yield f"judged by {_tell(made.judged)}"
    share = float(made.judged.share.mean())
    yield f"about {share:.0%} of the defaults of the judged decisions are known by now"
    slope, intercept = _with_interval(made.fit.slope), _with_interval(made.fit.intercept)
    yield f"new map: slope {slope}, intercept {intercept} (95% intervals)"
    kind = "threshold" if old.loan_costs is None else "median threshold"
    yield f"{kind} {new.threshold:.4f}, was {old.threshold:.4f}"
    accepted = (1.0 - float(side.refused.mean()) for side in (rows.challenger, rows.champion))
    yield "of the judged decisions, {:.1%} would be accepted, was {:.1%}".format(*accepted)
    yield (
        f"of all applicants since {_first(made.judged)}, {rows.challenger_acceptance:.1%} would be "
        f"accepted, was {rows.champion_acceptance:.1%}"
    )


def _tell(rows: MaturedRows) -> str:
    return (
        f"{len(rows.y)} matured decisions from {_first(rows)} to {rows.logged.day.max()}, "
        f"{int(np.sum(rows.y))} of them defaults"
    )


def _first(rows: MaturedRows) -> str:
    return str(rows.logged.day.min())


def _with_interval(interval: Interval) -> str:
    return f"{interval.value:.4f} ({interval.low:.4f} to {interval.high:.4f})"

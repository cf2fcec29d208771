"""`advise`: what to do about the version in use."""

from collections.abc import Sequence

from monitoring.facts import Facts
from monitoring.figures import TOO_EARLY
from monitoring.findings.costs import expected_in_training
from monitoring.findings.decision_findings import DriftMonth
from monitoring.findings.findings import Advice, Alarm, Option
from monitoring.findings.options import Recalibrate, Savings, find_savings, fit_cells
from monitoring.findings.traffic import InUse
from train.statistics import Interval

MOST_MONTHS = 12
"""Savings rest on the newest months, at most so many."""
BEYOND_STOP_RATIO = 0.01
"""Only if it saves clearly more than this share of the cost beyond `stop` is a new calibration
better than that."""
# sums of the same costs in another order differ by less than this share of them
_ROUNDING = 1e-9
_NOTHING = Interval(0.0, 0.0, 0.0)
CHANGED = "Features have changed, and decisions are expected to cost more than in training."
ONLY_ACCEPTED = "Only outcomes of accepted applicants are known"


def advise(
    facts: Facts,
    in_use: InUse,
    drift: Sequence[DriftMonth],
    alarms: Sequence[Alarm],
    min_decisions: int,
    recalibrate: Recalibrate,
) -> Advice:
    """Return what to do, with the saving of each option.

    The options are tried in this order, and the first that clearly saves is chosen. `stop` comes
    first: if accepting all, or refusing all, is cheaper, and a new calibration is not clearly
    better than that, then the order of the probabilities is worth nothing. `recalibrate` comes
    before `retrain`, because it needs no training, and the saving of `retrain` is what it leaves.

    Without outcomes only drift is known. Then it can only be said that retraining should be tried.
    The same holds if defaults come so early that no calibration explains them.
    """
    in_month = (m for m in drift if (m.month, m.version) == (in_use.month, in_use.version.name))
    rise = next((m.cost_rise for m in in_month), None)
    drifts = rise is not None and any(alarm.kind == "drift" for alarm in alarms)
    savings = _find_savings(facts, in_use, min_decisions, recalibrate)
    if isinstance(savings, str):
        if savings == TOO_EARLY:
            return _advise_blindly(savings, "More applicants default than the version can explain.")
        costs_more = drifts and rise is not None and rise.low > 0.0
        return _advise_blindly(savings, CHANGED if costs_more else "")
    ranks_worse = any(alarm.kind == "ranking" for alarm in alarms)
    costs_more = drifts and rise is not None and rise.value > 0.0
    return _choose(savings, may_retrain=ranks_worse or costs_more)


def _find_savings(
    facts: Facts, in_use: InUse, min_decisions: int, recalibrate: Recalibrate
) -> Savings | str:
    """Return the savings, or why they cannot be said."""
    if facts.outcomes is None:
        return "there is no table of outcomes"
    fit = fit_cells(facts.outcomes.cells.get(in_use.manifest))
    if isinstance(fit, str):
        return fit
    months = sorted(
        one.month
        for one in facts.decisions
        if one.manifest == in_use.manifest and one.decisions - one.uncosted >= min_decisions
    )[-MOST_MONTHS:]
    training = expected_in_training(in_use.version)
    found = find_savings(fit, in_use.manifest, months, recalibrate, training) if months else None
    return found or "no month of the version has enough decisions with known costs"


def _advise_blindly(why: str, retrain: str) -> Advice:
    """Return the advice when no saving can be said; `retrain` is why to retrain, or empty."""
    unknown = f"What it saves cannot be said: {why}."
    reasons = {"stop": unknown, "recalibrate": unknown, "retrain": f"{retrain} {unknown}".strip()}
    nothing = retrain or f"Nothing can be advised: {why}."
    options = (
        Option("stop", None, reasons["stop"]),
        Option("recalibrate", None, reasons["recalibrate"]),
        Option("retrain", None, reasons["retrain"]),
        Option("nothing", _NOTHING, nothing),
    )
    return Advice(options[2] if retrain else options[3], options)


def _choose(savings: Savings, *, may_retrain: bool) -> Advice:
    stop = Option("stop", savings.stop, _explain_stop(savings))
    recalibrate = Option(
        "recalibrate",
        savings.recalibrate,
        "The outcomes correct the probabilities, and each applicant is decided in the way that is "
        f"then expected to cost less. {ONLY_ACCEPTED}.",
    )
    retrain = _option_retrain(savings.retrain, may_retrain=may_retrain)
    nothing = Option("nothing", _NOTHING, "The decisions stay as they are.")
    least = _ROUNDING * savings.cost
    chosen = nothing
    if savings.stop.low > least and not _is_better_than_stop(savings):
        chosen = stop
    elif savings.recalibrate.low > least:
        chosen = recalibrate
    elif may_retrain and savings.beyond_recalibrate and savings.beyond_recalibrate.low > least:
        chosen = retrain
    return Advice(chosen, (stop, recalibrate, retrain, nothing))


def _is_better_than_stop(savings: Savings) -> bool:
    """Return whether a new calibration clearly saves more than accepting or refusing all."""
    return savings.beyond_stop.low > BEYOND_STOP_RATIO * savings.cost


def _explain_stop(savings: Savings) -> str:
    rule = f"The cheaper rule without a model is to {savings.flat_rule} applicants"
    if _is_better_than_stop(savings):
        more = savings.beyond_stop.value
        return f"{rule}. Recalibrating saves {more:.4f} more. {ONLY_ACCEPTED}."
    return f"{rule}. Recalibrating does not clearly save more than this. {ONLY_ACCEPTED}."


def _option_retrain(saving: Interval | None, *, may_retrain: bool) -> Option:
    if saving is None:
        return Option(
            "retrain", None, "What it saves cannot be said: the profile has no expected cost."
        )
    if not may_retrain:
        return Option(
            "retrain",
            None,
            "There is no sign that it helps: the alarm of the ranking does not ring, and no drift "
            "makes decisions dearer.",
        )
    return Option(
        "retrain",
        saving,
        "It is the most that retraining saves: a new version would have to decide as well on these "
        "applicants as this version did in training.",
    )

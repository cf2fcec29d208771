"""The leak audit: stop a training if a feature contains the outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd

from scoring_model.types import LabelArray
from train.errors import InputError
from train.evaluation.company import CompanyLoss
from train.evaluation.leak_evidence import (
    EXACT_SHARE,
    LeakEvidence,
    early_and_late,
    find_left_out,
    measure_feature,
)
from train.portfolio import Portfolio
from train.portfolio.sections import key_text

Grade = Literal["stop", "accepted", "warning", "clear"]
GRADES: tuple[Grade, ...] = ("stop", "accepted", "warning", "clear")

STOP_AUC = 0.95
STOP_AUC_WITH_DIGITS = 0.85
WARN_AUC = 0.80
WARN_MATCH_SHARE = 0.5
WARN_MISSING_FACTOR = 2.0
WARN_SHIFT = 0.25
# With fewer missing values, the default rate of the rows without a value is too uncertain.
MIN_MISSING_SHARE = 0.005
# With more rows the audit is slower but finds no more.
MAX_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class LeakCheck:
    """Result of the audit for one feature.

    Attributes
    ----------
    feature : str
    grade : {"stop", "accepted", "warning", "clear"}
        `accepted` is a stop that the portfolio accepts under `[accept_leak_risk]`.
    findings : tuple of str
        The reasons for the grade, in words.
    evidence : LeakEvidence
        The measurements.
    """

    feature: str
    grade: Grade
    findings: tuple[str, ...]
    evidence: LeakEvidence


def audit_leaks(
    portfolio: Portfolio, train: pd.DataFrame, y: LabelArray, features: Sequence[str], seed: int
) -> tuple[LeakCheck, ...]:
    """Audit every feature on the training rows, the most suspicious first.

    Parameters
    ----------
    portfolio : Portfolio
    train : DataFrame, shape (rows, columns of the table)
        Training rows.
    y : ndarray of int8, shape (rows,)
        1 = default.
    features : sequence of str
        Columns to audit.
    seed : int
        Seeds the sample of rows from a large table, and the folds.
    """
    if len(train) > MAX_ROWS:
        chosen = np.sort(np.random.default_rng(seed).choice(len(train), MAX_ROWS, replace=False))
        train, y = train.iloc[chosen], y[chosen]
    left_out = find_left_out(portfolio, train, y, seed)
    periods = early_and_late(train, portfolio)
    checks = [
        grade_feature(name, measure_feature(name, train, y, left_out, periods, seed), portfolio)
        for name in features
    ]
    return tuple(sorted(checks, key=lambda c: (GRADES.index(c.grade), -c.evidence.auc)))


def grade_feature(feature: str, evidence: LeakEvidence, portfolio: Portfolio) -> LeakCheck:
    """Return the grade of a feature, and the reasons in words, from its measurements."""
    stops, warnings = _reasons_to_stop(evidence), _reasons_to_warn(evidence)
    if stops:
        why = portfolio.accept_leak_risk.get(feature)
        if why is None:
            return LeakCheck(feature, "stop", tuple(stops), evidence)
        return LeakCheck(feature, "accepted", (*stops, f"the risk is accepted: {why}"), evidence)
    return LeakCheck(feature, "warning" if warnings else "clear", tuple(warnings), evidence)


def _reasons_to_stop(evidence: LeakEvidence) -> list[str]:
    reasons = []
    if evidence.match_is_outcome and evidence.match_share >= EXACT_SHARE:
        reasons.append(f"it equals the outcome column {evidence.match_column}")
    if evidence.auc >= STOP_AUC:
        reasons.append(_describe_auc(evidence))
    digits = evidence.digits
    if digits and digits.differs and evidence.auc > STOP_AUC_WITH_DIGITS:
        if evidence.auc < STOP_AUC:
            reasons.append(_describe_auc(evidence))
        reasons.append(str(digits))
    return reasons


def _reasons_to_warn(evidence: LeakEvidence) -> list[str]:
    reasons = []
    if evidence.auc > WARN_AUC:
        reasons.append(_describe_auc(evidence))
    if evidence.match_share >= WARN_MATCH_SHARE:
        reasons.append(
            f"it equals the excluded column {evidence.match_column} in "
            f"{evidence.match_share:.0%} of the loans compared"
        )
    if evidence.digits and evidence.digits.differs:
        reasons.append(str(evidence.digits))
    if _missing_predicts(evidence):
        reasons.append(
            f"the default rate is {evidence.missing_default_rate:.1%} where it is missing and "
            f"{evidence.present_default_rate:.1%} where it is present"
        )
    if evidence.shift is not None and evidence.shift > WARN_SHIFT:
        reasons.append(
            "its distribution changed over the training period (population stability index "
            f"{evidence.shift:.2f}, limit {WARN_SHIFT:g})"
        )
    return reasons


def _describe_auc(evidence: LeakEvidence) -> str:
    return f"alone it predicts default with an AUC of {evidence.auc:.3f}"


def _missing_predicts(evidence: LeakEvidence) -> bool:
    if max(evidence.missing_repaid, evidence.missing_defaulted) < MIN_MISSING_SHARE:
        return False
    low, high = sorted((evidence.missing_default_rate, evidence.present_default_rate))
    return high > WARN_MISSING_FACTOR * low


def refuse_leaks(portfolio: Portfolio, checks: Sequence[LeakCheck]) -> None:
    """Raise `InputError` if a grade is `stop`; it names features, evidence and what to do."""
    stops = [check for check in checks if check.grade == "stop"]
    if not stops:
        return
    found = "; ".join(f"feature {c.feature!r}: {', '.join(c.findings)}" for c in stops)
    lines = ", ".join(f'{key_text(c.feature)} = "why"' for c in stops)
    raise InputError(
        f"{portfolio.path}: the leak audit stops the training: {found}. Add {lines} under "
        "[exclude], or under [accept_leak_risk] if the value is known when the loan is decided"
    )


def refuse_company(
    portfolio: Portfolio, losses: Sequence[CompanyLoss], checks: Sequence[LeakCheck]
) -> tuple[LeakCheck, ...]:
    """Raise `InputError` if a feature leaks in company, and no risk is accepted.

    Parameters
    ----------
    portfolio : Portfolio
    losses : sequence of CompanyLoss
        From `find_company_losses`.
    checks : sequence of LeakCheck
        Results for single features.

    Returns
    -------
    tuple of LeakCheck
        The checks, with the findings of features whose risk is accepted.
    """
    accepted = portfolio.accept_leak_risk
    stops = [loss for loss in losses if not set(loss.features) & set(accepted)]
    if stops:
        found = "; ".join(f"{loss.features[0]!r}: {loss.describe()}" for loss in stops)
        names = dict.fromkeys(name for loss in stops for name in loss.features)
        lines = " or ".join(f'{key_text(name)} = "why"' for name in names)
        which, these = "it", "it is"
        if len(names) > 1:
            which, these = "one of them", "all are"
        raise InputError(
            f"{portfolio.path}: the leak audit stops the training: {found}. If {which} is known "
            f"only after the decision, add that one alone under [exclude]: {lines}. If {these} "
            "known when the loan is decided, add the same under [accept_leak_risk]"
        )
    findings = {n: loss.describe() for loss in losses for n in loss.features if n in accepted}
    marked = [_accept(check, findings, portfolio) for check in checks]
    return tuple(sorted(marked, key=lambda c: (GRADES.index(c.grade), -c.evidence.auc)))


def _accept(check: LeakCheck, findings: Mapping[str, str], portfolio: Portfolio) -> LeakCheck:
    finding = findings.get(check.feature)
    if finding is None:
        return check
    why = f"the risk is accepted: {portfolio.accept_leak_risk[check.feature]}"
    before = tuple(text for text in check.findings if text != why)
    return replace(check, grade="accepted", findings=(*before, finding, why))


def leak_notes(checks: Sequence[LeakCheck]) -> list[str]:
    """Return a line for each feature with a warning or an accepted risk."""
    return [
        f"leak audit: {check.feature}: {', '.join(check.findings)}"
        for check in checks
        if check.grade in ("warning", "accepted")
    ]

"""Scores champion and challenger on the same test rows, and applies the gate."""

from dataclasses import replace

from scoring_model.errors import InvalidRequest
from scoring_model.policy import refuse
from scoring_model.version import Scorer
from train.data import LabelledRows
from train.errors import InputError
from train.portfolio import AnyCosts, Costs, LoanCosts
from train.portfolio.sections import GateLimits
from train.promotion.gate import (
    CostChange,
    GateResult,
    GateRule,
    JudgedDecisions,
    ScoredRows,
    judge,
    judge_without_champion,
)
from train.promotion.usefulness import judge_usefulness

# The table of the gate names this many columns, and shows so much of a cost.
MOST_NAMES, MOST_CHARACTERS = 3, 80


def compare(
    rows: LabelledRows, challenger: Scorer, champion: Scorer | str | None, limits: GateLimits
) -> GateResult:
    """Score the same rows with both models and apply the gate.

    Parameters
    ----------
    rows : LabelledRows
        Test rows of the challenger's portfolio. Each model decides by its own threshold. The
        challenger's costs apply to both.
    challenger : Scorer
        Model that may become the champion.
    champion : Scorer, str or None
        A text is the reason why the champion cannot be loaded. None before the first champion.
    limits : GateLimits
        Limits of the gate, from the portfolio.

    Raises
    ------
    InputError
        The challenger cannot score the rows of its own portfolio.
    """
    costs = _costs_of(challenger, rows)
    scored = score_rows(rows, challenger, costs)
    if isinstance(scored, str):
        raise InputError(f"the challenger cannot score its portfolio's test rows: {scored}")
    use = judge_usefulness(rows.y, scored.cost, costs, limits).rules
    if champion is None:
        return judge_without_champion(rows.y, scored, use, limits)
    change = None if isinstance(champion, str) else compare_costs(champion, challenger)
    rival = champion if isinstance(champion, str) else score_rows(rows, champion, costs)
    if isinstance(rival, str):
        why = GateRule("scores of the champion", "available", rival, passed=False)
        result = judge_without_champion(rows.y, scored, (why, *use), limits)
        return replace(result, cost_change=change)
    if change is None:
        return judge(rows.y, scored, rival, limits)
    anew = _decide_anew(rows, rival, costs)
    outcomes = (
        _outcome("champion", rival),
        _outcome("champion, threshold chosen anew", anew),
        _outcome("challenger", scored),
    )
    result = judge(rows.y, scored, rival, limits, anew)
    return replace(result, cost_change=replace(change, outcomes=outcomes))


def compare_costs(old: Scorer, new: Scorer) -> CostChange | None:
    """Return how the costs of a wrong decision change between two versions; None if they do not.

    Parameters
    ----------
    old, new : Scorer
        The champion, and the version that takes its place.
    """
    before, after = _cost_texts(old), _cost_texts(new)
    if before == after:
        return None
    return CostChange(_joined(before), _joined(after))


def _decide_anew(rows: LabelledRows, champion: ScoredRows, costs: AnyCosts) -> ScoredRows:
    """Return the champion's decisions at the theoretical threshold of other costs.

    On calibrated probabilities this threshold is the cheapest. No test row is used to choose it.
    """
    refused = refuse(champion.probability, costs.bayes_threshold)
    return ScoredRows(champion.probability, refused, costs.of_each(rows.y, refused))


def _outcome(who: str, scored: ScoredRows) -> JudgedDecisions:
    return JudgedDecisions(who, float(scored.cost.mean()), 1 - float(scored.refused.mean()))


def score_rows(rows: LabelledRows, scorer: Scorer, costs: AnyCosts) -> ScoredRows | str:
    """Score the rows, or return the reason why this model cannot score them."""
    absent = [name for name in scorer.contract.field_names if name not in rows.frame.columns]
    if absent:
        more = len(absent) - MOST_NAMES
        names = ", ".join(absent[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")
        return f"missing columns: {names}"
    try:
        # a feature without gaps in training may have gaps in the test rows
        encoded = scorer.contract.with_all_nullable().encode_frame(rows.frame)
        decisions = scorer.score_encoded(encoded)
    except InvalidRequest as error:
        return str(error)
    refused = decisions.score == 0
    return ScoredRows(decisions.probability, refused, costs.of_each(rows.y, refused))


def _costs_of(scorer: Scorer, rows: LabelledRows) -> AnyCosts:
    """Return the costs of wrong decisions on the rows, by the version's own policy."""
    rule = scorer.policy.loan_costs
    if rule is None:
        return Costs(scorer.policy.false_negative_cost, scorer.policy.false_positive_cost)
    contract = scorer.contract.with_all_nullable()
    try:
        matrix = contract.encode_frame(rows.frame).matrix
        return LoanCosts(*rule.costs(matrix, contract.names))
    except InvalidRequest as error:
        raise InputError(f"the costs of the portfolio's test rows: {error}") from error


def _cost_texts(scorer: Scorer) -> tuple[str, str]:
    """Return the cost of accepting a defaulter and of refusing a good client, as text."""
    policy = scorer.policy
    if policy.loan_costs is not None:
        return policy.loan_costs.false_negative, policy.loan_costs.false_positive
    return f"{policy.false_negative_cost:.15g}", f"{policy.false_positive_cost:.15g}"


def _joined(costs: tuple[str, str]) -> str:
    return " : ".join(
        cost if len(cost) <= MOST_CHARACTERS else f"{cost[: MOST_CHARACTERS - 3]}..."
        for cost in costs
    )

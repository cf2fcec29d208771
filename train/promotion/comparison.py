"""Scores champion and challenger on the same test rows, and applies the gate."""

from scoring_model.errors import InvalidRequest
from scoring_model.version import Scorer
from train.data import LabelledRows
from train.errors import InputError
from train.portfolio import AnyCosts, Costs, GateLimits, LoanCosts
from train.promotion.gate import GateResult, GateRule, ScoredRows, judge, judge_without_champion
from train.promotion.usefulness import judge_usefulness


def compare(
    rows: LabelledRows, challenger: Scorer, champion: Scorer | str | None, limits: GateLimits
) -> GateResult:
    """Score the same rows with both models and apply the gate.

    Parameters
    ----------
    rows : LabelledRows
        Test rows of the challenger's portfolio. The challenger's costs apply to both models.
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
    rival = champion if isinstance(champion, str) else score_rows(rows, champion, costs)
    if isinstance(rival, str):
        why = GateRule("scores of the champion", "available", rival, passed=False)
        return judge_without_champion(rows.y, scored, (why, *use), limits)
    result = judge(rows.y, scored, rival, limits)
    if not isinstance(champion, str) and (old := _shown(champion)) != _shown(challenger):
        rule = GateRule("costs of a wrong decision", old, _shown(challenger), passed=False)
        return GateResult((*result.rules, rule), result.saving, result.rows)
    return result


def score_rows(rows: LabelledRows, scorer: Scorer, costs: AnyCosts) -> ScoredRows | str:
    """Score the rows, or return the reason why this model cannot score them."""
    absent = [name for name in scorer.contract.field_names if name not in rows.frame.columns]
    if absent:
        return f"the columns {', '.join(absent)} are missing"
    try:
        # a feature without gaps in training may have gaps in the test rows
        encoded = scorer.contract.with_all_nullable().encode_frame(rows.frame)
    except InvalidRequest as error:
        return str(error)
    decisions = scorer.score_encoded(encoded)
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


def _shown(scorer: Scorer) -> str:
    """Return the cost of accepting a defaulter and of refusing a good client, as text."""
    policy = scorer.policy
    if policy.loan_costs is not None:
        return f"{policy.loan_costs.false_negative} : {policy.loan_costs.false_positive}"
    return f"{policy.false_negative_cost:g} : {policy.false_positive_cost:g}"

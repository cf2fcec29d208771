"""Write the sections on the decision: threshold, costs, certainty, probability."""

from collections.abc import Callable

import numpy as np

from train.decision import lowest_cost
from train.evaluation import RealisedCosts
from train.report.finished_run import FinishedRun
from train.report.formatting import (
    INTERVAL,
    NOTHING,
    UNSEEN,
    Section,
    Table,
    between,
    large,
    listed,
    percent,
    plain,
    value_of,
    whole,
)
from train.report.pictures import REFERENCES
from train.statistics import MAX_OFF, Interval


def decision_section(run: FinishedRun) -> Section:
    """Say which threshold was chosen, and why."""
    words = (
        "The threshold is the probability of default from which applicants are refused. "
        f"{_theory(run)}",
        f"The threshold was chosen on {UNSEEN}: the training loans were split into parts, and a "
        "model trained on the other parts judged each part. The test loans had no part in the "
        "choice. If such loans are drawn again at random, the cheapest threshold lies between "
        f"{_on_scale(run, run.scale.low)} and {_on_scale(run, run.scale.high)}"
        f"{' the theoretical one' if run.is_per_loan else ''} in 95 of 100 draws (shaded in the "
        "picture).",
    )
    tables = (_thresholds_table(run),)
    return Section("decision", "The decision", words, ("cost_by_threshold",), tables)


def _theory(run: FinishedRun) -> str:
    rule, costs = run.model.scorer.policy.loan_costs, run.model.settings.costs
    if rule is not None:
        return (
            f"Accepting a defaulter costs {rule.false_negative}, refusing a good client costs "
            f"{rule.false_positive}, {run.in_currency}. If the probabilities are right, refusing "
            "is cheaper from this probability on: the cost of refusing, divided by the sum of both "
            "costs. This is the loan's own theoretical threshold. Each was multiplied by the "
            f"same number, {run.scale.chosen:.2f}, which gives the chosen threshold."
        )
    bad, good = costs.false_negative, costs.false_positive
    cost_of_bad = f"{bad:g} times as much as refusing one good client"
    if good != 1.0:
        cost_of_bad = f"{bad:g}, refusing one good client costs {good:g}"
    formula = f"{good:g} / ({good:g} + {bad:g})".replace(" ", "\N{NO-BREAK SPACE}")
    return (
        f"Accepting a defaulter costs {cost_of_bad}. If the probabilities are right, refusing is "
        f"cheaper from a probability of {formula} = "
        f"{percent(costs.bayes_threshold, 2)} on. This is the theoretical threshold."
    )


def _on_scale(run: FinishedRun, value: float) -> str:
    return f"{value:.2f} times" if run.is_per_loan else percent(value, 2)


def _thresholds_table(run: FinishedRun) -> Table:
    model, scale, proof = run.model, run.scale, run.model.proof
    evaluation = model.evaluation
    rows = [
        (
            "chosen threshold",
            _on_scale(run, scale.chosen),
            plain(proof.cost),
            plain(evaluation.cost.value),
        ),
        (
            "theoretical threshold",
            _on_scale(run, scale.theory),
            plain(proof.bayes_cost),
            plain(evaluation.rivals["at_bayes"].cost_per_applicant),
        ),
        (
            "the best cut-off had the outcomes been known",
            NOTHING,
            plain(lowest_cost(model.oof.y, scale.oof, model.oof.costs)),
            plain(lowest_cost(run.data.test.y, scale.test, model.test_costs)),
        ),
    ]
    header = ("", "threshold", UNSEEN, "test loans")
    return Table(header, rows, f"Cost per applicant ({run.unit})")


def money_section(run: FinishedRun) -> Section:
    """Say what the decisions cost, compared with simpler rules."""
    evaluation = run.model.evaluation
    cost = evaluation.cost
    words = (
        f"Per applicant, the decisions on the test loans cost {plain(cost.value)} {run.unit} "
        f"({INTERVAL} {between(cost)}). {_compared(run)} The picture shows the interval as a line.",
    )
    rows = [
        (
            name,
            plain(evaluation.rivals[key].cost_per_applicant),
            plain(evaluation.rivals[key].difference.value),
            between(evaluation.rivals[key].difference),
        )
        for key, name in REFERENCES.items()
    ]
    table = Table(
        ("simpler rule", "cost per applicant", "cost of the model minus this", INTERVAL),
        rows,
        f"Simpler rules on the same test loans ({run.unit}). Below zero the model is cheaper.",
    )
    tables = [table, _outcomes(run)]
    if (realised := run.model.realised) is not None:
        tables.insert(1, _realised(run, realised))
    pictures = ("cost_against_others", "cost_realised")
    return Section("money", "The money", words, pictures, tuple(tables))


def _compared(run: FinishedRun) -> str:
    """Return which simpler rules are clearly more expensive than the model, and which are not."""
    rivals = run.model.evaluation.rivals
    rules = [key for key in REFERENCES if key != "at_bayes"]
    clear = [REFERENCES[key] for key in rules if rivals[key].difference.high < 0]
    unclear = [REFERENCES[key] for key in rules if rivals[key].difference.high >= 0]
    if not clear:
        return "The model is not clearly cheaper than any simpler rule."
    rest = f" It is not clearly cheaper than {listed(unclear)}." if unclear else ""
    return f"The model is clearly cheaper than {listed(clear)}.{rest}"


def _realised(run: FinishedRun, realised: RealisedCosts) -> Table:
    """Return the table of realised costs."""
    costs, cost = run.portfolio.costs, realised.cost
    rows = [("this model", plain(cost.value), between(cost), NOTHING)]
    for key, rival in realised.rivals.items():
        name, value = REFERENCES[key], plain(rival.cost_per_applicant)
        rows.append((name, value, NOTHING, value_of(rival.difference)))
    caption = (
        f"Realised cost, {run.in_currency}: what the decisions cost in the end, "
        f"{costs.realised_false_negative} for each defaulter accepted, "
        f"{costs.realised_false_positive} for each good client refused"
    )
    header = ("", "realised cost per applicant", INTERVAL, "cost of the model minus this")
    return Table(header, rows, caption)


def _outcomes(run: FinishedRun) -> Table:
    """Return the loans, and their amounts if the portfolio has them, by decision and outcome."""
    rows, y = run.data.test, run.data.test.y
    refused = run.model.evaluation.refused
    cost = run.model.evaluation.cost_of_each
    column = run.portfolio.amount
    amount = None if column is None else rows.frame[column].to_numpy(dtype=np.float64)
    found = []
    for decision, decided in (("accepted", ~refused), ("refused", refused)):
        for outcome, label in (("repaid", 0), ("defaulted", 1)):
            cell = decided & (y == label)
            line = [f"{decision}, {outcome}", whole(float(cell.sum())), percent(float(cell.mean()))]
            if amount is not None:
                line.append(large(float(np.nansum(amount[cell]))))
            line.append(percent(float(cost[cell].sum() / max(cost.sum(), 1e-12))))
            found.append(tuple(line))
    header = ["decision, outcome", "loans", "share of the loans"]
    if column is not None:
        name = run.label(column)
        header.append(f"{name[:1].lower()}{name[1:]}, {run.in_currency}")
    return Table((*header, "share of the cost"), found, "The test loans by decision and outcome")


def certainty_section(run: FinishedRun) -> Section:
    """Say how sure the figures are."""
    evaluation = run.model.evaluation
    intervals = evaluation.intervals
    words = (
        "Other test loans would have given somewhat different figures. To see by how much, test "
        "loans were drawn again at random many times, each time with the same number of "
        f"defaulters. In 95 of 100 draws the figure lay within its {INTERVAL}. The intervals hold "
        "for loans like these. They do not cover a change of the economy.",
        "The model ranks well if defaulters get higher probabilities than good clients. Its AUC is "
        "the chance that, of one defaulter and one good client, the defaulter gets the higher one.",
    )
    rows = [
        _measure(f"cost per applicant ({run.unit})", evaluation.cost),
        _measure("acceptance rate", intervals["acceptance_rate"], percent),
        _measure("ranking (AUC): 0.5 is chance, 1 is perfect", intervals["roc_auc"]),
    ]
    technical = [
        _measure("KS: largest distance between the distributions", intervals["ks"], percent),
        _measure("Brier score: mean squared error of the probability", intervals["brier"]),
        ("log loss: mean negative log-likelihood", plain(evaluation.log_loss), NOTHING),
        ("ECE: expected calibration error, ten bins", percent(evaluation.ece, 2), NOTHING),
        ("average precision", plain(evaluation.average_precision), NOTHING),
    ]
    header = ("measure", "test loans", INTERVAL)
    return Section(
        "certainty",
        "How sure this is",
        words,
        ("probability_by_outcome",),
        (Table(header, rows),),
        (Table(header, technical, "Technical measures"),),
    )


def _measure(
    name: str, interval: Interval, write: Callable[[float], str] = plain
) -> tuple[str, str, str]:
    return (name, write(interval.value), between(interval, write))


def calibration_section(run: FinishedRun) -> Section:
    """Say whether the probability is right."""
    whole_test = run.model.evaluation.calibration
    limit = percent(MAX_OFF, 0)
    judged = (
        f"This is more than the limit of {limit}, and chance does not explain it: the probability "
        "does not fit."
        if whole_test.is_off
        else f"The probability counts as wrong only above {limit}, and only if chance does not "
        "explain the difference."
    )
    words = (
        f"{percent(whole_test.mean_probability)} of the test loans were expected to default; "
        f"{value_of(whole_test.default_rate, percent)} did. The expected defaults are off by "
        f"{percent(abs(whole_test.ratio - 1.0), 0)} of the observed ones. {judged} In the picture, "
        "expected and observed defaults are equal on the dotted line."
        + ("" if run.is_per_loan else " The vertical line is the threshold."),
    )
    rows = [
        ("expected defaults", percent(whole_test.mean_probability)),
        ("observed defaults", percent(whole_test.default_rate.value)),
        ("expected by observed defaults (1 is exact)", f"{whole_test.ratio:.2f}"),
    ]
    return Section(
        "calibration",
        "Does the probability mean what it says?",
        words,
        ("calibration",),
        (Table(("", "test loans"), rows),),
    )

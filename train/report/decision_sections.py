"""What the report says about the decision: threshold, money, certainty, probability."""

import numpy as np

from train.decision import lowest_cost
from train.evaluation import RealisedCosts
from train.report.cost_pictures import REFERENCES
from train.report.finished_run import FinishedRun
from train.report.formatting import (
    NOTHING,
    Section,
    Table,
    between,
    listed,
    percent,
    plain,
    value_of,
    whole,
)

MEASURES = {
    "cost_per_applicant": "cost per applicant",
    "acceptance_rate": "acceptance rate",
    "roc_auc": "AUC: chance that a defaulter ranks above a good client",
    "ks": "KS: largest distance of the two groups",
    "brier": "Brier score: mean squared error of the probability",
}


def decision_section(run: FinishedRun) -> Section:
    """Say what was decided and why that threshold."""
    model = run.model
    policy = model.scorer.policy
    words = (
        f"{_theory(run)} The threshold was chosen on training rows that the model had not "
        "seen (out of fold); the test rows had no part in it. On such rows drawn again and again, "
        f"the cheapest lies between {_on_scale(run, run.scale.low)} and "
        f"{_on_scale(run, run.scale.high)} (shaded).",
    )
    treatments = ", ".join(dict.fromkeys(params.treatment for params in model.members))
    made = Table(
        ("", ""),
        [
            ("trials of the search", whole(len(model.search.trials))),
            ("treatment of the imbalance", treatments.replace("_", " ")),
            ("boosters averaged", whole(len(model.members))),
            ("trees", whole(model.trees)),
            ("calibration map", policy.calibration.method),
        ],
        "How the model was made",
    )
    tables = (_thresholds_table(run), made)
    return Section("decision", "The decision", words, ("cost_by_threshold",), tables)


def _theory(run: FinishedRun) -> str:
    rule, costs = run.model.scorer.policy.loan_costs, run.model.settings.costs
    if rule is not None:
        return (
            f"Accepting a defaulter costs {rule.false_negative}, refusing a good client "
            f"{rule.false_positive}. With probabilities that mean what they say, refusing a loan "
            "pays from the second by the sum of both on: the loan's own threshold."
        )
    false_negative, false_positive = costs.false_negative, costs.false_positive
    return (
        f"Accepting a defaulter costs {false_negative:g}, refusing a good client "
        f"{false_positive:g}. With probabilities that mean what they say, refusing pays from "
        f"{false_positive:g} / ({false_positive:g} + {false_negative:g}) = "
        f"{percent(costs.bayes_threshold, 2)} on."
    )


def _on_scale(run: FinishedRun, value: float) -> str:
    return f"{value:.2f} times that" if run.is_per_loan else percent(value, 2)


def _thresholds_table(run: FinishedRun) -> Table:
    model, scale, proof = run.model, run.scale, run.model.proof
    evaluation = model.evaluation
    rows = [
        (
            "chosen",
            _on_scale(run, scale.chosen),
            plain(proof.cost),
            plain(evaluation.cost.value),
        ),
        (
            "theory",
            _on_scale(run, scale.theory),
            plain(proof.bayes_cost),
            plain(evaluation.rivals["at_bayes"].cost_per_applicant),
        ),
        (
            "cheapest in hindsight",
            NOTHING,
            plain(lowest_cost(model.oof.y, scale.oof, model.oof.costs)),
            plain(lowest_cost(run.data.test.y, scale.test, model.test_costs)),
        ),
    ]
    header = ("", "threshold", "training, out of fold", "test")
    return Table(header, rows, "Cost per applicant")


def money_section(run: FinishedRun) -> Section:
    """Say what the decisions cost beside those of simpler policies."""
    evaluation = run.model.evaluation
    dearer = [
        name
        for key, name in REFERENCES.items()
        if key != "at_bayes" and evaluation.rivals[key].difference.high < 0
    ]
    words = (
        (
            f"The model is clearly cheaper than {listed(dearer)}."
            if dearer
            else "The model is not clearly cheaper than any simple policy."
        ),
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
        ("instead", "cost per applicant", "the model, less that", "95 % interval"),
        rows,
        "Under zero the model is cheaper. Both policies decide on the same loans.",
    )
    tables = [table, _outcomes(run)]
    if (realised := run.model.realised) is not None:
        tables.insert(1, _realised(run, realised))
    pictures = ("cost_against_others", "cost_realised")
    return Section("money", "The money", words, pictures, tuple(tables))


def _realised(run: FinishedRun, realised: RealisedCosts) -> Table:
    """Say what the decisions came to in the end."""
    costs, cost = run.portfolio.costs, realised.cost
    rows = [("this model", plain(cost.value), between(cost), NOTHING)]
    for key, rival in realised.rivals.items():
        name, value = REFERENCES[key], plain(rival.cost_per_applicant)
        rows.append((name, value, NOTHING, value_of(rival.difference)))
    caption = (
        f"What it came to: {costs.realised_false_negative} for each defaulter accepted, "
        f"{costs.realised_false_positive} for each good client refused"
    )
    header = ("", "realised cost per applicant", "95 % interval", "the model, less that")
    return Table(header, rows, caption)


def _outcomes(run: FinishedRun) -> Table:
    """Count loans, and their amounts where the portfolio has them, by decision and outcome."""
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
                line.append(whole(float(np.nansum(amount[cell]))))
            line.append(percent(float(cost[cell].sum() / max(cost.sum(), 1e-12))))
            found.append(tuple(line))
    header = ["test loans", "number", "share"]
    if column is not None:
        header.append(run.label(column).lower())
    return Table((*header, "share of the cost"), found, "What became of whom")


def certainty_section(run: FinishedRun) -> Section:
    """Say how sure the figures are."""
    evaluation = run.model.evaluation
    rows = []
    for name, meaning in MEASURES.items():
        interval = evaluation.intervals[name]
        write = percent if name == "acceptance_rate" else plain
        rows.append((meaning, write(interval.value), between(interval, write)))
    words = (
        "Drawn again and again from the test loans, as many defaulters as there are, 95 of 100 "
        "samples give figures within these bounds. They hold for loans like these; they do not "
        "cover a change of the economy.",
    )
    table = Table(("measure", "test", "95 % interval"), rows)
    pictures = ("probability_by_outcome", "discrimination")
    return Section("certainty", "How sure this is", words, pictures, (table,))


def calibration_section(run: FinishedRun) -> Section:
    """Say whether the probability means what it says."""
    evaluation = run.model.evaluation
    whole_test = evaluation.calibration
    fits = "no longer fits" if whole_test.is_off else "is off by less than a quarter"
    words = (
        f"On the test rows {percent(whole_test.mean_probability)} were expected to default and "
        f"{value_of(whole_test.default_rate, percent)} did: the probability {fits} "
        f"(ratio {whole_test.ratio:.2f}). Points on the dotted line mean exactly what they say; "
        "the vertical line is the threshold.",
    )
    rows = [
        ("mean probability by default rate", f"{whole_test.ratio:.2f}"),
        ("expected calibration error", percent(evaluation.ece, 2)),
        ("log loss", plain(evaluation.log_loss)),
    ]
    return Section(
        "calibration",
        "Does the probability mean what it says?",
        words,
        ("calibration",),
        (Table(("measure", "test"), rows),),
    )

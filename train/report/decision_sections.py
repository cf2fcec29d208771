"""What the report says about the decision: threshold, money, certainty, probability."""

import numpy as np

from train.findings import Findings
from train.intervals import Interval
from train.money_pictures import REALISED_REFERENCES, REFERENCES
from train.threshold import lowest_cost
from train.wording import NOTHING, Section, Table, between, listed, percent, plain, value_of, whole

MEASURES = {
    "cost_per_applicant": "cost per applicant",
    "acceptance_rate": "acceptance rate",
    "roc_auc": "AUC: chance that a defaulter ranks above a good client",
    "ks": "KS: largest distance of the two groups",
    "brier": "Brier score: mean squared error of the probability",
}


def decision_section(findings: Findings) -> Section:
    """Say what was decided and why that threshold."""
    model = findings.model
    policy = model.scorer.policy
    words = (
        f"{_theory(findings)} The threshold was chosen on training rows that the model had not "
        "seen (out of fold); the test rows had no part in it. On such rows drawn again and again, "
        f"the cheapest lies between {_on_scale(findings, findings.scale.low)} and "
        f"{_on_scale(findings, findings.scale.high)} (shaded).",
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
    tables = (_thresholds_table(findings), made)
    return Section("decision", "The decision", words, ("cost_by_threshold",), tables)


def _theory(findings: Findings) -> str:
    rule, costs = findings.model.scorer.policy.loan_costs, findings.settings.costs
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


def _on_scale(findings: Findings, value: float) -> str:
    return f"{value:.2f} times that" if findings.is_per_loan else percent(value, 2)


def _thresholds_table(findings: Findings) -> Table:
    model, scale = findings.model, findings.scale
    metrics = model.metrics
    rows = [
        (
            "chosen",
            _on_scale(findings, scale.chosen),
            plain(metrics["oof_cost_per_applicant"]),
            plain(metrics["test_cost_per_applicant"]),
        ),
        (
            "theory",
            _on_scale(findings, scale.theory),
            plain(metrics["oof_cost_at_bayes_threshold"]),
            plain(metrics["test_cost_at_bayes"]),
        ),
        (
            "cheapest in hindsight",
            NOTHING,
            plain(lowest_cost(model.oof_y, scale.oof, model.oof_costs)),
            plain(lowest_cost(findings.data.test.y, scale.test, model.test_costs)),
        ),
    ]
    header = ("", "threshold", "training, out of fold", "test")
    return Table(header, rows, "Cost per applicant")


def money_section(findings: Findings) -> Section:
    """Say what the decisions cost beside those of simpler policies."""
    evaluation = findings.model.evaluation
    dearer = [
        name
        for key, name in REFERENCES.items()
        if key != "at_bayes" and evaluation.against[key].high < 0
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
            plain(evaluation.metrics[f"test_cost_{key}"]),
            plain(evaluation.against[key].value),
            between(evaluation.against[key]),
        )
        for key, name in REFERENCES.items()
    ]
    table = Table(
        ("instead", "cost per applicant", "the model, less that", "95 % interval"),
        rows,
        "Under zero the model is cheaper. Both policies decide on the same loans.",
    )
    tables = [table, _outcomes(findings)]
    if findings.portfolio.costs.realised:
        tables.insert(1, _realised(findings))
    pictures = ("cost_against_others", "cost_realised")
    return Section("money", "The money", words, pictures, tuple(tables))


def _realised(findings: Findings) -> Table:
    """Say what the decisions came to in the end."""
    costs, metrics, stem = findings.portfolio.costs, findings.model.metrics, "test_realised_cost"
    ends = Interval(
        metrics[f"{stem}_per_applicant"], metrics[f"{stem}_ci_low"], metrics[f"{stem}_ci_high"]
    )
    rows = [("this model", plain(ends.value), between(ends), NOTHING)]
    for key in REALISED_REFERENCES:
        value = metrics[f"{stem}_{key}"]
        low, high = (metrics[f"{stem}_minus_{key}_ci_{end}"] for end in ("low", "high"))
        difference = Interval(ends.value - value, low, high)
        rows.append((REFERENCES[key], plain(value), NOTHING, value_of(difference)))
    caption = (
        f"What it came to: {costs.realised_false_negative} for each defaulter accepted, "
        f"{costs.realised_false_positive} for each good client refused"
    )
    header = ("", "realised cost per applicant", "95 % interval", "the model, less that")
    return Table(header, rows, caption)


def _outcomes(findings: Findings) -> Table:
    """Count loans, and their amounts where the portfolio has them, by decision and outcome."""
    rows, y = findings.data.test, findings.data.test.y
    refused = findings.model.evaluation.refused
    cost = findings.model.evaluation.cost_of_each
    column = findings.portfolio.amount
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
        header.append(findings.label(column).lower())
    return Table((*header, "share of the cost"), found, "What became of whom")


def certainty_section(findings: Findings) -> Section:
    """Say how sure the figures are."""
    evaluation = findings.model.evaluation
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


def calibration_section(findings: Findings) -> Section:
    """Say whether the probability means what it says."""
    evaluation = findings.model.evaluation
    whole_test, metrics = evaluation.calibration, evaluation.metrics
    fits = "no longer fits" if whole_test.is_off else "is off by less than a quarter"
    words = (
        f"On the test rows {percent(whole_test.mean_probability)} were expected to default and "
        f"{value_of(whole_test.default_rate, percent)} did: the probability {fits} "
        f"(ratio {whole_test.ratio:.2f}). Points on the dotted line mean exactly what they say; "
        "the vertical line is the threshold.",
    )
    rows = [
        ("mean probability by default rate", f"{whole_test.ratio:.2f}"),
        ("expected calibration error", percent(metrics["test_ece"], 2)),
        ("log loss", plain(metrics["test_log_loss"])),
    ]
    return Section(
        "calibration",
        "Does the probability mean what it says?",
        words,
        ("calibration",),
        (Table(("measure", "test"), rows),),
    )

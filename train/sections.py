"""What the report says about the decision: threshold, money, certainty, probability."""

import numpy as np

from train.findings import Findings
from train.pictures import REFERENCES
from train.threshold import lowest_cost
from train.wording import NOTHING, Section, Table, between, listed, percent, plain, value_of, whole

MEASURES = {
    "cost_per_applicant": "cost per applicant",
    "acceptance_rate": "acceptance rate",
    "roc_auc": "AUC: chance that a defaulter ranks above a good client",
    "ks": "KS: largest distance of the two groups",
    "brier": "Brier score: mean squared error of the probability",
}


def verdict(findings: Findings) -> str:
    """Return the decision in one paragraph."""
    model = findings.model
    y, refused = findings.data.test.y, model.evaluation.refused
    accepted = ~refused
    bad_accepted = float(y[accepted].mean()) if accepted.any() else 0.0
    return (
        f"Applicants whose probability of default is {percent(findings.threshold, 2)} or more are "
        f"refused. Of {whole(len(y))} test loans this accepts {percent(float(accepted.mean()))}, "
        f"of which {percent(bad_accepted)} defaulted; of all of them {percent(float(y.mean()))} "
        "did."
    )


def concerns(findings: Findings) -> list[str]:
    """Return what somebody should look at, a line each."""
    lines = findings.model.evidence.notes(findings.label)
    marked = [check for check in findings.model.leaks if check.grade in ("warning", "accepted")]
    if marked:
        names = listed([findings.label(check.feature) for check in marked])
        lines.append(f"The leak audit marks {names}.")
    return [line[:1].upper() + line[1:] for line in lines]


def tiles(findings: Findings) -> list[tuple[str, str, str]]:
    """Return the figures at the top: name, figure, what stands beside it."""
    evaluation = findings.model.evaluation
    metrics, intervals = evaluation.metrics, evaluation.intervals
    rivals = {"refusing everyone": "refuse_all", "accepting everyone": "accept_all"}
    best = min(rivals, key=lambda name: metrics[f"test_cost_{rivals[name]}"])
    saved = evaluation.against[rivals[best]]
    against = metrics[f"test_cost_{rivals[best]}"]
    calibration = evaluation.calibration
    return [
        ("Cost per applicant", plain(evaluation.cost.value), f"{between(evaluation.cost)}"),
        (
            f"Against {best}",
            f"{saved.value / against:+.1%}".replace("-", "\N{MINUS SIGN}").replace("%", " %"),
            f"{between(saved)} per applicant",
        ),
        (
            "Accepted",
            percent(intervals["acceptance_rate"].value),
            between(intervals["acceptance_rate"], percent),
        ),
        ("AUC", plain(intervals["roc_auc"].value), between(intervals["roc_auc"])),
        (
            "Expected defaults",
            percent(calibration.mean_probability),
            f"{percent(calibration.default_rate.value)} defaulted",
        ),
    ]


def decision_section(findings: Findings) -> Section:
    """Say what was decided and why that threshold."""
    model, costs = findings.model, findings.settings.costs
    policy = model.scorer.policy
    low, high = (model.metrics[f"threshold_ci_{end}"] for end in ("low", "high"))
    lowest_on_test = lowest_cost(findings.data.test.y, model.test_probability, costs)
    words = (
        f"Accepting a defaulter costs {costs.false_negative:g}, refusing a good client "
        f"{costs.false_positive:g}. With probabilities that mean what they say, refusing pays from "
        f"{costs.false_positive:g} / ({costs.false_positive:g} + {costs.false_negative:g}) = "
        f"{percent(costs.bayes_threshold, 2)} on. The threshold was chosen on training rows that "
        "the model had not seen (out of fold); the test rows had no part in it. On such rows drawn "
        f"again and again, the cheapest threshold lies between {percent(low, 2)} and "
        f"{percent(high, 2)} (shaded).",
    )
    table = Table(
        ("", "threshold", "training, out of fold", "test"),
        [
            (
                "chosen",
                percent(findings.threshold, 2),
                plain(model.metrics["oof_cost_per_applicant"]),
                plain(model.evaluation.cost.value),
            ),
            (
                "theory",
                percent(costs.bayes_threshold, 2),
                plain(model.metrics["oof_cost_at_bayes_threshold"]),
                plain(model.metrics["test_cost_at_bayes"]),
            ),
            (
                "cheapest in hindsight",
                NOTHING,
                plain(lowest_cost(model.oof_y, model.oof_probability, costs)),
                plain(lowest_on_test),
            ),
        ],
        "Cost per applicant",
    )
    made = Table(
        ("", ""),
        [
            ("trials of the search", whole(len(model.search.trials))),
            ("treatment of the imbalance", model.params.treatment.replace("_", " ")),
            ("trees", whole(model.params.trees or 0)),
            ("calibration map", policy.calibration.method),
        ],
        "How the model was made",
    )
    return Section("decision", "The decision", words, ("cost_by_threshold",), (table, made))


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
    return Section(
        "money", "The money", words, ("cost_against_others",), (table, _outcomes(findings))
    )


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

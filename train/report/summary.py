"""The top of the report: the decision in a paragraph, the figures, what to look at."""

from train.findings import Findings
from train.wording import PER_CENT, between, listed, percent, plain, whole


def verdict(findings: Findings) -> str:
    """Return the decision in one paragraph."""
    model = findings.model
    y, refused = findings.data.test.y, model.evaluation.refused
    accepted = ~refused
    bad_accepted = float(y[accepted].mean()) if accepted.any() else 0.0
    if findings.is_per_loan:
        rule = (
            "Each loan has a threshold of its own, from what its default and its refusal cost; "
            f"half of them lie under {percent(findings.threshold, 2)}."
        )
    else:
        rule = (
            "Applicants whose probability of default is "
            f"{percent(findings.threshold, 2)} or more are refused."
        )
    return (
        f"{rule} Of {whole(len(y))} test loans this accepts {percent(float(accepted.mean()))}, "
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
    realised = findings.model.metrics.get("test_realised_cost_per_applicant")
    in_money = []
    if realised is not None:
        best_realised = min(
            findings.model.metrics[f"test_realised_cost_{key}"] for key in rivals.values()
        )
        share = _change(realised / best_realised - 1.0)
        in_money.append(("Realised, in money", plain(realised), f"{share} against one answer"))
    return [
        ("Cost per applicant", plain(evaluation.cost.value), f"{between(evaluation.cost)}"),
        (
            f"Against {best}",
            _change(saved.value / against),
            f"{between(saved)} per applicant",
        ),
        *in_money,
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


def _change(share: float) -> str:
    """Return a change as a percentage with its sign."""
    return f"{share:+.1%}".replace("-", "\N{MINUS SIGN}").replace("%", PER_CENT)

"""The top of the report: the decision in a paragraph, the figures, what to look at."""

from train.report.finished_run import FinishedRun
from train.report.formatting import PER_CENT, between, listed, percent, plain, whole


def verdict(run: FinishedRun) -> str:
    """Return the decision in one paragraph."""
    model = run.model
    y, refused = run.data.test.y, model.evaluation.refused
    accepted = ~refused
    bad_accepted = float(y[accepted].mean()) if accepted.any() else 0.0
    if run.is_per_loan:
        rule = (
            "Each loan has a threshold of its own, from what its default and its refusal cost; "
            f"half of them lie under {percent(run.threshold, 2)}."
        )
    else:
        rule = (
            "Applicants whose probability of default is "
            f"{percent(run.threshold, 2)} or more are refused."
        )
    return (
        f"{rule} Of {whole(len(y))} test loans this accepts {percent(float(accepted.mean()))}, "
        f"of which {percent(bad_accepted)} defaulted; of all of them {percent(float(y.mean()))} "
        "did."
    )


def concerns(run: FinishedRun) -> list[str]:
    """Return what somebody should look at, a line each."""
    lines = run.model.evidence.notes(run.label)
    marked = [check for check in run.model.leaks if check.grade in ("warning", "accepted")]
    if marked:
        names = listed([run.label(check.feature) for check in marked])
        lines.append(f"The leak audit marks {names}.")
    return [line[:1].upper() + line[1:] for line in lines]


def tiles(run: FinishedRun) -> list[tuple[str, str, str]]:
    """Return the figures at the top: name, figure, what stands beside it."""
    evaluation = run.model.evaluation
    intervals = evaluation.intervals
    simple = {"refusing everyone": "refuse_all", "accepting everyone": "accept_all"}
    rivals = {name: evaluation.rivals[key] for name, key in simple.items()}
    best = min(rivals, key=lambda name: rivals[name].cost_per_applicant)
    saved, against = rivals[best].difference, rivals[best].cost_per_applicant
    calibration = evaluation.calibration
    in_money = []
    if (realised := run.model.realised) is not None:
        one_answer = min(rival.cost_per_applicant for rival in realised.rivals.values())
        share = _change(realised.cost.value / one_answer - 1.0)
        shown = plain(realised.cost.value)
        in_money.append(("Realised, in money", shown, f"{share} against one answer"))
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

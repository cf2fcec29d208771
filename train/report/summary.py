"""Write the top of the report: the decision, the main figures, warnings and limits."""

from train.evaluation import HIGH_AUC, ColumnFairness, below_four_fifths, quarters_off
from train.report.finished_run import FinishedRun
from train.report.formatting import (
    INTERVAL,
    PER_CENT,
    Section,
    between,
    counted,
    listed,
    percent,
    plain,
    whole,
)
from train.statistics import MAX_OFF, CalibrationInTheLarge, Interval

SHOWN_SEGMENTS = SHOWN_PROXIES = 3
FLAT_RULES = {"refusing everyone": "refuse_all", "accepting everyone": "accept_all"}
# every loan has an outcome, so every loan was granted
GRANTED_ONCE = (
    "All these loans were granted once. How the applicants who were refused at that time would "
    "have repaid is unknown. The model is tested only on applicants who were once accepted; for "
    "others it may be worse."
)


def verdict(run: FinishedRun) -> str:
    """Return the decision in one paragraph."""
    y, refused = run.data.test.y, run.model.evaluation.refused
    accepted = ~refused
    if run.is_per_loan:
        rule = (
            "Each loan has a threshold of its own, the probability from which its applicant is "
            "refused. It follows from what a default and a refusal of this loan cost. For half "
            f"of the loans it lies below {percent(run.threshold, 2)}."
        )
    else:
        rule = (
            f"Applicants are refused if this probability is {percent(run.threshold, 2)} or more. "
            "This limit is the threshold."
        )
    all_accepted = f"had all been accepted, {percent(float(y.mean()))}"
    outcome = (
        f"Of those accepted {percent(float(y[accepted].mean()))} defaulted; {all_accepted}."
        if accepted.any()
        else f"Nobody is accepted; {all_accepted} would have defaulted."
    )
    return (
        "From the facts about an applicant (the features) the model estimates the probability of "
        "default: how likely it is that the loan will not be repaid. A good client is one who "
        f"repays. {rule} The model was tested on {whole(len(y))} loans that were kept aside for "
        f"this (the test loans). It accepts {percent(float(accepted.mean()))} of them. {outcome}"
    )


def tiles(run: FinishedRun) -> list[tuple[str, str, str]]:
    """Return the figures at the top: name, figure, and its unit and interval."""
    evaluation = run.model.evaluation
    intervals = evaluation.intervals
    calibration = evaluation.calibration
    in_the_end = []
    if (realised := run.model.realised) is not None:
        cost = realised.cost
        beside = f"{run.in_currency}; {INTERVAL} {between(cost)}"
        in_the_end.append(("Realised cost per applicant", plain(cost.value), beside))
    accepted, auc = intervals["acceptance_rate"], intervals["roc_auc"]
    return [
        (
            "Cost per applicant",
            plain(evaluation.cost.value),
            f"{run.unit}; {INTERVAL} {between(evaluation.cost)}",
        ),
        _comparison(run),
        *in_the_end,
        (
            "Accepted",
            percent(accepted.value),
            f"of the test loans; {INTERVAL} {between(accepted, percent)}",
        ),
        (
            "Ranking (AUC)",
            plain(auc.value),
            f"0.5 is chance, 1 is perfect; {INTERVAL} {between(auc)}",
        ),
        (
            "Expected defaults",
            percent(calibration.mean_probability),
            f"of the test loans; observed: {percent(calibration.default_rate.value)}",
        ),
    ]


def _comparison(run: FinishedRun) -> tuple[str, str, str]:
    """Return the tile that compares the model with the cheaper flat rule."""
    rivals = {name: run.model.evaluation.rivals[key] for name, key in FLAT_RULES.items()}
    best = min(rivals, key=lambda name: rivals[name].cost_per_applicant)
    saved, against = rivals[best].difference, rivals[best].cost_per_applicant
    change = Interval(saved.value / against, saved.low / against, saved.high / against)
    beside = f"{INTERVAL} {between(change, _change)}"
    return (f"Cost compared with {best}", _change(change.value), beside)


def _change(share: float) -> str:
    """Return a change as a percentage with its sign."""
    rounded = round(share * 100, 1)
    if rounded == 0:
        return percent(0.0)
    return f"{rounded:+.1f}{PER_CENT}".replace("-", "\N{MINUS SIGN}")


def concerns(run: FinishedRun) -> list[str]:
    """Return what the committee should look at, one line each."""
    return [
        *_use_concerns(run),
        *_calibration_concerns(run),
        *_segment_concerns(run),
        *_fairness_concerns(run),
        *_leak_concerns(run),
    ]


def doubts(run: FinishedRun) -> list[str]:
    """Say which figures are so good that the model may know the outcome."""
    lines = []
    auc, strongest = run.model.evaluation.intervals["roc_auc"].value, run.model.evidence.dominance
    if auc > HIGH_AUC:
        lines.append(
            f"The ranking is unusually good for credit: the AUC of {plain(auc)} is over "
            f"{HIGH_AUC:.2f}. A feature may be known only after the decision."
        )
    if strongest.is_notable:
        lines.append(
            f"One feature, {run.label(strongest.feature)}, has {percent(strongest.share, 0)} of "
            "the importance (its share of what all features add to the fit). Check that it is "
            "known when the loan is decided."
        )
    return lines


def _use_concerns(run: FinishedRun) -> list[str]:
    """Name the flat rules that may be as cheap as the model."""
    rivals = run.model.evaluation.rivals
    unsure = [name for name, key in FLAT_RULES.items() if rivals[key].difference.high >= 0]
    if not unsure:
        return []
    return [f"The model may be of no use: it is not clearly cheaper than {listed(unsure)}."]


def _calibration_concerns(run: FinishedRun) -> list[str]:
    lines = []
    whole_test, quarters = run.model.evaluation.calibration, run.model.evidence.quarters
    if whole_test.is_off:
        lines.append(f"The probability does not fit the test loans: {_compare(whole_test)}.")
    if off := quarters_off(whole_test, quarters):
        lines.append(
            f"In {len(off)} of {counted(len(quarters), 'quarter')} the expected defaults are off "
            f"by more than {percent(MAX_OFF, 0)} of the observed ones. The worst is "
            f"{off[0].name}: {_compare(off[0].calibration)}."
        )
    return lines


def _compare(calibration: CalibrationInTheLarge) -> str:
    rate = calibration.default_rate
    return (
        f"{percent(calibration.mean_probability)} were expected to default, "
        f"{percent(rate.value)} did ({INTERVAL} {between(rate, percent)})"
    )


def _segment_concerns(run: FinishedRun) -> list[str]:
    worse = [s for s in run.model.evidence.segments if s.is_worse_than_one_answer]
    if not worse:
        return []
    names = "; ".join(run.segment_name(segment) for segment in worse[:SHOWN_SEGMENTS])
    more = len(worse) - SHOWN_SEGMENTS
    rest = f"; and {more} more" if more > 0 else ""
    groups = "this group" if len(worse) == 1 else "these groups"
    return [
        f"In {groups} the model does worse than a flat rule, which accepts or refuses everybody: "
        f"{names}{rest}."
    ]


def _fairness_concerns(run: FinishedRun) -> list[str]:
    lines = []
    single, pairs = below_four_fifths(run.model.evidence.fairness)
    lines += [f"{_least(run, column)}. This is below four fifths." for column in single]
    if pairs:
        lines.append(
            f"{counted(len(pairs), 'pair')} of protected columns, which the model does not use: "
            "a group is accepted less than four fifths as often as the best-treated group. "
            f"Worst: {_least(run, pairs[0])}."
        )
    for found in run.model.evidence.proxies:
        if found.notable:
            names = listed([run.label(name) for name, _ in found.notable[:SHOWN_PROXIES]])
            lines.append(f"{run.label(found.column)} can partly be guessed from {names}.")
    return lines


def _least(run: FinishedRun, column: ColumnFairness) -> str:
    """Say how often the least accepted group is accepted, compared with the best-treated one."""
    name, group = run.fairness_name(column), column.lowest
    if group is None or group.acceptance_ratio is None:
        return name
    ratio = group.acceptance_ratio
    return (
        f"{name}: {group.name.replace('_', ' ')} is accepted {ratio.value:.2f} times as often as "
        f"{str(column.best).replace('_', ' ')}, the best-treated group ({INTERVAL} "
        f"{ratio.low:.2f} to {ratio.high:.2f})"
    )


def _leak_concerns(run: FinishedRun) -> list[str]:
    marked = [check for check in run.model.leaks if check.grade in ("warning", "accepted")]
    if not marked:
        return []
    names = listed([run.label(check.feature) for check in marked])
    return [f"The leak audit found something unusual in {names} (see Leak audit)."]


def limits_section() -> Section:
    """Say what the figures cannot show, and that the page does not know if the model is in use."""
    words = (
        f"{GRANTED_ONCE} On this page, accepting everyone means everyone who was once granted a "
        "loan. If applicants come who would have been refused then, they may default more often, "
        "the probabilities may be too low for them, and the cost per applicant may be higher than "
        "shown.",
        "This page was written when the model was trained. It does not say whether the model is "
        "in use, because that can change. The model registry shows it. There, the model in use is "
        "called the champion, and a newer version that may replace it is called the challenger.",
    )
    return Section("limits", "What these figures cannot show", words)

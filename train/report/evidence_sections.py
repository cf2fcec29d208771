"""What the report says about time, weak spots, features, leaks and data."""

from train.evaluation import SHOWN
from train.report.finished_run import FinishedRun
from train.report.formatting import (
    NOTHING,
    Section,
    Table,
    between,
    listed,
    percent,
    plain,
    stacked,
    whole,
)
from train.statistics import DigitGap


def stability_section(run: FinishedRun) -> Section | None:
    """Say how the model held quarter by quarter; None without a decision date."""
    quarters = run.model.evidence.quarters
    if not quarters:
        return None
    off = [quarter.name for quarter in quarters if quarter.calibration.is_off]
    words = (
        f"The probability was off by more than a quarter in {listed(off)}: the model expects the "
        "defaults of other times."
        if off
        else "In no quarter was the probability off by more than a quarter of the default rate.",
    )
    rows = [
        (
            quarter.name,
            whole(quarter.rows),
            stacked(quarter.calibration.default_rate, percent),
            percent(quarter.calibration.mean_probability),
            stacked(quarter.roc_auc),
            stacked(quarter.cost),
            stacked(quarter.acceptance_rate, percent),
        )
        for quarter in quarters
    ]
    header = ("quarter", "loans", "defaulted", "expected", "AUC", "cost per applicant", "accepted")
    return Section("stability", "Stability over time", words, ("quarters",), (Table(header, rows),))


def segments_section(run: FinishedRun) -> Section:
    """Say where the model is weak."""
    segments = run.model.evidence.segments
    if not segments:
        words = "No group of applicants costs clearly more than the whole."
        return Section("segments", "Where it is weak", (words,))
    worse = sum(segment.is_worse_than_one_answer for segment in segments)
    words = (
        f"{len(segments)} groups cost clearly more per applicant than the whole; the dearest are "
        f"shown. In {worse or 'none'} of them (red) one answer for everybody would have cost less "
        "than the model. Many groups were compared: the dearest look a little dearer than they "
        "are."
    )
    rows = [
        (
            run.segment_name(segment),
            whole(segment.rows),
            percent(segment.calibration.default_rate.value),
            percent(segment.calibration.mean_probability),
            percent(segment.acceptance_rate),
            stacked(segment.cost),
            plain(min(segment.cost_accept_all, segment.cost_refuse_all)),
        )
        for segment in segments[:SHOWN]
    ]
    header = ("group", "loans", "defaulted", "expected", "accepted", "cost", "one answer for all")
    return Section("segments", "Where it is weak", (words,), ("segments",), (Table(header, rows),))


def features_section(run: FinishedRun) -> Section:
    """Say which features matter in money."""
    importance = run.model.evidence.importance
    words = (
        "Each feature was shuffled among the test loans, all else left alone: the rise in cost "
        "per applicant is what the model would lose without it. Features that say the same thing "
        "share their worth. Grey ones make no clear difference."
    )
    rows = [
        (run.label(item.feature), plain(item.rise.value), between(item.rise)) for item in importance
    ]
    table = Table(("feature", "rise in cost", "95 % interval"), rows, "All features", folded=True)
    return Section(
        "features", "Which features matter", (words,), ("importance_in_money",), (table,)
    )


def leaks_section(run: FinishedRun) -> Section:
    """Say what the leak audit found."""
    checks = run.model.leaks
    found = [check for check in checks if check.grade != "clear"]
    accepted = [check.feature for check in checks if check.grade == "accepted"]
    words = (
        "Before training, every feature was checked on the training rows for knowing what only "
        "the outcome could have told it. A sure sign stops the run; what is listed first here is "
        "worth a look and often honest."
        + (f" Accepted by the portfolio in spite of it: {listed(accepted)}." if accepted else "")
    )
    tables = []
    if found:
        said = [(run.label(c.feature), "; ".join(c.findings)) for c in found]
        tables.append(Table(("feature", "finding"), said, "Worth a look", texts=2))
    rows = [
        (
            run.label(check.feature),
            plain(check.evidence.auc),
            NOTHING if check.evidence.shift is None else f"{check.evidence.shift:.2f}",
            f"{percent(check.evidence.missing_repaid)} / "
            f"{percent(check.evidence.missing_defaulted)}",
            _match(check.evidence.match_column, check.evidence.match_share),
            _digits(check.evidence.digits),
        )
        for check in checks
    ]
    header = (
        "feature",
        "AUC alone",
        "change over time",
        "missing: repaid / defaulted",
        "equal to a column left out",
        "digits: repaid / defaulted",
    )
    tables.append(Table(header, rows, "All features", folded=True))
    return Section("leaks", "Leak audit", (words,), (), tuple(tables))


def _digits(gap: DigitGap | None) -> str:
    if gap is None:
        return NOTHING
    return f"{gap.what}\n{percent(gap.repaid, 0)} / {percent(gap.defaulted, 0)}"


def _match(column: str | None, share: float) -> str:
    return NOTHING if column is None or share < 0.005 else f"{column} {percent(share, 0)}"


def data_section(run: FinishedRun) -> Section:
    """Say what the model has learned from."""
    data, portfolio = run.data, run.portfolio
    rows = [("source", portfolio.description)]
    for name, side in (("training", data.train), ("test", data.test)):
        text = f"{whole(len(side.y))} loans, {percent(float(side.y.mean()))} defaulted"
        if portfolio.decision_date is not None:
            days = side.frame[portfolio.decision_date]
            text += f", decided {days.min():%Y-%m-%d} to {days.max():%Y-%m-%d}"
        rows.append((name, text))
    rows.append(("SHA-256 of the table", data.digest))
    tables = [Table(("", ""), rows, texts=2)]
    features = [
        (
            run.label(feature.name),
            feature.name,
            "number" if feature.kind == "number" else f"{len(feature.levels)} levels",
            percent(float(data.train.frame[feature.name].isna().mean())),
        )
        for feature in data.contract.features
    ]
    header = ("feature", "column", "kind", "missing in training")
    tables.append(Table(header, features, "Features", texts=3))
    if portfolio.exclude:
        tables.append(
            Table(("left out", "why"), list(portfolio.exclude.items()), "Not features", texts=2)
        )
    if portfolio.protected:
        protected = listed([run.label(name) for name in portfolio.protected])
        words: tuple[str, ...] = (f"Kept for the fairness audit only: {protected}.",)
    else:
        words = ()
    return Section("data", "The data", words, (), tuple(tables))

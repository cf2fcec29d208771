"""What the report says about protected groups and the features that stand in for them."""

from train.evaluation import LOWEST_RATIO, MIN_ROWS, NOTABLE_AUC, ColumnFairness
from train.report.finished_run import FinishedRun
from train.report.formatting import Section, Table, listed, stacked, whole

SHOWN_PROXIES = 5


def fairness_section(run: FinishedRun) -> Section | None:
    """Say how protected groups fare; None without protected columns."""
    audit = run.model.evidence.fairness
    if not audit:
        return None
    single = [column for column in audit if len(column.columns) == 1]
    pairs = [column for column in audit if len(column.columns) == 2]
    under = [
        run.fairness_name(column)
        for column in single
        if column.lowest_ratio is not None and column.lowest_ratio < LOWEST_RATIO
    ]
    first = (
        f"By {listed(under)}, some group is accepted less than four fifths as often as the best "
        "group (red)."
        if under
        else "Every group that can be judged is accepted at least four fifths as often as the "
        "best one."
    )
    words = (
        f"{first} The model does not see these columns. The four-fifths rule is about acceptance. "
        f"Groups of fewer than {MIN_ROWS} applicants are too small to judge. Shares are in "
        "per cent, each with its 95 % interval.",
    )
    tables = [_groups_table(run, column, folded=False) for column in single]
    if proxies := _proxies_table(run):
        tables.append(proxies)
    tables += [_groups_table(run, column, folded=True) for column in pairs]
    return Section("fairness", "Fairness", words, ("fairness",), tuple(tables))


def _groups_table(run: FinishedRun, column: ColumnFairness, *, folded: bool) -> Table:
    rows = []
    for group in column.groups:
        if group.acceptance_ratio is None:
            ratio = "too few"
        else:
            is_best = group.name == column.best
            ratio = "best" if is_best else stacked(group.acceptance_ratio, _two)
        rows.append(
            (
                group.name.replace("_", " "),
                whole(group.rows),
                stacked(group.acceptance_rate, _short),
                ratio,
                stacked(group.false_positive_rate, _short),
                stacked(group.false_negative_rate, _short),
                _short(group.calibration.mean_probability),
                stacked(group.calibration.default_rate, _short),
            )
        )
    header = (
        "group",
        "applicants",
        "accepted",
        "by the best",
        "good clients refused",
        "defaulters accepted",
        "expected",
        "defaulted",
    )
    return Table(header, rows, run.fairness_name(column), folded=folded)


def _two(number: float) -> str:
    return f"{number:.2f}"


def _short(share: float) -> str:
    """Return a percentage without its sign: the tables of groups are wide."""
    return f"{share * 100:.1f}"


def _proxies_table(run: FinishedRun) -> Table | None:
    rows = []
    for proxies in run.model.evidence.proxies:
        strongest = [
            f"{run.label(name)} ({auc:.2f})"
            for name, auc in proxies.by_feature[:SHOWN_PROXIES]
            if auc >= NOTABLE_AUC
        ]
        rows.append(
            (
                run.label(proxies.column),
                ", ".join(strongest) or "no single feature",
                f"{proxies.together:.2f}",
            )
        )
    if not rows:
        return None
    caption = (
        "Features that stand in for a protected column (AUC of predicting it: 0.5 is chance, 1 "
        "gives it away)"
    )
    return Table(("column", "told most by", "all features together"), rows, caption, texts=2)

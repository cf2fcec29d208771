"""Write the section on protected groups, and on features that give a group away."""

from train.evaluation import MIN_ROWS, NOTABLE_AUC, ColumnFairness, below_four_fifths
from train.report.finished_run import FinishedRun
from train.report.formatting import INTERVAL, Section, Table, listed, stacked, whole

SHOWN_PROXIES = 5


def fairness_section(run: FinishedRun) -> Section | None:
    """Compare the decisions by protected group; None without protected columns."""
    audit = run.model.evidence.fairness
    if not audit:
        return None
    single = [column for column in audit if len(column.columns) == 1]
    pairs = [column for column in audit if len(column.columns) == 2]
    under = [run.fairness_name(column) for column in below_four_fifths(audit)[0]]
    first = (
        f"For {listed(under)}, a group is accepted less than four fifths as often as the "
        "best-treated group (red)."
        if under
        else "Every group that is large enough to judge is accepted at least four fifths as often "
        "as the best-treated group."
    )
    words = (
        "Protected columns say which group an applicant belongs to. The model does not use them. "
        "The best-treated group is the one that is accepted most often. "
        f"{first} Groups of fewer than {MIN_ROWS} applicants are too small to judge. The second "
        f"line of a cell is the {INTERVAL}."
        + (" The appendix has the tables of two protected columns together." if pairs else ""),
    )
    tables = [_groups_table(run, column, folded=False) for column in single]
    if proxies := _proxies_table(run):
        tables.append(proxies)
    crossed = tuple(_groups_table(run, column, folded=True) for column in pairs)
    return Section("fairness", "Fairness", words, ("fairness",), tuple(tables), crossed)


def _groups_table(run: FinishedRun, column: ColumnFairness, *, folded: bool) -> Table:
    rows = []
    for group in column.groups:
        if group.acceptance_ratio is None:
            ratio = "too few"
        else:
            is_best = group.name == column.best
            ratio = "best-treated" if is_best else stacked(group.acceptance_ratio, _two)
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
        "accepted, %",
        "acceptance compared with the best-treated group",
        "good clients refused, %",
        "defaulters accepted, %",
        "expected defaults, %",
        "observed defaults, %",
    )
    return Table(header, rows, run.fairness_name(column), folded=folded)


def _two(number: float) -> str:
    return f"{number:.2f}"


def _short(share: float) -> str:
    """Return a percentage without its sign; the heading of the column has the sign."""
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
        "How well the features predict a protected column that the model does not use (0.5 is "
        "chance, 1 is certain)"
    )
    header = ("protected column", "best single features", "all features together")
    return Table(header, rows, caption, texts=2)

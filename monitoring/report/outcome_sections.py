"""Write the sections that rest on outcomes: defaults, cost, vintages, calibration, ranking."""

import math
from functools import partial

from monitoring.findings import OutcomeMonth
from monitoring.report.monitored import MonitoredModel, chance, month_mark
from train.report import (
    INTERVAL,
    NOTHING,
    Section,
    Table,
    counted,
    percent,
    plain,
    stacked,
    whole,
)


def outcomes_section(model: MonitoredModel) -> Section:
    """Compare defaults and realised cost with what was expected of the same decisions."""
    found = model.findings.outcomes
    if not found:
        said = "No outcome can be compared yet. The list What to look at says why, if it is known."
        return Section("outcomes", "Outcomes beside what was expected", (said,))
    known = found[-1]
    words = (
        f"{counted(known.decisions, 'accepted applicant')} have an outcome that can be compared. "
        f"{whole(known.mature)} of them were decided long enough ago (they are mature); "
        f"{counted(known.defaults, 'default')} are known.",
        "The expected share takes the age of each decision into account: the model gives the "
        "probability of a default over the whole life of the loan, and its training loans showed "
        "which share of the defaults is known at which age. So a young month is compared with "
        "what should be known of it by now. A version that has not learned these shares is "
        "compared by mature decisions alone.",
        "An alarm on outcomes is about all months of the version in use. Past outcomes do not "
        "change, so it rings in every monitoring until another version is in use.",
        "The column on refused applicants is an estimate. Nobody saw how they would have repaid.",
    )
    header = (
        "month of decision",
        "accepted with outcome",
        "of them mature",
        "defaults",
        "expected defaults",
        "observed defaults",
        "expected cost",
        "realised cost",
        "estimated cost per refused applicant",
        "alarm",
    )
    caption = f"By month of decision (cost: per accepted applicant, {model.unit})"
    rows = [_outcome_row(month) for month in found]
    table = Table(header, rows, caption, folded=len(rows) > 14)
    pictures = ("default_rates", "costs_realised")
    return Section(
        "outcomes", "Outcomes beside what was expected", words, pictures, (table,), _tests(found)
    )


def _outcome_row(found: OutcomeMonth) -> tuple[str, ...]:
    return (
        "all months" if found.month is None else month_mark(found.month),
        whole(found.decisions),
        whole(found.mature),
        whole(found.defaults),
        stacked(found.expected_rate, _percent),
        stacked(found.default_rate, _percent),
        stacked(found.expected_cost),
        stacked(found.realised_cost),
        plain(found.estimated_refused_cost),
        ", ".join(found.rings),
    )


def _percent(share: float) -> str:
    return percent(share, 2)


def _tests(months: tuple[OutcomeMonth, ...]) -> tuple[Table, ...]:
    rows = [
        (
            "all months" if found.month is None else month_mark(found.month),
            chance(found.p_value),
            chance(found.cost_p_value),
            NOTHING if found.amount_lost is None else whole(found.amount_lost),
        )
        for found in months
    ]
    header = (
        "month of decision",
        "p-value: defaults not more than expected (Jeffreys)",
        "p-value: cost not more than expected",
        "amount lost",
    )
    return (Table(header, rows, "Tests on outcomes", folded=True),)


def vintages_section(model: MonitoredModel) -> Section | None:
    """Show how defaults of each month add up with age; None without outcomes."""
    vintages = model.findings.vintages
    if not vintages:
        return None
    words = (
        "A vintage is all accepted decisions of one month. The lines show which share of them had "
        "defaulted at which age. A line ends at the age of the youngest decision of its month.",
    )
    rows = [
        (
            month_mark(vintage.month),
            whole(vintage.decisions),
            whole(age),
            stacked(rate, partial(percent, digits=2)),
            percent(vintage.expected_rates[place], 2) if vintage.expected_rates else NOTHING,
        )
        for vintage in vintages
        for place, (age, rate) in enumerate(
            zip(vintage.ages_days, vintage.default_rates, strict=True)
        )
        # the table of a page need not hold every age; tables/vintages.csv does
        if age % 360 == 0
    ]
    header = ("month of decision", "accepted", "age in days", "observed", "expected")
    table = Table(header, rows, "Defaults by age: every 360 days", folded=True)
    return Section(
        "vintages", "Vintages: defaults by age", words, ("vintages",), (table,) if rows else ()
    )


def calibration_bands_section(model: MonitoredModel) -> Section | None:
    """Say whether the probability means what it says, and whether it still ranks."""
    bands, ranked = model.findings.bands, model.all_ranked
    if not bands and ranked is None:
        return None
    words, tables = [], []
    if bands:
        words.append(
            "Mature accepted decisions are ordered by their probability and cut into tenths. In "
            "each tenth, the observed share of defaults should be close to the expected one."
        )
        rows = [
            (
                whole(band.number),
                whole(band.decisions),
                whole(band.defaults),
                stacked(band.expected_rate, _percent),
                stacked(band.default_rate, _percent),
                chance(band.p_value),
            )
            for band in bands
        ]
        header = ("tenth", "decisions", "defaults", "expected", "observed", "by chance (p-value)")
        tables.append(Table(header, rows, "Tenths of the mature accepted decisions"))
    if ranked is not None:
        words.append(
            "The ranking (AUC) is the chance that an applicant who defaulted had a higher "
            f"probability than one who repaid. It is {plain(ranked.auc.value)} ({INTERVAL} "
            f"{plain(ranked.auc.low)} to {plain(ranked.auc.high)}). If the probabilities are "
            f"right, it should be {plain(ranked.expected_auc)}. Among accepted applicants alone "
            "it is lower than among all, because the riskiest were refused. The appendix has the "
            "ranking by month, over the decisions of all versions."
        )
    return Section(
        "calibration",
        "Probability and ranking",
        tuple(words),
        ("calibration_bands",),
        tuple(tables),
        _rankings(model),
    )


def _rankings(model: MonitoredModel) -> tuple[Table, ...]:
    rows = [
        (
            "all months" if found.month is None else month_mark(found.month),
            whole(found.defaults),
            whole(found.repaid),
            NOTHING if math.isnan(found.auc.value) else stacked(found.auc),
            plain(found.expected_auc),
        )
        for found in model.findings.rankings
    ]
    if not rows:
        return ()
    header = ("month of decision", "defaults", "repaid", "AUC", "expected AUC")
    return (
        Table(
            header,
            rows,
            "Ranking of mature accepted decisions, by month over all versions",
            folded=True,
        ),
    )

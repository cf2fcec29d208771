"""The features of Home Credit's seven tables, computed in pandas.

The code does what widely used notebooks do: it filters, groups, aggregates and joins table by
table, with one `groupby().agg` for each set of rows (all rows, those with a status, those in a
window of time, the last k). It reads from the shipped SQL what to aggregate on which rows, so that
both sides compute the same features. The features of the application itself and of bureau_balance
are written by hand in `benchmarks.pandas_tables`.
"""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.pandas_tables import KEY, add_ratios, credit_balances, read_known

SQL = Path(__file__).parents[1] / "portfolios" / "home_credit" / "features"
HISTORIES = (
    *("previous_application", "POS_CASH_balance", "installments_payments"),
    "credit_card_balance",
)
# scoring does not read the outcome and the protected columns
LEFT_OUT = ["TARGET", "CODE_GENDER", "DAYS_BIRTH", "NAME_FAMILY_STATUS"]
AGGREGATES = {"min": "min", "max": "max", "avg": "mean", "var_samp": "var"}
_FEATURE = re.compile(
    r"^    (?:sum\((?P<upper>\w+)\) / nullif\(sum\((?P<lower>\w+)\), 0\)"
    r"|regr_slope\((?P<rise>\w+), (?P<run>\w+)\)"
    r"|(?P<how>min|max|avg|sum|var_samp)\((?P<column>\w+)\)"
    r"|avg\((?P<late>\w+) - (?P<due>\w+)\)"
    r"|avg\(CASE WHEN (?P<flag>.+?) THEN 1 ELSE 0 END\)"
    r"|(?P<rows>count)\(\*\)|count\(DISTINCT (?P<distinct>\w+)\))"
    r"(?: FILTER \(WHERE (?P<filter>[^()]+)\))? AS (?P<name>\w+),? -- ",
    re.MULTILINE,
)
Wanted = dict[str, list[re.Match[str]]]


def pandas_features(folder: Path) -> pd.DataFrame:
    """Return the applications of a folder of CSV files with all features, by key."""
    application = pd.read_csv(folder / "application_train.csv").set_index(KEY)
    features = add_ratios(application.drop(columns=LEFT_OUT))
    bureau = read_known(folder, "bureau")
    features = features.join(aggregate(bureau, "bureau"))
    features = features.join(credit_balances(read_known(folder, "bureau_balance"), bureau))
    del bureau
    for table in HISTORIES:
        features = features.join(aggregate(read_known(folder, table), table))
    return features


def aggregate(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the features of a table's SQL file, by key."""
    wanted = _read_sql(table)
    together = pd.concat(
        [
            part
            for where, features in wanted.items()
            for part in _aggregate_rows(rows.query(where) if where else rows, features)
        ],
        axis=1,
    )
    # an applicant without rows in a window gets a count of 0, unless it has no rows at all
    counts = [f["name"] for features in wanted.values() for f in features if f["rows"]]
    return together.fillna(dict.fromkeys(counts, 0.0))


def _read_sql(table: str) -> Wanted:
    """Return the features of a table's SQL file, grouped by the condition on their rows."""
    wanted: Wanted = defaultdict(list)
    for statement in (SQL / f"{table}.sql").read_text(encoding="utf-8").split(";\n"):
        of_all = re.search(r"^FROM \w+\nWHERE (.+)$", statement, re.MULTILINE)
        for found in _FEATURE.finditer(statement):
            conditions = [of_all[1]] if of_all else []
            conditions += [found["filter"]] if found["filter"] else []
            wanted[_condition(" AND ".join(conditions))].append(found)
    return wanted


def _aggregate_rows(rows: pd.DataFrame, features: list[re.Match[str]]) -> list[pd.DataFrame]:
    flags: dict[str, Any] = {
        f["name"]: rows.eval(_condition(f["flag"])) for f in features if f["flag"]
    }
    late = {f["name"]: rows[f["late"]] - rows[f["due"]] for f in features if f["late"]}
    grouped = rows.assign(**flags, **late).groupby(KEY)
    sums = {f["name"]: f["column"] for f in features if f["how"] == "sum"}
    ratios = {f["name"]: (f["upper"], f["lower"]) for f in features if f["upper"]}
    how = {
        f["name"]: _named(f)
        for f in features
        if not (f["name"] in sums or f["name"] in ratios or f["rise"])
    }
    added = sorted({*sums.values(), *(column for pair in ratios.values() for column in pair)})
    # the sum of no rows is a missing value, as in SQL
    summed = grouped[added].sum(min_count=1)
    parts = [grouped.agg(**how)] if how else []
    parts.append(summed[list(sums.values())].set_axis(list(sums), axis=1))
    parts += [
        (summed[upper] / summed[lower].where(summed[lower] != 0)).to_frame(name)
        for name, (upper, lower) in ratios.items()
    ]
    parts += [_slope(rows, f["rise"], f["run"]).to_frame(f["name"]) for f in features if f["rise"]]
    return parts


def _named(found: re.Match[str]) -> pd.NamedAgg:
    if found["rows"]:
        return pd.NamedAgg(KEY, "size")
    if found["distinct"]:
        return pd.NamedAgg(found["distinct"], "nunique")
    if found["flag"] or found["late"]:
        return pd.NamedAgg(found["name"], "mean")
    return pd.NamedAgg(found["column"], AGGREGATES[found["how"]])


def _slope(rows: pd.DataFrame, rise: str, run: str) -> "pd.Series[float]":
    """Return the slope of the least squares line through each applicant's rows."""
    pairs = rows[[KEY, rise, run]].dropna()
    centred = pairs[[rise, run]] - pairs.groupby(KEY)[[rise, run]].transform("mean")
    products = pd.DataFrame({"up": centred[rise] * centred[run], "square": centred[run] ** 2})
    total = products.groupby(pairs[KEY]).sum()
    return total["up"] / total["square"].where(total["square"] != 0)


def _condition(sql: str) -> str:
    text = re.sub(r"(?<![<>])=", "==", sql)
    text = re.sub(r"(\w+) IS NULL", r"\1.isna()", text)
    return text.replace(" AND ", " and ").replace(" OR ", " or ")

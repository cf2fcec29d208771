"""The features of Home Credit's histories as one writes them in pandas: filter, group, aggregate.

Which column is aggregated how, on which rows, is read off the shipped SQL, so that both compute
the same: every plain aggregate (min, max, mean, sum, variance, count, distinct values, share of a
level), over all rows, a status, a window of time or the last k. Left out are what is computed
from several aggregates, trends, the application's own ratios, and active and closed credits of
bureau_balance.
"""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas as pd

KEY, SENTINEL = "SK_ID_CURR", 365243
SQL = Path(__file__).parents[1] / "portfolios" / "home_credit" / "features"
MISSING = ["", "NA", "NaN", "nan", "NULL", "null"]
DAYS = ("FIRST_DRAWING", "FIRST_DUE", "LAST_DUE_1ST_VERSION", "LAST_DUE", "TERMINATION")
STATUSES = ("0", "1", "2", "3", "4", "5", "C", "X")
AGGREGATES = {"min": "min", "max": "max", "avg": "mean", "var_samp": "var"}
RECENCY = {
    "bureau": ["DAYS_CREDIT", "SK_ID_BUREAU"],
    "previous_application": ["DAYS_DECISION", "SK_ID_PREV"],
    "POS_CASH_balance": ["MONTHS_BALANCE", "SK_ID_PREV"],
    "installments_payments": [
        *("DAYS_INSTALMENT", "SK_ID_PREV", "NUM_INSTALMENT_NUMBER", "NUM_INSTALMENT_VERSION"),
        *("DAYS_ENTRY_PAYMENT", "AMT_PAYMENT"),
    ],
    "credit_card_balance": ["MONTHS_BALANCE", "SK_ID_PREV"],
}
_FEATURE = re.compile(
    r"^    (?:(?P<how>min|max|avg|sum|var_samp)\((?P<column>\w+)\)"
    r"|avg\(CASE WHEN (?P<flag>[^()]+?) THEN 1 ELSE 0 END\)"
    r"|(?P<rows>count)\(\*\)|count\(DISTINCT (?P<distinct>\w+)\))"
    r"(?: FILTER \(WHERE (?P<where>[^()]+)\))? AS (?P<name>\w+),? -- ",
    re.MULTILINE,
)


def pandas_features(folder: Path) -> pd.DataFrame:
    """Return the features of all applications in a folder of CSV files, by key."""
    features = pd.read_csv(folder / "application_train.csv", usecols=[KEY]).set_index(KEY)
    bureau = _known(folder, "bureau")
    features = features.join(aggregate(bureau, "bureau"))
    features = features.join(_balances(folder, bureau))
    del bureau
    for table in list(RECENCY)[1:]:
        features = features.join(aggregate(_known(folder, table), table))
    return features


def aggregate(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Return the plain aggregates of a table's SQL file, by key."""
    wanted = defaultdict(list)
    for found in _FEATURE.finditer((SQL / f"{table}.sql").read_text(encoding="utf-8")):
        if (found["column"] or found["distinct"] or KEY) in rows:
            wanted[_condition(found["where"])].append(found)
    parts = []
    for where, features in wanted.items():
        chosen = rows.query(where) if where else rows
        flags: dict[str, Any] = {
            f["name"]: chosen.eval(_condition(f["flag"])) for f in features if f["flag"]
        }
        grouped = chosen.assign(**flags).groupby(KEY)
        sums = {f["name"]: f["column"] for f in features if f["how"] == "sum"}
        how = {f["name"]: _named(f) for f in features if f["name"] not in sums}
        # the sum of nothing is missing, as in SQL
        summed = grouped[sorted(set(sums.values()))].sum(min_count=1)
        parts += [grouped.agg(**how), summed[list(sums.values())].set_axis(list(sums), axis=1)]
    counts = [f["name"] for features in wanted.values() for f in features if f["rows"]]
    together = pd.concat(parts, axis=1)
    # no row in a window counts as 0 where the applicant has rows at all
    return together.fillna(dict.fromkeys(counts, 0.0))


def _named(found: re.Match[str]) -> pd.NamedAgg:
    if found["rows"]:
        return pd.NamedAgg(KEY, "size")
    if found["distinct"]:
        return pd.NamedAgg(found["distinct"], "nunique")
    if found["flag"]:
        return pd.NamedAgg(found["name"], "mean")
    return pd.NamedAgg(found["column"], AGGREGATES[found["how"]])


def _condition(sql: str | None) -> str:
    text = re.sub(r"(?<![<>])=", "==", sql or "")
    text = re.sub(r"(\w+) IS NULL", r"\1.isna()", text)
    return text.replace(" AND ", " and ").replace(" OR ", " or ")


def _known(folder: Path, table: str) -> pd.DataFrame:
    """Read a table, keep what is known on the day of the application, and add its columns."""
    rows = pd.read_csv(folder / f"{table}.csv", keep_default_na=False, na_values=MISSING)
    if table == "bureau":
        rows = rows[(rows["DAYS_CREDIT"] <= 0) & (rows["DAYS_CREDIT_UPDATE"].fillna(0) <= 0)]
        fact = rows["DAYS_ENDDATE_FACT"]
        rows = rows.assign(DAYS_ENDDATE_FACT=fact.where(fact <= 0))
    elif table == "previous_application":
        rows = rows[rows["DAYS_DECISION"] <= 0]
        days = [f"DAYS_{name}" for name in DAYS]
        rows[days] = rows[days].replace(SENTINEL, float("nan"))
        ratio = rows["AMT_APPLICATION"] / rows["AMT_CREDIT"].where(rows["AMT_CREDIT"] != 0)
        rows = rows.assign(application_credit_ratio=ratio)
    elif table == "installments_payments":
        rows = rows[(rows["DAYS_INSTALMENT"] <= 0) & (rows["DAYS_ENTRY_PAYMENT"].fillna(0) <= 0)]
        late = rows["DAYS_ENTRY_PAYMENT"] - rows["DAYS_INSTALMENT"]
        due = rows["AMT_INSTALMENT"]
        rows = rows.assign(
            paid_share=rows["AMT_PAYMENT"] / due.where(due != 0),
            unpaid_amount=due - rows["AMT_PAYMENT"],
            # SQL's greatest leaves missing values out
            days_past_due=late.clip(lower=0).fillna(0),
            days_before_due=(-late).clip(lower=0).fillna(0),
        )
    else:
        rows = rows[rows["MONTHS_BALANCE"] <= 0]
        if table == "credit_card_balance":
            limit = rows["AMT_CREDIT_LIMIT_ACTUAL"]
            rows = rows.assign(utilisation=rows["AMT_BALANCE"] / limit.where(limit != 0))
    if table in RECENCY:
        newest = rows.sort_values(RECENCY[table], ascending=False, na_position="first")
        rows = rows.assign(recency=newest.groupby(KEY).cumcount() + 1)
    return rows


def _balances(folder: Path, bureau: pd.DataFrame) -> pd.DataFrame:
    """Return the features of bureau_balance over all credits, first by credit, then by key."""
    months = _known(folder, "bureau_balance")
    classes = months["STATUS"].map({"0": 0, "C": 0, "1": 1, "2": 2, "3": 3, "4": 4, "5": 5})
    months = months.assign(late_class=classes)
    months = months.join(pd.get_dummies(months["STATUS"], prefix="status"))
    statuses = [f"status_{status}" for status in STATUSES]
    grouped = months.groupby("SK_ID_BUREAU")
    lent = grouped.agg(
        months=("MONTHS_BALANCE", "size"),
        month_min=("MONTHS_BALANCE", "min"),
        month_max=("MONTHS_BALANCE", "max"),
        month_sum=("MONTHS_BALANCE", "sum"),
        worst=("late_class", "max"),
        class_sum=("late_class", "sum"),
        class_months=("late_class", "count"),
        **{name: (name, "sum") for name in statuses},
    )
    for span in (3, 6, 12, 24):
        window = months[months["MONTHS_BALANCE"] >= -span].groupby("SK_ID_BUREAU")["late_class"]
        named = window.agg(["max", "sum", "count"]).add_suffix(f"_{span}")
        lent = lent.join(named)
    owned = lent.join(bureau.set_index("SK_ID_BUREAU")[KEY], how="inner").groupby(KEY)
    total = owned.sum(min_count=1)
    result = pd.DataFrame(
        {
            "balance_months_count": total["months"],
            "balance_month_min": owned["month_min"].min(),
            "balance_month_max": owned["month_max"].max(),
            "balance_month_mean": total["month_sum"] / total["months"],
            "balance_months_per_credit": owned["months"].mean(),
            "balance_worst_status": owned["worst"].max(),
            "balance_mean_status": total["class_sum"] / total["class_months"],
        }
    )
    for status in statuses:
        result[f"balance_{status.lower()}_share"] = total[status] / total["months"]
    for span in (3, 6, 12, 24):
        result[f"balance_{span}m_worst_status"] = owned[f"max_{span}"].max()
        mean = total[f"sum_{span}"] / total[f"count_{span}"]
        result[f"balance_{span}m_mean_status"] = mean
    return result

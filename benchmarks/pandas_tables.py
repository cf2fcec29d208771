"""The parts of `benchmarks.pandas_features` that differ by table: reading, ratios, balances."""

from pathlib import Path

import pandas as pd

KEY, SENTINEL = "SK_ID_CURR", 365243
MISSING = ["", "NA", "NaN", "nan", "NULL", "null"]
DAYS = ("FIRST_DRAWING", "FIRST_DUE", "LAST_DUE_1ST_VERSION", "LAST_DUE", "TERMINATION")
STATUSES = ("0", "1", "2", "3", "4", "5", "C", "X")
SPANS = (3, 6, 12, 24)
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


def add_ratios(rows: pd.DataFrame) -> pd.DataFrame:
    """Add the features that need only the application itself."""
    for name in ("DAYS_EMPLOYED", "DAYS_LAST_PHONE_CHANGE"):
        rows[name] = rows[name].replace(SENTINEL, float("nan"))
    scores = rows[[f"EXT_SOURCE_{number}" for number in (1, 2, 3)]]
    first, second, third = (scores[name] for name in scores)
    requests = [name for name in rows if str(name).startswith("AMT_REQ_CREDIT_BUREAU_")]
    documents = [f"FLAG_DOCUMENT_{number}" for number in range(2, 22)]
    computed = {
        "app_without_employment": rows["DAYS_EMPLOYED"].isna().astype(float),
        "app_income_credit_ratio": _ratio(rows, "AMT_INCOME_TOTAL", "AMT_CREDIT"),
        "app_income_per_person": _ratio(rows, "AMT_INCOME_TOTAL", "CNT_FAM_MEMBERS"),
        "app_annuity_income_ratio": _ratio(rows, "AMT_ANNUITY", "AMT_INCOME_TOTAL"),
        "app_payment_rate": _ratio(rows, "AMT_ANNUITY", "AMT_CREDIT"),
        "app_credit_goods_ratio": _ratio(rows, "AMT_CREDIT", "AMT_GOODS_PRICE"),
        "app_credit_goods_difference": rows["AMT_CREDIT"] - rows["AMT_GOODS_PRICE"],
        "app_children_share": _ratio(rows, "CNT_CHILDREN", "CNT_FAM_MEMBERS"),
        "app_car_age_employment_ratio": _ratio(rows, "OWN_CAR_AGE", "DAYS_EMPLOYED"),
        "app_registration_id_ratio": _ratio(rows, "DAYS_REGISTRATION", "DAYS_ID_PUBLISH"),
        "app_documents_count": rows[documents].sum(axis=1, skipna=False),
        "app_ext_source_missing_count": scores.isna().sum(axis=1),
        "app_ext_source_mean": scores.mean(axis=1),
        "app_ext_source_1_2_product": first * second,
        "app_ext_source_1_3_product": first * third,
        "app_ext_source_2_3_product": second * third,
        "app_ext_source_product": first * second * third,
        "app_ext_source_1_2_difference": first - second,
        "app_ext_source_1_3_difference": first - third,
        "app_ext_source_2_3_difference": second - third,
        "app_ext_source_min": scores.min(axis=1),
        "app_ext_source_max": scores.max(axis=1),
        "app_bureau_requests_sum": rows[requests].sum(axis=1, skipna=False),
        "app_social_circle_default_share": _ratio(
            rows, "DEF_30_CNT_SOCIAL_CIRCLE", "OBS_30_CNT_SOCIAL_CIRCLE"
        ),
    }
    return rows.assign(**computed)


def _ratio(rows: pd.DataFrame, upper: str, lower: str) -> "pd.Series[float]":
    return rows[upper] / rows[lower].where(rows[lower] != 0)


def read_known(folder: Path, table: str) -> pd.DataFrame:
    """Read a table, keep what is known on the day of the application, and add computed columns."""
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
            # the function greatest of SQL ignores missing values
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


def credit_balances(months: pd.DataFrame, bureau: pd.DataFrame) -> pd.DataFrame:
    """Return the features of bureau_balance: aggregated by credit, then by applicant."""
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
    lent["late_months"] = (months["late_class"] >= 1).groupby(months["SK_ID_BUREAU"]).sum()
    for span in SPANS:
        window = months[months["MONTHS_BALANCE"] >= -span].groupby("SK_ID_BUREAU")["late_class"]
        named = window.agg(["max", "sum", "count"]).add_suffix(f"_{span}")
        lent = lent.join(named)
    lent = lent.join(bureau.set_index("SK_ID_BUREAU")[[KEY, "CREDIT_ACTIVE"]], how="inner")
    parts = [_of_all_credits(lent.drop(columns="CREDIT_ACTIVE"))]
    for status in ("Active", "Closed"):
        of_status = lent[lent["CREDIT_ACTIVE"] == status].groupby(KEY)
        total = of_status[["months", "class_sum", "class_months"]].sum()
        part = pd.DataFrame(
            {
                "months_count": total["months"],
                "worst_status": of_status["worst"].max(),
                "mean_status": total["class_sum"] / total["class_months"],
            }
        )
        parts.append(part.add_prefix(f"balance_{status.lower()}_"))
    return pd.concat(parts, axis=1)


def _of_all_credits(lent: pd.DataFrame) -> pd.DataFrame:
    owned = lent.groupby(KEY)
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
            "balance_late_months_count": total["late_months"],
        }
    )
    for status in STATUSES:
        share = total[f"status_{status}"] / total["months"]
        result[f"balance_status_{status.lower()}_share"] = share
    for span in SPANS:
        result[f"balance_{span}m_worst_status"] = owned[f"max_{span}"].max()
        mean = total[f"sum_{span}"] / total[f"count_{span}"]
        result[f"balance_{span}m_mean_status"] = mean
    result["balance_status_trend"] = (
        result["balance_6m_mean_status"] - result["balance_24m_mean_status"]
    )
    return result

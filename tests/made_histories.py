"""Synthetic tables with the schema, keys, gaps and sentinels of the seven Home Credit tables."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Draw = Callable[[np.random.Generator, int], Any]
SENTINEL = 365243
# added to the keys of applicants who are not in the table of applications
UNKNOWN = 10_000_000
# numbers reserved for the loans of one applicant: more than an applicant has on average
LOANS_PASSED = 10

BUILDING = [
    *("APARTMENTS", "BASEMENTAREA", "YEARS_BEGINEXPLUATATION", "YEARS_BUILD", "COMMONAREA"),
    *("ELEVATORS", "ENTRANCES", "FLOORSMAX", "FLOORSMIN", "LANDAREA", "LIVINGAPARTMENTS"),
    *("LIVINGAREA", "NONLIVINGAPARTMENTS", "NONLIVINGAREA"),
]
FLAGS = [
    *("FLAG_MOBIL", "FLAG_EMP_PHONE", "FLAG_WORK_PHONE", "FLAG_CONT_MOBILE", "FLAG_PHONE"),
    *("FLAG_EMAIL", "REG_REGION_NOT_LIVE_REGION", "REG_REGION_NOT_WORK_REGION"),
    *("LIVE_REGION_NOT_WORK_REGION", "REG_CITY_NOT_LIVE_CITY", "REG_CITY_NOT_WORK_CITY"),
    *("LIVE_CITY_NOT_WORK_CITY", *(f"FLAG_DOCUMENT_{number}" for number in range(2, 22))),
]
CIRCLE = [f"{kind}_{days}_CNT_SOCIAL_CIRCLE" for days in (30, 60) for kind in ("OBS", "DEF")]
REQUESTS = [
    f"AMT_REQ_CREDIT_BUREAU_{unit}" for unit in ("HOUR", "DAY", "WEEK", "MON", "QRT", "YEAR")
]


def whole(low: int, high: int) -> Draw:
    return lambda rng, rows: rng.integers(low, high + 1, rows)


def amount(scale: float) -> Draw:
    return lambda rng, rows: (rng.gamma(2.0, scale / 2, rows) * (rng.random(rows) > 0.1)).round(2)


def rate() -> Draw:
    return lambda rng, rows: rng.random(rows).round(6)


def level(*levels: str) -> Draw:
    # the first level is the most frequent
    weights = 1 / np.arange(1, len(levels) + 1)
    return lambda rng, rows: rng.choice(
        np.array(levels, dtype=object), rows, p=weights / weights.sum()
    )


def gaps(draw: Draw, share: float = 0.2) -> Draw:
    def with_gaps(rng: np.random.Generator, rows: int) -> Any:
        values, missing = draw(rng, rows), rng.random(rows) < share
        return np.where(missing, None if values.dtype == object else np.nan, values)

    return with_gaps


def sentinel(draw: Draw, share: float = 0.15) -> Draw:
    return lambda rng, rows: np.where(rng.random(rows) < share, SENTINEL, draw(rng, rows))


APPLICATION: Mapping[str, Draw] = {
    "NAME_CONTRACT_TYPE": level("Cash loans", "Revolving loans"),
    "CODE_GENDER": level("F", "M", "XNA"),
    "FLAG_OWN_CAR": level("N", "Y"),
    "FLAG_OWN_REALTY": level("Y", "N"),
    "CNT_CHILDREN": whole(0, 3),
    "AMT_INCOME_TOTAL": amount(170_000),
    "AMT_CREDIT": lambda rng, rows: rng.gamma(2.0, 300_000, rows).round(1) + 45_000,
    "AMT_ANNUITY": gaps(amount(27_000), 0.01),
    "AMT_GOODS_PRICE": gaps(amount(540_000), 0.01),
    "NAME_TYPE_SUITE": gaps(level("Unaccompanied", "Family", "Spouse, partner"), 0.01),
    "NAME_INCOME_TYPE": level("Working", "Commercial associate", "Pensioner", "State servant"),
    "NAME_EDUCATION_TYPE": level("Secondary / secondary special", "Higher education"),
    "NAME_FAMILY_STATUS": level("Married", "Single / not married", "Widow"),
    "NAME_HOUSING_TYPE": level("House / apartment", "With parents", "Rented apartment"),
    "REGION_POPULATION_RELATIVE": rate(),
    "DAYS_BIRTH": whole(-25_000, -7_500),
    "DAYS_EMPLOYED": sentinel(whole(-12_000, 0)),
    "DAYS_REGISTRATION": whole(-15_000, 0),
    "DAYS_ID_PUBLISH": whole(-6_000, 0),
    "OWN_CAR_AGE": gaps(whole(0, 40), 0.6),
    "OCCUPATION_TYPE": gaps(level("Laborers", "Sales staff", "Core staff", "Managers"), 0.3),
    "CNT_FAM_MEMBERS": gaps(whole(1, 5), 0.01),
    "REGION_RATING_CLIENT": whole(1, 3),
    "REGION_RATING_CLIENT_W_CITY": whole(1, 3),
    "WEEKDAY_APPR_PROCESS_START": level("TUESDAY", "MONDAY", "FRIDAY"),
    "HOUR_APPR_PROCESS_START": whole(0, 23),
    "ORGANIZATION_TYPE": level("Business Entity Type 3", "XNA", "Self-employed", "Other"),
    "EXT_SOURCE_1": gaps(rate(), 0.56),
    "EXT_SOURCE_2": gaps(rate(), 0.01),
    "EXT_SOURCE_3": gaps(rate()),
    **{
        f"{name}_{kind}": gaps(rate(), 0.5) for kind in ("AVG", "MODE", "MEDI") for name in BUILDING
    },
    "FONDKAPREMONT_MODE": gaps(level("reg oper account", "org spec account"), 0.68),
    "HOUSETYPE_MODE": gaps(level("block of flats", "terraced house"), 0.5),
    "TOTALAREA_MODE": gaps(rate(), 0.5),
    "WALLSMATERIAL_MODE": gaps(level("Panel", "Stone, brick", "Block"), 0.5),
    "EMERGENCYSTATE_MODE": gaps(level("No", "Yes"), 0.5),
    **dict.fromkeys(CIRCLE, gaps(whole(0, 3), 0.01)),
    "DAYS_LAST_PHONE_CHANGE": gaps(whole(-4_000, 0), 0.01),
    **dict.fromkeys(FLAGS, whole(0, 1)),
    **dict.fromkeys(REQUESTS, gaps(whole(0, 3), 0.13)),
}
BUREAU: Mapping[str, Draw] = {
    "CREDIT_ACTIVE": level("Closed", "Active", "Sold", "Bad debt"),
    "CREDIT_CURRENCY": level("currency 1", "currency 2", "currency 3", "currency 4"),
    # a few days are after the application
    "DAYS_CREDIT": whole(-2_900, 20),
    "CREDIT_DAY_OVERDUE": whole(0, 2),
    "DAYS_CREDIT_ENDDATE": gaps(whole(-2_500, 30_000), 0.06),
    "DAYS_ENDDATE_FACT": gaps(whole(-2_900, 10), 0.37),
    "AMT_CREDIT_MAX_OVERDUE": gaps(amount(4_000), 0.65),
    "CNT_CREDIT_PROLONG": whole(0, 1),
    "AMT_CREDIT_SUM": amount(350_000),
    "AMT_CREDIT_SUM_DEBT": gaps(amount(140_000), 0.15),
    "AMT_CREDIT_SUM_LIMIT": gaps(amount(6_000), 0.34),
    "AMT_CREDIT_SUM_OVERDUE": amount(40),
    "CREDIT_TYPE": level("Consumer credit", "Credit card", "Car loan", "Mortgage", "Microloan"),
    "DAYS_CREDIT_UPDATE": gaps(whole(-2_000, 30), 0.01),
    "AMT_ANNUITY": gaps(amount(15_000), 0.7),
}
BUREAU_BALANCE: Mapping[str, Draw] = {"STATUS": level("C", "0", "X", "1", "5", "2", "3", "4")}
PREVIOUS: Mapping[str, Draw] = {
    "NAME_CONTRACT_TYPE": level("Cash loans", "Consumer loans", "Revolving loans", "XNA"),
    "AMT_ANNUITY": gaps(amount(16_000)),
    "AMT_APPLICATION": amount(175_000),
    "AMT_CREDIT": amount(196_000),
    "AMT_DOWN_PAYMENT": gaps(amount(6_700), 0.5),
    "AMT_GOODS_PRICE": gaps(amount(228_000)),
    "WEEKDAY_APPR_PROCESS_START": level("TUESDAY", "MONDAY", "FRIDAY"),
    "HOUR_APPR_PROCESS_START": whole(0, 23),
    "FLAG_LAST_APPL_PER_CONTRACT": level("Y", "N"),
    "NFLAG_LAST_APPL_IN_DAY": whole(0, 1),
    "RATE_DOWN_PAYMENT": gaps(rate(), 0.5),
    "RATE_INTEREST_PRIMARY": gaps(rate(), 0.99),
    "RATE_INTEREST_PRIVILEGED": gaps(rate(), 0.99),
    "NAME_CASH_LOAN_PURPOSE": level("XAP", "XNA", "Repairs", "Other"),
    "NAME_CONTRACT_STATUS": level("Approved", "Canceled", "Refused", "Unused offer"),
    "DAYS_DECISION": whole(-2_900, 5),
    "NAME_PAYMENT_TYPE": level("Cash through the bank", "XNA", "Non-cash from your account"),
    "CODE_REJECT_REASON": level("XAP", "HC", "LIMIT", "SCO", "CLIENT", "SCOFR"),
    "NAME_TYPE_SUITE": gaps(level("Unaccompanied", "Family"), 0.5),
    "NAME_CLIENT_TYPE": level("Repeater", "New", "Refreshed", "XNA"),
    "NAME_GOODS_CATEGORY": level("XNA", "Mobile", "Consumer Electronics", "Computers"),
    "NAME_PORTFOLIO": level("POS", "Cash", "XNA", "Cards", "Cars"),
    "NAME_PRODUCT_TYPE": level("XNA", "x-sell", "walk-in"),
    "CHANNEL_TYPE": level("Credit and cash offices", "Country-wide", "Stone", "Contact center"),
    "SELLERPLACE_AREA": whole(-1, 4_000),
    "NAME_SELLER_INDUSTRY": level("XNA", "Consumer electronics", "Connectivity", "Furniture"),
    "CNT_PAYMENT": gaps(whole(0, 60)),
    "NAME_YIELD_GROUP": level("XNA", "middle", "high", "low_normal", "low_action"),
    "PRODUCT_COMBINATION": gaps(level("Cash", "POS household with interest"), 0.01),
    "DAYS_FIRST_DRAWING": gaps(sentinel(whole(-2_900, 0), 0.9), 0.4),
    "DAYS_FIRST_DUE": gaps(sentinel(whole(-2_900, 0)), 0.4),
    "DAYS_LAST_DUE_1ST_VERSION": gaps(sentinel(whole(-2_800, 2_000)), 0.4),
    "DAYS_LAST_DUE": gaps(sentinel(whole(-2_800, 0)), 0.4),
    "DAYS_TERMINATION": gaps(sentinel(whole(-2_800, 0)), 0.4),
    "NFLAG_INSURED_ON_APPROVAL": gaps(whole(0, 1), 0.4),
}
POS: Mapping[str, Draw] = {
    "MONTHS_BALANCE": whole(-96, 1),
    "CNT_INSTALMENT": gaps(whole(1, 60), 0.01),
    "CNT_INSTALMENT_FUTURE": gaps(whole(0, 60), 0.01),
    "NAME_CONTRACT_STATUS": level("Active", "Completed", "Signed", "Demand", "XNA"),
    "SK_DPD": whole(0, 3),
    "SK_DPD_DEF": whole(0, 1),
}
INSTALMENTS: Mapping[str, Draw] = {
    "NUM_INSTALMENT_VERSION": lambda rng, rows: rng.integers(0, 4, rows).astype(float),
    "NUM_INSTALMENT_NUMBER": whole(1, 60),
    "DAYS_INSTALMENT": lambda rng, rows: rng.integers(-2_900, 20, rows).astype(float),
    "DAYS_ENTRY_PAYMENT": gaps(whole(-2_900, 20), 0.01),
    "AMT_INSTALMENT": amount(17_000),
    "AMT_PAYMENT": gaps(amount(17_000), 0.01),
}
CARD_AMOUNTS = [
    *("AMT_INST_MIN_REGULARITY", "AMT_PAYMENT_CURRENT", "AMT_PAYMENT_TOTAL_CURRENT"),
    *("AMT_RECEIVABLE_PRINCIPAL", "AMT_RECIVABLE", "AMT_TOTAL_RECEIVABLE"),
]
DRAWINGS = ["ATM_CURRENT", "CURRENT", "OTHER_CURRENT", "POS_CURRENT"]
CARD: Mapping[str, Draw] = {
    "MONTHS_BALANCE": whole(-96, 1),
    "AMT_BALANCE": amount(58_000),
    "AMT_CREDIT_LIMIT_ACTUAL": lambda rng, rows: rng.integers(0, 5, rows) * 45_000,
    **{f"AMT_DRAWINGS_{kind}": gaps(amount(6_000)) for kind in DRAWINGS},
    **dict.fromkeys(CARD_AMOUNTS, gaps(amount(20_000))),
    **{f"CNT_DRAWINGS_{kind}": gaps(whole(0, 5)) for kind in DRAWINGS},
    "CNT_INSTALMENT_MATURE_CUM": gaps(whole(0, 40)),
    "NAME_CONTRACT_STATUS": level("Active", "Completed", "Signed"),
    "SK_DPD": whole(0, 3),
    "SK_DPD_DEF": whole(0, 1),
}


def draw(
    schema: Mapping[str, Draw], keys: Mapping[str, "NDArray[np.int64]"], seed: int
) -> pd.DataFrame:
    """Return a table with these keys; the other columns are drawn by the schema."""
    rng = np.random.default_rng(seed)
    rows = len(next(iter(keys.values())))
    return pd.DataFrame({**keys, **{name: column(rng, rows) for name, column in schema.items()}})


def _repeat(keys: "NDArray[np.int64]", mean: float, share: float, seed: int) -> "NDArray[np.int64]":
    """Repeat a `share` of the keys, so that there are `mean` rows for each key on average."""
    rng = np.random.default_rng(seed)
    counts = rng.geometric(share / mean, len(keys)) * (rng.random(len(keys)) < share)
    return np.repeat(keys, counts)


def _count_up(keys: "NDArray[np.int64]") -> "NDArray[np.int64]":
    """Return 0, 1, 2, ... within each run of equal keys."""
    position = np.arange(len(keys))
    first = np.r_[True, keys[1:] != keys[:-1]]
    return position - np.maximum.accumulate(np.where(first, position, 0))


def make_histories(applicants: int, seed: int = 0, first: int = 0) -> dict[str, pd.DataFrame]:
    """Return the seven tables; the applications are under `application_train`.

    One applicant in seven of the histories has no application. Some rows are dated after the
    application. Default depends on external scores, debt and refused applications. `first` is the
    number of applicants in earlier calls. Their keys and the keys of their loans are not used
    again, so that several calls give one large table.
    """
    keys = np.arange(100_000, 100_000 + applicants) + first
    known = np.concatenate([keys, keys[: applicants // 6] + UNKNOWN])
    bureau_keys = _repeat(known, 4.8, 0.85, seed + 1)
    lent = 5_000_000 + LOANS_PASSED * first + np.arange(len(bureau_keys))
    bureau = draw(BUREAU, {"SK_ID_CURR": bureau_keys, "SK_ID_BUREAU": lent}, seed + 2)
    reported = _repeat(bureau["SK_ID_BUREAU"].to_numpy(), 16.0, 0.45, seed + 3)
    balance = draw(BUREAU_BALANCE, {"SK_ID_BUREAU": reported}, seed + 4)
    # months count backwards from the application; a few first rows are after it
    balance.insert(1, "MONTHS_BALANCE", (reported % 50 == 0) - _count_up(reported))
    previous_keys = _repeat(known, 4.7, 0.95, seed + 5)
    loans = 1_000_000 + LOANS_PASSED * first + np.arange(len(previous_keys))
    previous = draw(PREVIOUS, {"SK_ID_PREV": loans, "SK_ID_CURR": previous_keys}, seed + 6)
    monthly = {}
    for number, (name, schema, mean, share) in enumerate(
        (
            ("POS_CASH_balance", POS, 6.0, 0.55),
            ("installments_payments", INSTALMENTS, 8.1, 0.6),
            ("credit_card_balance", CARD, 2.3, 0.06),
        )
    ):
        of_loan = _repeat(loans, mean, share, seed + 10 + number)
        owners = previous_keys[of_loan - loans[0]]
        columns = {"SK_ID_PREV": of_loan, "SK_ID_CURR": owners}
        monthly[name] = draw(schema, columns, seed + 20 + number)
        if "MONTHS_BALANCE" in schema:
            # each month occurs once for each loan
            monthly[name]["MONTHS_BALANCE"] = 1 - of_loan % 12 - _count_up(of_loan)
    application = draw(APPLICATION, {"SK_ID_CURR": keys}, seed + 7)
    application.insert(1, "TARGET", _make_target(application, bureau, previous, seed + 8))
    return {
        "application_train": application,
        "bureau": bureau,
        "bureau_balance": balance,
        "previous_application": previous,
        **monthly,
    }


def _make_target(
    application: pd.DataFrame, bureau: pd.DataFrame, previous: pd.DataFrame, seed: int
) -> "NDArray[np.int64]":
    keys = application["SK_ID_CURR"]
    debt = bureau.groupby("SK_ID_CURR")["AMT_CREDIT_SUM_DEBT"].sum().reindex(keys).fillna(0)
    refused = (previous["NAME_CONTRACT_STATUS"] == "Refused").groupby(previous["SK_ID_CURR"])
    share = refused.mean().reindex(keys).fillna(0).to_numpy()
    margin = (
        -2.6
        - 2.0 * (application["EXT_SOURCE_2"].fillna(0.5).to_numpy() - 0.5)
        - 2.0 * (application["EXT_SOURCE_3"].fillna(0.5).to_numpy() - 0.5)
        + 0.8 * np.clip(debt.to_numpy() / 400_000, 0, 4)
        + 1.5 * share
    )
    return (np.random.default_rng(seed).random(len(keys)) < 1 / (1 + np.exp(-margin))).astype(int)


def write_histories(folder: Path, tables: Mapping[str, pd.DataFrame], ending: str = "csv") -> Path:
    """Write the tables with the `portfolio.toml` of Home Credit, and return its path."""
    for name, table in tables.items():
        if ending == "csv":
            table.to_csv(folder / f"{name}.csv", index=False)
        else:
            table.to_parquet(folder / f"{name}.parquet")
    return write_portfolio(folder, ending)


def write_portfolio(folder: Path, ending: str) -> Path:
    """Write the `portfolio.toml` of Home Credit for tables in this folder; return its path."""
    shipped = Path(__file__).parents[1] / "portfolios" / "home_credit"
    text = (shipped / "portfolio.toml").read_text(encoding="utf-8")
    text = text.replace('"features/', f'"{shipped}/features/').replace(
        "_train.csv", f"_train.{ending}"
    )
    path = folder / "portfolio.toml"
    path.write_text(text, encoding="utf-8")
    return path

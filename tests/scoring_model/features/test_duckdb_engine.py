"""The feature SQL follows its rules, and gives the same values for one applicant and for many."""

import json
import re
import tempfile
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from scoring_model.contract import NOT_EXACT
from scoring_model.errors import ArtifactError, FeatureError
from scoring_model.features.duckdb_engine import (
    check_keys,
    compute_features,
    load_table,
    write_rows,
)
from scoring_model.features.feature_sql import (
    APPLICATION,
    FeatureSql,
    History,
    split_statements,
    tables_read,
)
from scoring_model.features.sealed_duckdb import open_duckdb
from tests.conftest import ROOT
from tests.made_histories import make_histories, write_histories
from train.data.history_features import join_histories
from train.portfolio import load_portfolio

SHIPPED = ROOT / "portfolios" / "home_credit"
KEY = "SK_ID_CURR"
APPLICANTS = 300
FILES = sorted((SHIPPED / "features").glob("*.sql"))
Tables = Mapping[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    made = make_histories(APPLICANTS)
    return {APPLICATION: made.pop("application_train"), **made}


@pytest.fixture(scope="module")
def features(tmp_path_factory: pytest.TempPathFactory, tables: Tables) -> FeatureSql:
    """Return the SQL as training would log it."""
    folder = tmp_path_factory.mktemp("histories")
    named = {("application_train" if n == APPLICATION else n): t for n, t in tables.items()}
    return join_histories(load_portfolio(write_histories(folder, named, "parquet")), "1GB").features


def compute(features: FeatureSql, tables: Tables) -> pd.DataFrame:
    with (
        tempfile.TemporaryDirectory() as folder,
        open_duckdb("1GB", output=(output := f"{folder}/it's.parquet")) as databases,
    ):
        for history in features.histories:
            rows = pa.Table.from_pandas(tables[history.table], preserve_index=False)
            databases.reading.register(f"rows_of_{history.table}", rows)
        sources = {history.table: f"rows_of_{history.table}" for history in features.histories}
        query = compute_features(databases, features, sources, print)
        write_rows(databases.sealed, query, output)
        return pd.read_parquet(output).set_index(KEY)


@pytest.fixture(scope="module")
def computed(features: FeatureSql, tables: Tables) -> pd.DataFrame:
    return compute(features, tables)


def statements() -> list[tuple[str, str]]:
    return [
        (path.stem, text) for path in FILES for text in split_statements(path.read_text("utf-8"))
    ]


def test_every_division_uses_nullif() -> None:
    for name, text in statements():
        code = re.sub(r"'[^']*'", "''", text)
        bare = re.findall(r"/(?! nullif\()[^\n]*", code)
        assert not bare, (name, bare)
        assert not re.findall(r"/ nullif\((?:(?!, 0\)).)*\n", code), name


def test_no_number_is_a_decimal() -> None:
    # other engines compute with only the digits of a literal such as 1.0; DuckDB uses doubles
    for name, text in statements():
        assert not re.findall(r"[0-9]\.[0-9]", text), name


def test_no_statement_reads_a_protected_column_or_the_outcome() -> None:
    forbidden = {"TARGET", *load_portfolio(SHIPPED / "portfolio.toml").protected}
    for name, text in statements():
        assert not set(re.findall(r"\w+", text)) & forbidden, name


def test_ties_in_the_last_k_rows_are_broken_by_a_key() -> None:
    orders = [
        (name, order)
        for name, text in statements()
        for order in re.findall(r"ORDER BY([^)]*)\)", text)
    ]
    assert {name for name, _ in orders} == {
        *("bureau", "previous_application", "POS_CASH_balance", "installments_payments"),
        "credit_card_balance",
    }
    assert all("SK_ID_PREV" in order or "SK_ID_BUREAU" in order for _, order in orders)


def test_every_feature_has_a_label_with_its_source(
    features: FeatureSql, computed: pd.DataFrame, tables: Tables
) -> None:
    labels = features.labels()
    new = set(computed.columns) - set(tables[APPLICATION].columns)
    assert new <= set(labels)
    assert len(labels) > 600
    assert all(re.fullmatch(r".{3,} \(\w+\)", label) for label in labels.values())
    assert KEY not in labels


def test_values_equal_those_of_pandas(computed: pd.DataFrame, tables: Tables) -> None:
    bureau = tables["bureau"]
    bureau = bureau[(bureau["DAYS_CREDIT"] <= 0) & (bureau["DAYS_CREDIT_UPDATE"].fillna(0) <= 0)]
    active = bureau[bureau["CREDIT_ACTIVE"] == "Active"].groupby(KEY)
    previous = tables["previous_application"].query("DAYS_DECISION <= 0")
    paid = tables["installments_payments"]
    paid = paid[(paid["DAYS_INSTALMENT"] <= 0) & (paid["DAYS_ENTRY_PAYMENT"].fillna(0) <= 0)]
    late = (paid["DAYS_ENTRY_PAYMENT"] - paid["DAYS_INSTALMENT"]).fillna(0).clip(lower=0)
    newest = bureau.sort_values(["DAYS_CREDIT", "SK_ID_BUREAU"]).groupby(KEY).tail(3)
    drawing = previous["DAYS_FIRST_DRAWING"].replace(365243, np.nan)
    recent = tables["POS_CASH_balance"].query("-6 <= MONTHS_BALANCE <= 0")
    debt = active["AMT_CREDIT_SUM_DEBT"].sum(min_count=1)
    expected: dict[str, pd.Series] = {
        "bureau_active_debt_credit_ratio": debt / active["AMT_CREDIT_SUM"].sum().replace(0, np.nan),
        "bureau_credit_amount_mean": bureau.groupby(KEY)["AMT_CREDIT_SUM"].mean(),
        "bureau_days_credit_var": bureau.groupby(KEY)["DAYS_CREDIT"].var(),
        "bureau_last_3_credit_amount_mean": newest.groupby(KEY)["AMT_CREDIT_SUM"].mean(),
        "previous_days_first_drawing_mean": drawing.groupby(previous[KEY]).mean(),
        "instalments_dpd_days_sum": late.groupby(paid[KEY]).sum(),
        "pos_6m_dpd_days_mean": recent.groupby(KEY)["SK_DPD"].mean(),
    }
    for name, values in expected.items():
        wanted = values.reindex(computed.index).to_numpy(dtype=float)
        assert np.isfinite(wanted).sum() > 30, name
        np.testing.assert_allclose(computed[name], wanted, rtol=1e-9, atol=1e-12, err_msg=name)


def test_balances_of_the_bureau_equal_those_of_pandas(
    computed: pd.DataFrame, tables: Tables
) -> None:
    bureau = tables["bureau"]
    bureau = bureau[(bureau["DAYS_CREDIT"] <= 0) & (bureau["DAYS_CREDIT_UPDATE"].fillna(0) <= 0)]
    months = tables["bureau_balance"].query("MONTHS_BALANCE <= 0").merge(bureau, on="SK_ID_BUREAU")
    classes = months["STATUS"].replace("C", "0").replace("X", None).astype(float)
    expected: dict[str, pd.Series] = {
        "balance_months_count": months.groupby(KEY).size(),
        "balance_status_1_share": (months["STATUS"] == "1").groupby(months[KEY]).mean(),
        "balance_worst_status": classes.groupby(months[KEY]).max(),
        "balance_mean_status": classes.groupby(months[KEY]).mean(),
    }
    for name, values in expected.items():
        wanted = values.reindex(computed.index).to_numpy(dtype=float)
        np.testing.assert_allclose(computed[name], wanted, rtol=1e-9, err_msg=name)


def test_rows_later_than_the_application_are_not_used(
    features: FeatureSql, computed: pd.DataFrame, tables: Tables
) -> None:
    days = {
        "bureau": ["DAYS_CREDIT", "DAYS_CREDIT_UPDATE"],
        "bureau_balance": ["MONTHS_BALANCE"],
        "previous_application": ["DAYS_DECISION"],
        "POS_CASH_balance": ["MONTHS_BALANCE"],
        "installments_payments": ["DAYS_INSTALMENT", "DAYS_ENTRY_PAYMENT"],
        "credit_card_balance": ["MONTHS_BALANCE"],
    }
    assert set(days) | {APPLICATION} == {history.table for history in features.histories}
    known = dict(tables)
    for table, columns in days.items():
        later = (tables[table][columns] > 0).any(axis=1)
        assert later.any(), table
        known[table] = tables[table][~later]
    pd.testing.assert_frame_equal(compute(features, known), computed, rtol=1e-9)


def test_one_applicant_alone_has_the_same_features_as_among_many(
    features: FeatureSql, computed: pd.DataFrame, tables: Tables
) -> None:
    for key in computed.index[[0, 7, 150]]:
        own = {n: t[t[KEY] == key] if KEY in t else t for n, t in tables.items()}
        own["bureau_balance"] = own["bureau_balance"].merge(own["bureau"][["SK_ID_BUREAU"]])
        pd.testing.assert_frame_equal(compute(features, own), computed.loc[[key]], rtol=1e-9)


def test_an_applicant_without_a_history_has_missing_features(
    features: FeatureSql, computed: pd.DataFrame, tables: Tables
) -> None:
    own = {n: t if n == APPLICATION else t[:0] for n, t in tables.items()}
    alone = compute(features, own)
    assert alone.index.equals(computed.index)
    histories = [n for n, label in features.labels().items() if "(application)" not in label]
    assert alone[histories].isna().all().all()


def test_the_sentinel_is_missing_and_nothing_is_infinite(
    features: FeatureSql, computed: pd.DataFrame
) -> None:
    values = computed[list(features.labels())].to_numpy(dtype=float)
    assert not np.isinf(values).any()
    assert not (values == 365243).any()
    assert computed["app_without_employment"].sum() > 10
    missing = computed["DAYS_EMPLOYED"].isna()
    np.testing.assert_array_equal(missing, computed["app_without_employment"] == 1)


def test_the_sql_is_read_back_from_json(features: FeatureSql) -> None:
    again = FeatureSql.from_json(features.to_json())
    assert again == features
    assert again.empty_is_missing
    older = {k: v for k, v in json.loads(features.to_json()).items() if k != "empty_is_missing"}
    assert not FeatureSql.from_json(json.dumps(older)).empty_is_missing
    assert "TARGET" not in features.to_json()
    with pytest.raises(ArtifactError, match="format_version 9"):
        FeatureSql.from_json('{"format_version": 9}')


def small(sql: str) -> FeatureSql:
    return FeatureSql(
        "id",
        (
            History(APPLICATION, "", {"id": "BIGINT", "income": "DOUBLE"}),
            History("loans", sql, {"id": "BIGINT", "debt": "DOUBLE"}),
        ),
    )


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("SELECT id, nonsense AS a FROM loans;", "nonsense"),
        ("SELECT debt FROM loans;", "every SELECT must return the column 'id'"),
        ("SELECT id, debt FROM loans;", "several rows for one 'id'"),
        ("SELECT id, 1 AS a FROM loans GROUP BY id; SELECT id, 2 AS a FROM loans GROUP BY id;",
         "feature 'a' must not repeat"),
        ("SELECT id, CAST('secret' AS INT) AS a FROM loans;", "of the wrong type"),
    ],
)  # fmt: skip
def test_sql_that_fails_gives_one_line_without_a_value(sql: str, rule: str) -> None:
    with open_duckdb("100MB") as databases:
        databases.reading.execute(
            "CREATE VIEW rows AS SELECT 1 AS id, 2 AS income, 3 AS debt FROM range(2)"
        )
        sources = {APPLICATION: "rows LIMIT 1", "loans": "rows"}
        with pytest.raises(FeatureError, match=rule) as caught:
            compute_features(databases, small(sql), sources, print)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("(SELECT 1 AS id)", "income"),
        ("(SELECT 'secret' AS income, 1 AS id)", "column 'income' holds a value of the wrong type"),
        ("(SELECT 9007199254740993 AS income, 1 AS id)", f"column 'income' {NOT_EXACT}"),
        (
            "(SELECT 18446744073709551615::UBIGINT AS income, 1 AS id)",
            f"column 'income' {NOT_EXACT}",
        ),
        (
            "(SELECT 9007199254740993::DECIMAL(20, 2) AS income, 1 AS id)",
            "'income' must be a whole",
        ),
        ("(SELECT (-9007199254740993)::HUGEINT AS income, 1 AS id)", "'income' must be a whole"),
    ],
)
def test_a_table_that_does_not_fit_gives_one_line_without_a_value(source: str, rule: str) -> None:
    with (
        open_duckdb("100MB") as databases,
        pytest.raises(FeatureError, match=re.escape(rule)) as caught,
    ):
        load_table(databases, small(""), small("").histories[0], source)
    assert "secret" not in str(caught.value)
    assert "900719925474099" not in str(caught.value).replace(NOT_EXACT, "")


@pytest.mark.parametrize(
    "number", ["NULL::BIGINT", "1152921504606846976", "-7", "90071992547409935.25", "1.5", "9e307"]
)
def test_numbers_that_a_double_holds_are_loaded(number: str) -> None:
    with open_duckdb("100MB") as databases:
        source = f"(SELECT {number} AS income, 1 AS id)"
        load_table(databases, small(""), small("").histories[0], source)
        ((loaded,),) = databases.sealed.execute("SELECT income FROM application").fetchall()
    assert loaded == (None if "NULL" in number else float(number))


@pytest.mark.parametrize(
    ("keys", "rule"), [("1), (1", "1 rows repeat"), ("1), (NULL", "1 rows have none")]
)
def test_every_applicant_must_have_its_own_key(keys: str, rule: str) -> None:
    with open_duckdb("100MB") as databases:
        application = History(APPLICATION, "", {"id": "BIGINT"})
        rows = f"(VALUES ({keys})) AS t(id)"
        load_table(databases, FeatureSql("id", (application,)), application, rows)
        with pytest.raises(FeatureError, match=f"its own key 'id': {rule}"):
            check_keys(databases.sealed, "id")


def test_rows_of_unknown_applicants_are_counted() -> None:
    sources = {
        APPLICATION: "(VALUES (1)) AS t(id)",
        "loans": "(VALUES (1, 10), (2, 20), (NULL, 30)) AS t(id, loan)",
        # without the key: the rows belong to the applicant of their loan
        "months": "(VALUES (10), (10), (20), (30), (99), (NULL)) AS t(loan)",
        "alone": "(VALUES (10)) AS t(other)",
    }
    columns = {"loans": ("id", "loan"), "months": ("loan",), "alone": ("other",)}
    histories = tuple(
        History(table, "", dict.fromkeys(columns.get(table, ("id",)), "BIGINT"))
        for table in sources
    )
    counts = {}

    def note(table: str, rows: int, unknown: int) -> None:
        counts[table] = (rows, unknown)

    with open_duckdb("100MB") as databases:
        compute_features(databases, FeatureSql("id", histories), sources, note)
    assert counts == {"loans": (3, 2), "months": (6, 4)}


def test_a_table_is_kept_until_its_last_use() -> None:
    sql = {
        # reads a table that is listed later
        APPLICATION: "SELECT id, income AS paid FROM application JOIN loans USING (id);",
        "loans": "CREATE VIEW open_loans (id, debt) AS SELECT id, debt FROM loans;",
        "months": "CREATE TABLE late AS SELECT id FROM months JOIN open_loans USING (id);",
        "cards": "SELECT id, count(*) AS late_count FROM late GROUP BY id;",
    }
    columns = {APPLICATION: "income", "loans": "debt", "months": "days", "cards": "use"}
    histories = tuple(
        History(table, sql[table], {"id": "BIGINT", column: "BIGINT"})
        for table, column in columns.items()
    )
    features = FeatureSql("id", histories)
    assert [sorted(tables - {APPLICATION}) for tables in tables_read(features)] == [
        ["loans"],
        ["loans"],
        ["loans", "months"],
        ["cards", "loans", "months"],
    ]
    sources = {table: f"(SELECT 1 AS id, 2 AS {column})" for table, column in columns.items()}
    with open_duckdb("100MB") as databases:
        rows = databases.sealed.execute(
            compute_features(databases, features, sources, print)
        ).fetchall()
        left = {name for (name,) in databases.sealed.execute("SHOW TABLES").fetchall()}
    assert rows == [(1, 2, 2.0, 1.0)]
    assert not left & {"loans", "months", "cards"}


def test_a_wrong_memory_limit_is_refused() -> None:
    with (
        pytest.raises(FeatureError, match="memory_limit must be a size such as 4GB"),
        open_duckdb("much"),
    ):
        pass

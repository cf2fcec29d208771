"""The SQL of the features gives the same values on Spark as in DuckDB."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring_model.errors import FeatureError
from scoring_model.features import FeatureSql, History
from tests.made_histories import make_histories, write_histories
from train.data import JoinedTable
from train.engines import open_engine
from train.engines.spark_features import ROW, compute_on_spark
from train.engines.spark_session import open_session
from train.errors import InputError
from train.portfolio import load_portfolio

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("spark")]

APPLICANTS = 120


def tables_with_every_gap() -> dict[str, pd.DataFrame]:
    """Return made tables with empty columns and with columns of zeros."""
    tables = make_histories(APPLICANTS)
    bureau = tables["bureau"]
    # one column is empty for some applicants, another one for all of them
    bureau.loc[bureau["SK_ID_CURR"] % 7 == 0, "AMT_CREDIT_SUM_DEBT"] = np.nan
    bureau["AMT_CREDIT_SUM_LIMIT"] = np.nan
    tables["credit_card_balance"]["AMT_CREDIT_LIMIT_ACTUAL"] = 0
    instalments = tables["installments_payments"]
    tables["installments_payments"] = instalments.assign(AMT_INSTALMENT=0.0)
    return tables


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("on_spark")
    write_histories(folder, tables_with_every_gap(), "parquet")
    # two tables are CSV files, whose types DuckDB finds
    for name in ("bureau_balance", "POS_CASH_balance"):
        table = pd.read_parquet(folder / f"{name}.parquet")
        table.to_csv(folder / f"{name}.csv", index=False)
        (folder / f"{name}.parquet").unlink()
    return folder


def join(folder: Path, *, on_spark: bool) -> JoinedTable:
    with open_engine("spark" if on_spark else "local", "1GB") as engine:
        return engine.features(load_portfolio(folder / "portfolio.toml"))


def assert_equal(found: pd.DataFrame, expected: pd.DataFrame) -> None:
    assert list(found) == list(expected)
    for name in expected:
        if expected[name].dtype.kind in "iuf":
            one, other = (f[name].to_numpy(dtype=float) for f in (found, expected))
            near = np.isclose(one, other, rtol=1e-9, atol=1e-12, equal_nan=True)
            assert near.all(), name
            assert found[name].dtype == expected[name].dtype
        else:
            assert found[name].equals(expected[name]), name


def test_every_feature_of_home_credit_is_equal_in_both(folder: Path) -> None:
    found, expected = join(folder, on_spark=True), join(folder, on_spark=False)
    assert len(found.features.labels()) > 500
    assert_equal(found.frame, expected.frame)
    assert (found.features, found.notes) == (expected.features, expected.notes)


def run(folder: Path, sql: str, table: Mapping[str, object]) -> list[tuple[object, ...]]:
    """Run SQL over one history of two applicants; return the finished rows in order."""
    # a dot in a name must not be read as a field of a struct
    pd.DataFrame({"key": [1, 2], "a.b": [5, 6]}).to_parquet(folder / "application.parquet")
    pd.DataFrame(table).to_parquet(folder / "paid.parquet")
    types = {name: "DOUBLE" if name == "amount" else "BIGINT" for name in table}
    application = History("application", "", {"key": "BIGINT", "a.b": "BIGINT"})
    features = FeatureSql("key", (application, History("paid", sql, types)))
    files = {name: str(folder / f"{name}.parquet") for name in ("application", "paid")}
    with open_session() as session, compute_on_spark(session, features, files) as computed:
        assert computed.joined == {"paid": (len(pd.DataFrame(table)), 1)}
        return [tuple(row) for row in computed.rows.orderBy(ROW).collect()]


PAID = {"key": [1, 1, 3], "amount": [np.inf, 2.0, 1.0]}


def test_infinity_stays_and_an_applicant_without_rows_has_missing_values(tmp_path: Path) -> None:
    sql = "SELECT key, max(amount) AS most, count(*) AS n FROM paid GROUP BY key"
    assert run(tmp_path, sql, PAID) == [(1, 5, np.inf, 2.0, 0), (2, 6, None, None, 1)]


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("SELECT key, none FROM paid", "features of paid: .*none"),
        ("SELECT max(amount) AS most FROM paid", "every SELECT must return the column 'key'"),
        ("SELECT key, amount FROM paid", "a SELECT returns several rows for one 'key'"),
        (
            "SELECT key, 1 AS one FROM paid GROUP BY key; SELECT DISTINCT key, 2 AS one FROM paid",
            "features of paid: feature 'one' must not repeat",
        ),
        ("SELECT key, max(1 / (key - key)) AS bare FROM paid GROUP BY key", "key - key"),
    ],
)
def test_failing_sql_gives_one_line_of_error(tmp_path: Path, sql: str, rule: str) -> None:
    with pytest.raises(FeatureError, match=rule) as caught:
        run(tmp_path, sql, PAID)
    assert "\n" not in str(caught.value)


def test_tables_that_cannot_be_used_give_one_line_of_error(tmp_path: Path) -> None:
    tables = make_histories(30)
    tables["bureau"]["AMT_CREDIT_SUM"] = "secret"
    write_histories(tmp_path, tables, "parquet")
    with pytest.raises(
        InputError, match="column 'AMT_CREDIT_SUM' holds a value of the wrong type"
    ) as caught:
        join(tmp_path, on_spark=True)
    assert "secret" not in str(caught.value)
    keys = tables["application_train"].assign(SK_ID_CURR=7)
    keys.to_parquet(tmp_path / "application_train.parquet")
    with pytest.raises(InputError, match="its own key 'SK_ID_CURR': 29 rows repeat"):
        join(tmp_path, on_spark=True)

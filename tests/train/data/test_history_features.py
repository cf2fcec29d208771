"""Features from histories: read from any format; a mistake gives one line of error."""

import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from tests.made_histories import make_histories, write_histories
from train.data import load_data
from train.data.history_features import JoinedTable, join_histories, write_features
from train.errors import InputError
from train.portfolio import Portfolio, load_portfolio

Tables = Mapping[str, pd.DataFrame]


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return make_histories(240)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, tables: Tables) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    write_histories(folder, tables, "parquet")
    return folder


def frame_of(path: Path) -> pd.DataFrame:
    return join_histories(load_portfolio(path), "1GB").frame


def test_csv_parquet_and_folders_of_files_give_the_same_features(
    tmp_path: Path, tables: Tables, written: Path
) -> None:
    expected = frame_of(written / "portfolio.toml")
    path = write_histories(tmp_path, tables, "csv")
    (tmp_path / "bureau.csv").unlink()
    (tmp_path / "bureau").mkdir()
    bureau = tables["bureau"]
    for number, part in enumerate((bureau[:400], bureau[400:])):
        part.to_parquet(tmp_path / "bureau" / f"{number}.parquet")
    read = frame_of(path)
    assert list(read) == list(expected)
    for name in expected:
        if expected[name].dtype.kind in "iuf":
            np.testing.assert_allclose(read[name], expected[name], rtol=1e-9, err_msg=name)
        else:
            assert read[name].fillna("").equals(expected[name].fillna("")), name


def test_the_contract_has_no_key_no_protected_column_and_labels(written: Path) -> None:
    data = load_data(load_portfolio(written / "portfolio.toml"))
    names = set(data.contract.names)
    assert not names & {"SK_ID_CURR", "TARGET", "CODE_GENDER", "DAYS_BIRTH", "NAME_FAMILY_STATUS"}
    by_name = {feature.name: feature for feature in data.contract.features}
    assert by_name["bureau_count"].nullable
    assert by_name["bureau_count"].labels == {"en": "Credits that the bureau reports (bureau)"}
    assert data.features is not None
    read = {h.table: h.columns for h in data.features.histories}
    assert "TARGET" not in read["application"]
    assert "FLAG_LAST_APPL_PER_CONTRACT" not in read["previous_application"]
    assert any("bureau" in note and "to no applicant" in note for note in data.notes)


def test_the_digest_tells_other_histories_but_not_the_last_bits_of_a_sum(
    tmp_path: Path, tables: Tables, written: Path
) -> None:
    def join_in_other_order(portfolio: Portfolio) -> JoinedTable:
        joined = join_histories(portfolio, "1GB")
        sums = joined.frame["instalments_due_amount_sum"]
        return replace(
            joined,
            frame=joined.frame.assign(instalments_due_amount_sum=np.nextafter(sums, np.inf)),
        )

    portfolio = load_portfolio(written / "portfolio.toml")
    digest = load_data(portfolio).digest
    assert load_data(portfolio, join_in_other_order).digest == digest
    changed = {**tables, "bureau": tables["bureau"][1:]}
    assert load_data(load_portfolio(write_histories(tmp_path, changed, "parquet"))).digest != digest


def test_a_folder_of_new_applicants_gives_the_same_features(
    tmp_path: Path, tables: Tables, written: Path
) -> None:
    joined = join_histories(load_portfolio(written / "portfolio.toml"), "1GB")
    for name, table in tables.items():
        table.to_parquet(tmp_path / f"{name}.parquet")
    (tmp_path / "application_train.parquet").unlink()
    new = tables["application_train"].drop(columns="TARGET")[::-1]
    new.to_csv(tmp_path / "application_test.csv", index=False)
    write_features(joined.features, tmp_path, tmp_path / "features.parquet", "1GB")
    computed = pd.read_parquet(tmp_path / "features.parquet")
    assert list(computed["SK_ID_CURR"]) == list(new["SK_ID_CURR"])
    labels = list(joined.features.labels())
    np.testing.assert_allclose(
        computed[labels].to_numpy(dtype=float),
        joined.frame[labels][::-1].to_numpy(dtype=float),
        rtol=1e-9,
    )


def change(tables: Tables, name: str, **columns: Any) -> dict[str, pd.DataFrame]:
    return {**tables, name: tables[name].assign(**columns)}


def break_tables(tables: Tables, how: str) -> dict[str, pd.DataFrame]:
    bureau, application = tables["bureau"], tables["application_train"]
    return {
        "table": {name: table for name, table in tables.items() if name != "bureau"},
        "column": {**tables, "bureau": bureau.drop(columns="AMT_CREDIT_SUM")},
        "key column": {**tables, "bureau": bureau.drop(columns="SK_ID_CURR")},
        "application's key column": {
            **tables,
            "application_train": application.drop(columns="SK_ID_CURR"),
        },
        "join": change(tables, "bureau", SK_ID_CURR=1),
        "join by loan": change(tables, "bureau_balance", SK_ID_BUREAU=1),
        "type": change(tables, "bureau", AMT_CREDIT_SUM="secret"),
        "repeated key": change(tables, "application_train", SK_ID_CURR=7),
        "source": {n: t for n, t in tables.items() if t is not application},
    }[how]


@pytest.mark.parametrize(
    ("how", "rule"),
    [
        ("table", "table 'bureau': no bureau.parquet, .csv or .csv.gz"),
        ("column", "AMT_CREDIT_SUM"),
        ("key column", "SK_ID_CURR"),
        ("application's key column", "table application: "),
        ("join", "table 'bureau' has no row that joins an applicant"),
        ("join by loan", "table 'bureau_balance' has no row that joins an applicant"),
        ("type", "column 'AMT_CREDIT_SUM' holds a value of the wrong type"),
        ("repeated key", "its own key 'SK_ID_CURR': 239 rows repeat"),
        ("source", "no such file"),
    ],
)
def test_tables_that_cannot_be_used_give_one_line_of_error(
    tmp_path: Path, tables: Tables, how: str, rule: str
) -> None:
    path = write_histories(tmp_path, break_tables(tables, how), "parquet")
    with pytest.raises(InputError) as caught:
        frame_of(path)
    assert rule in str(caught.value)
    assert str(path) in str(caught.value) or str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert "secret" not in str(caught.value)


def test_the_error_of_failing_sql_names_its_table(tmp_path: Path, tables: Tables) -> None:
    path = write_histories(tmp_path, tables, "parquet")
    sql = tmp_path / "bureau.sql"
    sql.write_text("SELECT SK_ID_CURR, nonsense AS a FROM bureau", encoding="utf-8")
    text = path.read_text(encoding="utf-8")
    features = next(line for line in text.splitlines() if line.endswith('/bureau.sql"'))
    path.write_text(text.replace(features, 'features = "bureau.sql"'), encoding="utf-8")
    with pytest.raises(InputError, match=r"portfolio\.toml: features of bureau: .*nonsense"):
        frame_of(path)


def test_a_folder_with_two_tables_of_applicants_is_refused(tmp_path: Path, written: Path) -> None:
    features = join_histories(load_portfolio(written / "portfolio.toml"), "1GB").features
    folder = tmp_path / "tables"
    shutil.copytree(written, folder)
    (folder / "application_test.csv").write_text("SK_ID_CURR\n1\n", encoding="utf-8")
    with pytest.raises(InputError, match="must hold one file application"):
        write_features(features, folder, tmp_path / "features.parquet", "1GB")


@pytest.mark.parametrize(
    ("section", "rule"),
    [
        ('[history]\ntable = "a"', "history must be a list"),
        ('[[history]]\ntable = "a"', "[[history]] features must be text"),
        ('[[history]]\ntable = "a"\nfeatures = "x.sql"\nkey = "k"', "unknown key [[history]] key"),
        ('[[history]]\ntable = "a b"\nfeatures = "x.sql"', "must be a name such as bureau"),
        ('[[history]]\ntable = "a"\nfeatures = "none.sql"', "none.sql: no such file"),
        ('[[history]]\ntable = "a"\nfeatures = "x.sql"\n' * 2, "'a' must not repeat"),
    ],
)
def test_a_wrong_history_section_gives_one_line_of_error(
    tmp_path: Path, section: str, rule: str
) -> None:
    (tmp_path / "x.sql").touch()
    head = '[portfolio]\nname = "a"\ndescription = "b"\nsource = "c"\nkey = "k"\ntarget = "t"\n'
    split = '[split]\nmethod = "random"\ntest_size = 0.2\nseed = 0\n'
    path = tmp_path / "portfolio.toml"
    path.write_text(head + split + section, encoding="utf-8")
    with pytest.raises(InputError) as caught:
        load_portfolio(path)
    assert rule in str(caught.value)

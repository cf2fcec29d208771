"""Batch scoring reads the raw export that training has read, and any other source of loans."""

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import mlflow
import numpy as np
import pandas as pd
import pytest

from tests.made import make_loans
from tests.sheets import write_xlsx
from tests.stores import own_store
from train.__main__ import main

ROWS = 900
PORTFOLIO = """
[portfolio]
name = "exported"
description = "Loans as a bank exports them"
source = "export.csv"
target = "Remboursé ?"
defaulted = ["non"]
repaid = ["oui"]
decision_date = "Décidé le"
model = "credit-scoring"

[read]
dates = "%d/%m/%Y"
strip = ["€"]
missing = ["inconnu"]
yes = ["oui"]
no = ["non"]

[split]
method = "random"
test_size = 0.25
seed = 0

[exclude]
"Unnamed: 0" = "row numbers"

[kinds]
"Embauché le" = "date"

[derive]
"dette.totale" = "\\"Revenu annuel (€)\\" * \\"taux d'endettement\\""
"""


def export(loans: pd.DataFrame) -> str:
    """Return loans as a French bank exports them, below a line with a title."""
    day = loans["decided_on"].dt.strftime("%d/%m/%Y")
    hired = loans["decided_on"] - pd.to_timedelta(loans["loan_id"] % 3000, "D")
    numbers = pd.DataFrame(
        {
            "Revenu annuel (€)": [f"{x:.2f} €".replace(".", ",") for x in loans["income"]],
            "taux d'endettement": [
                "inconnu" if np.isnan(x) else f"{x:.4f}".replace(".", ",")
                for x in loans["debt_ratio"]
            ],
            "Région": loans["region"].replace({"west": "Île-de-France"}),
            "Propriétaire": loans["has_home"].map({True: "OUI", False: "non"}),
            "Embauché le": hired.dt.strftime("%d/%m/%Y"),
            "Décidé le": day,
            "Remboursé ?": loans["defaulted"].map({1: "non", 0: "oui"}),
        }
    )
    return "Export du 02/01/2022\n" + numbers.to_csv(sep=";")


def plain(loans: pd.DataFrame) -> pd.DataFrame:
    """Return the same loans as a client of MLflow sends them."""
    hired = loans["decided_on"] - pd.to_timedelta(loans["loan_id"] % 3000, "D")
    return pd.DataFrame(
        {
            "Revenu annuel (€)": loans["income"],
            "taux d'endettement": loans["debt_ratio"].round(4),
            "Région": loans["region"].replace({"west": "Île-de-France"}),
            "Propriétaire": loans["has_home"],
            "Embauché le": hired.dt.date,
            "Décidé le": loans["decided_on"].dt.date,
        }
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Train one version on a raw export; yield its folder."""
    folder = tmp_path_factory.mktemp("export")
    (folder / "export.csv").write_bytes(export(make_loans(ROWS)).encode("cp1252"))
    path = folder / "portfolio.toml"
    path.write_text(PORTFOLIO, encoding="utf-8")
    with own_store(folder, "export"):
        assert main(["train", "--portfolio", str(path), "--max_evals", "1"]) == 0
        yield folder


def score(source: str, output: object, *more: str) -> int:
    uri = "models:/credit-scoring/1"
    return main(["score", "--input", source, "--output", str(output), "--model_uri", uri, *more])


def test_the_raw_export_scores_like_the_plain_table(folder: Path) -> None:
    assert score(f"{folder}/export.csv", folder / "scored.parquet") == 0
    scored = pd.read_parquet(folder / "scored.parquet")
    own = mlflow.pyfunc.load_model("models:/credit-scoring/1").predict(plain(make_loans(ROWS)))
    assert scored["row_number"].tolist() == list(range(ROWS))
    np.testing.assert_array_equal(scored["probability"], own["probability"])
    assert scored["probability"].nunique() > ROWS / 3


@pytest.mark.usefixtures("folder")
def test_a_database_is_read_and_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    rows = plain(make_loans(50)).assign(dossier=[f"D{row:03d}" for row in range(50)])
    rows.loc[7, "Revenu annuel (€)"] = None
    # SQLite has no booleans
    rows["Propriétaire"] = rows["Propriétaire"].map({True: "oui", False: "non"})
    with sqlite3.connect(tmp_path / "loans.db") as database:
        rows.to_sql("loans", database, index=False)
    url = f"sqlite:///{tmp_path}/loans.db"
    options = ["--key", "dossier", "--output_table", "decisions"]
    assert score(url, url, "--query", "SELECT * FROM loans ORDER BY dossier", *options) == 3
    assert "49 rows scored with version 1 into the table decisions" in capsys.readouterr().out
    with sqlite3.connect(tmp_path / "loans.db") as database:
        found = pd.read_sql("SELECT * FROM decisions", database)
    own = mlflow.pyfunc.load_model("models:/credit-scoring/1").predict(
        plain(make_loans(50)).drop(index=7)
    )
    assert found["dossier"].tolist() == rows.drop(index=7)["dossier"].tolist()
    np.testing.assert_array_equal(found["probability"], own["probability"])
    rejected = (tmp_path / "decisions.rejected").read_text(encoding="utf-8")
    assert rejected.splitlines()[1].endswith(",7,Revenu annuel (€),is required")
    # a table is never written over
    assert score(url, url, "--table", "loans", *options) == 1
    assert "table 'decisions' exists" in capsys.readouterr().err


@pytest.mark.usefixtures("folder")
def test_an_excel_sheet_and_a_folder_give_the_same_decisions(tmp_path: Path) -> None:
    rows = plain(make_loans(80))
    cells = rows.astype(object).where(rows.notna(), None).to_numpy().tolist()
    write_xlsx(tmp_path / "loans.xlsx", {"Loans": [list(rows), *cells]})
    (tmp_path / "parts").mkdir()
    for number, part in enumerate((rows[:30], rows[30:])):
        part.to_parquet(tmp_path / "parts" / f"{number}.parquet")
    for name in ("loans.xlsx", "parts"):
        assert score(f"{tmp_path}/{name}", tmp_path / f"{name}.csv") == 0
    sheet, parts = (pd.read_csv(tmp_path / f"{name}.csv") for name in ("loans.xlsx", "parts"))
    pd.testing.assert_frame_equal(sheet, parts)


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    ("options", "rule"),
    [
        (["--output", "sqlite:///x.db"], "output: a database needs -P output_table=<name>"),
        (["--output_table", "decisions"], "output_table goes with a database as output"),
        (["--input", "sqlite:///x.db"], "a database needs a query or a table"),
        (["--input", "nothing.tsv"], "nothing.tsv: no such file"),
    ],
)
def test_what_does_not_go_together_gives_one_line_of_error(
    tmp_path: Path, options: list[str], rule: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "export.csv").write_bytes(export(make_loans(20)).encode("cp1252"))
    assert score(f"{tmp_path}/export.csv", tmp_path / "scored.csv", *options) == 1
    (line,) = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert rule in line
    assert not (tmp_path / "scored.csv").exists()

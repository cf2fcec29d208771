"""Ten raw tables of ten shapes, as lenders export them, all with the same planted default.

Each function writes one table and returns the place that `-e draft -P table=` is given.
"""

import gzip
import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tests.sheets import write_xlsx

ROWS = 3000


def make_raw(seed: int, rows: int = ROWS) -> pd.DataFrame:
    """Return loans whose default depends on income, amount, bureau score and purpose.

    About two loans in nine default, and a model of all columns reaches an AUC near 0.83.
    """
    rng = np.random.default_rng(seed)
    income = rng.lognormal(10.3, 0.45, rows)
    amount = rng.integers(10, 400, rows) * 100.5
    bureau = np.clip(rng.normal(620, 80, rows), 300, 850).round()
    purpose = rng.choice(["car", "house", "studies", "business"], rows, p=[0.4, 0.3, 0.2, 0.1])
    owner = rng.random(rows) < 0.6
    margin = (
        -1.7
        - 1.8 * (np.log(income) - 10.3)
        + 0.00008 * (amount - 20_000)
        - 0.012 * (bureau - 620)
        + 1.7 * (purpose == "business")
        - 0.8 * owner
    )
    return pd.DataFrame(
        {
            "number": np.arange(rows) + 40_001,
            "day": pd.Timestamp("2019-01-02") + pd.to_timedelta(np.arange(rows) // 3, "D"),
            "income": income.round(2),
            "amount": amount,
            "bureau": bureau.astype(int),
            "purpose": purpose,
            "owner": owner,
            "branch": rng.integers(1, 30, rows),
            "years": np.where(rng.random(rows) < 0.1, np.nan, rng.integers(0, 30, rows)),
            "sex": rng.choice(["F", "M"], rows),
            "default": rng.random(rows) < 1 / (1 + np.exp(-margin)),
        }
    )


def _codes_only(folder: Path) -> str:
    raw = make_raw(1)
    steps = pd.DataFrame(
        {
            "income_class": pd.qcut(raw["income"], 8, labels=False) + 1,
            "amount_class": pd.qcut(raw["amount"], 9, labels=False, duplicates="drop") + 1,
            "bureau_class": pd.qcut(raw["bureau"], 9, labels=False, duplicates="drop") + 1,
            "purpose_code": raw["purpose"].map(
                {"car": 40, "house": 41, "studies": 46, "business": 49}
            ),
            "branch_code": raw["branch"].map("{:03d}".format),
            "class": raw["default"].map({True: 2, False: 1}),
        }
    )
    steps.to_csv(folder / "codes.csv", index=False)
    return str(folder / "codes.csv")


def _unnamed_index(folder: Path) -> str:
    raw = make_raw(2)
    renamed = raw.rename(columns={"bureau": "BureauScore", "income": "MonthlyIncome"})
    table = renamed.drop(columns=["number", "day", "sex"]).assign(
        SeriousDlqin2yrs=raw["default"].astype(int)
    )
    table.drop(columns="default").to_csv(folder / "cs-training.csv")
    return str(folder / "cs-training.csv")


def _json_lines(folder: Path) -> str:
    raw = make_raw(3)
    rows = raw.assign(
        application_id=[f"A{n}" for n in raw["number"]],
        decided_on=raw["day"].dt.strftime("%Y-%m-%d"),
        outcome=raw["default"].map({True: "defaulted", False: "repaid"}),
    ).drop(columns=["number", "day", "default"])
    with (folder / "applicants.jsonl").open("w", encoding="utf-8") as file:
        for row in rows.to_dict("records"):
            # who has no value often leaves the name out
            kept = {k: v for k, v in row.items() if not (isinstance(v, float) and np.isnan(v))}
            file.write(json.dumps(kept) + "\n")
    return str(folder / "applicants.jsonl")


def _excel_with_a_title(folder: Path) -> str:
    raw = make_raw(4)
    table = raw.rename(columns={"number": "Loan number", "day": "Approval date"}).assign(
        Status=raw["default"].map({True: "Written off", False: "Paid in full"})
    )
    table = table.drop(columns="default")
    table["Approval date"] = table["Approval date"].dt.date
    cells = table.astype(object).where(table.notna(), None).to_numpy().tolist()
    title = ["Loans of the retail branch, as of June"]
    write_xlsx(folder / "book.xlsx", {"Loans": [title, [], list(table.columns), *cells]})
    return str(folder / "book.xlsx")


def _folder_of_parquet(folder: Path) -> str:
    raw = make_raw(5)
    table = raw.rename(columns={"number": "loan_id", "day": "granted_at", "default": "is_default"})
    table["purpose"] = table["purpose"].astype("category")
    parts = folder / "parts"
    parts.mkdir()
    for part in range(3):
        table.iloc[part * 1000 : (part + 1) * 1000].to_parquet(parts / f"part-{part}.parquet")
    return str(parts)


def _french_export(folder: Path) -> str:
    raw = make_raw(7)
    rng = np.random.default_rng(70)
    words = ["client", "rappelé", "dossier", "complet", "accord", "agence", "pièce", "fournie"]
    status = raw["default"].map({True: "Contentieux", False: "Remboursé"}).astype(object)
    status[rng.random(len(raw)) < 0.1] = "En cours"

    def comma(values: Any) -> list[str]:
        return ["" if np.isnan(v) else f"{v:.2f}".replace(".", ",") for v in values]

    table = pd.DataFrame(
        {
            "N° dossier": raw["number"],
            "Date d'octroi": raw["day"].dt.strftime("%d/%m/%Y"),
            "Montant demandé": comma(raw["amount"]),
            "Revenu annuel (€)": comma(raw["income"]),
            "Note bureau": raw["bureau"],
            "Ancienneté": raw["years"].map(lambda v: "" if np.isnan(v) else str(int(v))),
            "Objet du prêt": raw["purpose"].map(
                {"car": "véhicule", "house": "travaux", "studies": "études", "business": "société"}
            ),
            "Propriétaire": raw["owner"].map({True: "oui", False: "non"}),
            "Situation familiale": rng.choice(["marié", "célibataire", "divorcé"], len(raw)),
            "Commentaire": [" ".join(rng.choice(words, 6)) + f" {n}" for n in range(len(raw))],
            "Dernier paiement": comma(
                np.where(raw["default"], 0.4, 1.0) * raw["amount"] * rng.uniform(0.5, 1, len(raw))
            ),
            "Statut": status,
        }
    )
    table.to_csv(folder / "prêts 2021.csv", sep=";", index=False, encoding="cp1252")
    return str(folder / "prêts 2021.csv")


def _tsv_with_thousands(folder: Path) -> str:
    raw = make_raw(8)
    table = pd.DataFrame(
        {
            "Loan ID": raw["number"].map("L-{}".format),
            "Loan Amount": raw["amount"].map("${:,.2f}".format),
            "Annual Income": raw["income"].map("{:,.0f}".format),
            "Bureau Score": raw["bureau"],
            "Purpose": raw["purpose"],
            "Home Owner": raw["owner"].map({True: "TRUE", False: "FALSE"}),
            "Gender": raw["sex"],
            "Loan Status": raw["default"].map({True: "Charged Off", False: "Fully Paid"}),
        }
    )
    text = table.to_csv(sep="\t", index=False)
    (folder / "loans.tsv.gz").write_bytes(gzip.compress(text.encode()))
    return str(folder / "loans.tsv.gz")


def _zip_with_a_title(folder: Path) -> str:
    raw = make_raw(9)
    rate = (22 - raw["bureau"] / 50).clip(3, 30)
    table = pd.DataFrame(
        {
            "id": raw["number"],
            "issue_d": raw["day"].dt.strftime("%b-%Y"),
            "loan_amnt": raw["amount"],
            "int_rate": rate.map("{:.2f}%".format),
            "annual_inc": raw["income"],
            "fico": raw["bureau"],
            "purpose": raw["purpose"],
            "recoveries": np.where(raw["default"], raw["amount"] * 0.1, 0.0).round(2),
            "loan_status": raw["default"].map({True: "Default", False: "Fully Paid"}),
        }
    )
    text = "Notes offered by prospectus, 2019 to 2021\n" + table.to_csv(index=False)
    with zipfile.ZipFile(folder / "LoanStats.csv.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("LoanStats.csv", text)
    return str(folder / "LoanStats.csv.zip")


def _utf16_with_tabs(folder: Path) -> str:
    raw = make_raw(10)
    table = pd.DataFrame(
        {
            "Contract": raw["number"].map("{:07d}".format),
            "Decision date": raw["day"].dt.strftime("%Y-%m-%d"),
            "Amount": raw["amount"],
            "Income": raw["income"],
            "Score": raw["bureau"],
            "Purpose": raw["purpose"],
            "Owner": raw["owner"].map({True: "Yes", False: "No"}),
            "Years employed": raw["years"],
            "In default": raw["default"].map({True: "Yes", False: "No"}),
        }
    )
    table.to_csv(folder / "export.txt", sep="\t", index=False, encoding="utf-16")
    return str(folder / "export.txt")


def postgres_rows() -> pd.DataFrame:
    """Return the rows of the table that is kept in PostgreSQL."""
    raw = make_raw(6)
    names = {"number": "loan_id", "day": "approved_on", "default": "defaulted"}
    return raw.rename(columns=names)


# the table in PostgreSQL is the tenth
FILES: dict[str, Callable[[Path], str]] = {
    "codes only": _codes_only,
    "unnamed index column": _unnamed_index,
    "one applicant per line of JSON": _json_lines,
    "Excel with a title row": _excel_with_a_title,
    "a folder of Parquet": _folder_of_parquet,
    "a French export": _french_export,
    "TSV in gzip with thousands": _tsv_with_thousands,
    "a zip of CSV with a title line": _zip_with_a_title,
    "UTF-16 with tabs": _utf16_with_tabs,
}

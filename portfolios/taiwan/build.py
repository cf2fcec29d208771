"""Build clients.parquet from the published UCI 350 file: the .xls, a CSV or a Parquet copy."""

from __future__ import annotations

import argparse
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

# The file counts months backwards from September 2005.
MONTHS = ["september", "august", "july", "june", "may", "april"]

# Codes without an explanation in the publication (education 0, 5, 6; marriage 0) become missing.
SEX = {1: "male", 2: "female"}
EDUCATION = {1: "graduate_school", 2: "university", 3: "high_school", 4: "other"}
MARRIAGE = {1: "married", 2: "single", 3: "other"}

AMOUNTS = {"LIMIT_BAL": "credit_limit_amount"} | {
    f"{published}{number}": f"{name}_{month}"
    for published, name in (("BILL_AMT", "bill_amount"), ("PAY_AMT", "paid_amount"))
    for number, month in enumerate(MONTHS, start=1)
}
# The numbers are 0, 2, 3, ...: the published file has no PAY_1.
STATUSES = {
    f"PAY_{number}": f"repayment_status_{month}"
    for number, month in zip([0, 2, 3, 4, 5, 6], MONTHS, strict=True)
}

SCHEMA = pa.schema(
    [
        ("client_id", pa.int32()),
        ("defaulted", pa.int32()),
        ("sex", pa.string()),
        ("education", pa.string()),
        ("marriage", pa.string()),
        ("age", pa.int32()),
        *((name, pa.int32()) for name in STATUSES.values()),
        *((name, pa.float64()) for name in AMOUNTS.values()),
    ]
)


def read_original(path: Path) -> pd.DataFrame:
    """Read the published file; every format gives the same column names.

    The .xls file, and a CSV file saved from it, have a line X1, X2, ... above the names.
    """
    if path.suffix == ".parquet":
        original = pd.read_parquet(path)
    elif path.suffix == ".xls":
        original = pd.read_excel(path, header=1, engine="calamine")
    else:
        original = pd.read_csv(path)
        if "LIMIT_BAL" not in original.columns:
            original = pd.read_csv(path, header=1)
    return original.rename(columns=lambda name: str(name).replace(" ", "_").replace(".", "_"))


def build_clients(original: pd.DataFrame) -> pd.DataFrame:
    """Return the portfolio's clients, ordered by client number."""
    columns = {
        "client_id": original["ID"],
        "defaulted": original["default_payment_next_month"],
        "sex": original["SEX"].map(SEX),
        "education": original["EDUCATION"].map(EDUCATION),
        "marriage": original["MARRIAGE"].map(MARRIAGE),
        "age": original["AGE"],
        **{name: original[published] for published, name in STATUSES.items()},
        **{name: original[published] for published, name in AMOUNTS.items()},
    }
    return pd.DataFrame(columns).sort_values("client_id", ignore_index=True)


def write_clients(clients: pd.DataFrame, path: Path) -> None:
    """Write the clients as Parquet; the same clients and library version give the same bytes."""
    table = pa.Table.from_pandas(clients, schema=SCHEMA, preserve_index=False)
    # The metadata are removed, because they would contain the version of pandas.
    pq.write_table(
        table.replace_schema_metadata(None), path, compression="zstd", compression_level=19
    )


def summarise(clients: pd.DataFrame) -> str:
    """Return the counts that are in README.md."""
    lines = [f"{len(clients):,} clients, {clients['defaulted'].mean():.2%} defaulted"]
    for name in ("sex", "education", "marriage"):
        for level, part in clients.groupby(clients[name].fillna("missing")):
            lines.append(
                f"{name} {level!s}: {len(part):,}, {part['defaulted'].mean():.1%} defaulted"
            )
    return "\n".join(lines)


def main() -> None:
    """Read the command line, build the file and print its counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "original", type=Path, help="the published .xls, a CSV of it, or a Parquet copy"
    )
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("clients.parquet"))
    arguments = parser.parse_args()
    clients = build_clients(read_original(arguments.original))
    write_clients(clients, arguments.output)
    print(summarise(clients))  # noqa: T201  (printing is the task of this command)


if __name__ == "__main__":
    main()

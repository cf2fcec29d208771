"""Build loans.parquet and later_loans.parquet from SBAnational.csv, or a Parquet copy of it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

FIRST_APPROVAL = pd.Timestamp("1997-01-01")
TEST_FROM = pd.Timestamp("2004-01-01")
# the loans from here on are those that the model decides later
LATER_FROM = pd.Timestamp("2005-01-01")
END_OF_APPROVALS = pd.Timestamp("2008-01-01")
# The newest year of any record. A two-digit year that gives a later year is of the 20th century.
LAST_RECORDED_YEAR = 2014

SCHEMA = pa.schema(
    [
        ("loan_id", pa.int64()),
        ("approval_date", pa.timestamp("ms")),
        ("defaulted", pa.int32()),
        ("state", pa.string()),
        ("bank", pa.string()),
        ("bank_state", pa.string()),
        ("naics", pa.string()),
        ("employees", pa.int32()),
        ("new_business", pa.string()),
        ("jobs_created", pa.int32()),
        ("jobs_retained", pa.int32()),
        ("franchise", pa.string()),
        ("urban_rural", pa.string()),
        ("revolving_line", pa.string()),
        ("low_doc", pa.string()),
        ("approved_amount", pa.float64()),
        ("sba_guaranteed_amount", pa.float64()),
        ("term_months", pa.int32()),
        ("charged_off_amount", pa.float64()),
        ("charge_off_date", pa.timestamp("ms")),
        ("disbursement_date", pa.timestamp("ms")),
        ("disbursed_amount", pa.float64()),
    ]
)


def read_original(path: Path) -> pd.DataFrame:
    """Read the published file unchanged: the CSV as text, or a Parquet copy with types."""
    if path.suffix == ".parquet":
        return pd.read_parquet(path)
    # Only an empty field is missing. By default, pandas also reads "NULL" or "NA" as missing.
    return pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""])


def parse_text(values: pd.Series) -> pd.Series:
    """Return text without leading and trailing blanks; empty text becomes missing."""
    text = values.astype("string").str.strip()
    return text.mask(text == "")


def parse_number(values: pd.Series) -> pd.Series:
    """Return doubles from numbers, or from text such as ``"$60,000.00 "``."""
    if pd.api.types.is_numeric_dtype(values):
        return values.astype("float64")
    digits = parse_text(values).str.replace(r"[$,]", "", regex=True)
    return pd.to_numeric(digits).astype("Float64").astype("float64")


def parse_date(values: pd.Series) -> pd.Series:
    """Return dates in milliseconds from dates, or from text such as ``"28-Feb-97"``."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return values.astype("datetime64[ms]")
    dates = pd.to_datetime(parse_text(values), format="%d-%b-%y").astype("datetime64[ms]")
    century_before = dates - pd.DateOffset(years=100)
    return dates.mask(dates.dt.year > LAST_RECORDED_YEAR, century_before)


def parse_code(values: pd.Series, undefined: int = 0) -> pd.Series:
    """Return numeric codes as text; the code `undefined` (not known) becomes missing."""
    codes = parse_number(values).astype("Int64")
    return codes.mask(codes == undefined).astype("string")


def name_levels(values: pd.Series, levels: Mapping[str, str]) -> pd.Series:
    """Return a readable level for each value; a value without a level becomes missing."""
    return parse_text(values).map(levels).astype("string")


def name_franchise(values: pd.Series) -> pd.Series:
    """Return the franchise code; the codes 0 and 1 (no franchise) become the level ``none``.

    They do not become missing, because a franchise never seen in training is scored as missing.
    """
    codes = parse_number(values).astype("Int64").astype("string")
    return codes.mask(codes.isin(["0", "1"]), "none")


def describe_decision(original: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the columns that were known at the decision, under their new names."""
    return {
        "state": parse_text(original["State"]),
        "bank": parse_text(original["Bank"]),
        "bank_state": parse_text(original["BankState"]),
        "naics": parse_code(original["NAICS"]),
        "employees": parse_number(original["NoEmp"]),
        "new_business": parse_code(original["NewExist"]).map({"1": "false", "2": "true"}),
        "jobs_created": parse_number(original["CreateJob"]),
        "jobs_retained": parse_number(original["RetainedJob"]),
        "franchise": name_franchise(original["FranchiseCode"]),
        "urban_rural": parse_code(original["UrbanRural"]).map({"1": "urban", "2": "rural"}),
        "revolving_line": name_levels(original["RevLineCr"], {code: code for code in "YNT0"}),
        "low_doc": name_levels(original["LowDoc"], {"Y": "true", "N": "false"}),
        "approved_amount": parse_number(original["GrAppv"]),
        "sba_guaranteed_amount": parse_number(original["SBA_Appv"]),
    }


def describe_outcome(original: pd.DataFrame) -> dict[str, pd.Series]:
    """Return the columns that were known, or changed, only after the decision."""
    return {
        "defaulted": parse_text(original["MIS_Status"]).eq("CHGOFF"),
        "term_months": parse_number(original["Term"]),
        "charged_off_amount": parse_number(original["ChgOffPrinGr"]),
        "charge_off_date": parse_date(original["ChgOffDate"]),
        "disbursement_date": parse_date(original["DisbursementDate"]),
        "disbursed_amount": parse_number(original["DisbursementGross"]),
    }


def select_approvals(
    original: pd.DataFrame, first: pd.Timestamp, end: pd.Timestamp
) -> pd.DataFrame:
    """Return the loans approved from `first` until before `end`, with any outcome."""
    approved = parse_date(original["ApprovalDate"])
    return original.loc[approved.between(first, end, inclusive="left")]


def build_loans(approvals: pd.DataFrame) -> pd.DataFrame:
    """Return the portfolio's loans in order of approval, without loans of unknown outcome."""
    known = approvals[parse_text(approvals["MIS_Status"]).notna()]
    columns = {
        "loan_id": parse_number(known["LoanNr_ChkDgt"]).astype("int64"),
        "approval_date": parse_date(known["ApprovalDate"]),
        **describe_decision(known),
        **describe_outcome(known),
    }
    return pd.DataFrame(columns).sort_values(["approval_date", "loan_id"], ignore_index=True)


def write_loans(loans: pd.DataFrame, path: Path) -> None:
    """Write the loans as Parquet; the same loans and library version give the same bytes."""
    table = pa.Table.from_pandas(loans, schema=SCHEMA, preserve_index=False)
    pq.write_table(
        table.replace_schema_metadata(None),  # it would contain the version of pandas
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=[name for name in SCHEMA.names if name != "loan_id"],
        column_encoding={"loan_id": "DELTA_BINARY_PACKED"},
    )


def summarise(approvals: pd.DataFrame, loans: pd.DataFrame) -> str:
    """Return the counts that are in README.md."""
    dropped = len(approvals) - len(loans)
    years = loans["approval_date"].dt.year
    parts = {"all": loans}
    if years.min() < TEST_FROM.year:
        is_test = loans["approval_date"] >= TEST_FROM
        parts |= {"train": loans[~is_test], "test": loans[is_test]}
    approved = f"approved {years.min()}-{years.max()}: {len(approvals):,}"
    lines = [f"{approved}; dropped, outcome unknown: {dropped:,}"]
    for name, part in (*parts.items(), *loans.groupby(years)):
        lines.append(f"{name}: {len(part):,} loans, {part['defaulted'].mean():.2%} defaulted")
    lines.extend(
        f"{name}: {loans[name].nunique():,} values, {loans[name].isna().sum():,} missing"
        for name in loans.columns
    )
    return "\n".join(lines)


def main() -> None:
    """Read the command line, build the files and print their counts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("original", type=Path, help="SBAnational.csv, or a Parquet copy of it")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, help="folder")
    arguments = parser.parse_args()
    original = read_original(arguments.original)
    for name, first, end in (
        ("loans", FIRST_APPROVAL, LATER_FROM),
        ("later_loans", LATER_FROM, END_OF_APPROVALS),
    ):
        approvals = select_approvals(original, first, end)
        loans = build_loans(approvals)
        write_loans(loans, arguments.output / f"{name}.parquet")
        print(summarise(approvals, loans))  # noqa: T201  (printing is the task of this command)


if __name__ == "__main__":
    main()

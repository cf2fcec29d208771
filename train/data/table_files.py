"""Files of a table: where one lies, and the SQL that reads it."""

from collections.abc import Mapping
from pathlib import Path

from train.errors import InputError

CSV_ENDINGS = (".csv", ".csv.gz")
ENDINGS = (".parquet", *CSV_ENDINGS)
# What stands in a CSV file for a missing value: fewer words than pandas knows, as DuckDB compares
# every value with each, and takes a fifth longer to read with all of them. Which levels only pandas
# takes for missing, such as None, `contract_learning.csv_notes` tells.
HISTORY_MISSING = ("", "NA", "NaN", "nan", "NULL", "null")
CSV_TYPES = ("BIGINT", "DOUBLE", "VARCHAR")


def find_table(folder: Path, table: str) -> str:
    """Return the path of a table: a file, or a glob of all files of a folder.

    Raises
    ------
    InputError
        There is no such file.
    """
    for ending in ENDINGS:
        file = folder / f"{table}{ending}"
        if file.is_file():
            return str(file)
        if any((folder / table).glob(f"*{ending}")):
            return f"{folder / table}/*{ending}"
    raise InputError(f"{folder}: table {table!r}: no {table}.parquet, .csv or .csv.gz")


def scan(path: str, types: Mapping[str, str] | None = None) -> str:
    """Return the SQL that reads a Parquet or CSV file, or a glob of them.

    Parameters
    ----------
    path : str
    types : mapping of str to str, optional
        Types of the columns that are read, where they are known. A CSV file need not be searched
        for them then; for wide tables the search takes longer than to read them.
    """
    quoted = path.replace("'", "''")
    if path.endswith(".parquet"):
        return f"read_parquet('{quoted}')"
    # with the quote left open, finding the types takes three times as long
    options = f"header = true, quote = '\"', escape = '\"', nullstr = {list(HISTORY_MISSING)}"
    if types is None:
        # no other type: DuckDB would make a boolean of Yes and No, which Parquet keeps as text
        options += f", sample_size = 200000, auto_type_candidates = {list(CSV_TYPES)}"
    else:
        # text holds whatever an unread column has; the other types are made of it when it is read
        known = {name: kind if kind in CSV_TYPES else "VARCHAR" for name, kind in types.items()}
        options += f", auto_type_candidates = ['VARCHAR'], types = {known}"
    return f"read_csv('{quoted}', {options})"

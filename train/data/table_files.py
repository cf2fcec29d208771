"""Find the file of a table, and write the SQL that reads it."""

from collections.abc import Mapping
from pathlib import Path

from train.errors import InputError
from train.tables import ENDINGS

# Words that mean missing in CSV files of histories. pandas has more such words. DuckDB compares
# every value with every word, and with all words of pandas it would take a fifth longer. If a level
# is one of the other words, such as None, `contract_learning.csv_notes` warns the user.
HISTORY_MISSING = ("", "NA", "NaN", "nan", "NULL", "null")
CSV_TYPES = ("BIGINT", "DOUBLE", "VARCHAR")


def find_table(folder: Path, table: str) -> str:
    """Return the path of a table: one file, or a glob for all files of its folder.

    Parameters
    ----------
    folder : Path
        The folder of all tables.
    table : str
        Name of the table: of a file without its ending, or of a folder with files.

    Raises
    ------
    InputError
        There is no such file or folder.
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
        A path or a glob.
    types : mapping of str to str, optional
        Types of the columns to read, if known. DuckDB then need not find the types of a CSV file.
        In wide tables, finding them takes longer than reading.
    """
    quoted = path.replace("'", "''")
    if path.endswith(".parquet"):
        return f"read_parquet('{quoted}')"
    # if the quote is not given, DuckDB takes three times as long to find the types
    options = f"header = true, quote = '\"', escape = '\"', nullstr = {list(HISTORY_MISSING)}"
    if types is None:
        # no other types: DuckDB would turn Yes and No into booleans, which Parquet keeps as text
        options += f", sample_size = 200000, auto_type_candidates = {list(CSV_TYPES)}"
    else:
        # columns that are not read stay VARCHAR, which can hold any value; others are cast later
        known = {name: kind if kind in CSV_TYPES else "VARCHAR" for name, kind in types.items()}
        options += f", auto_type_candidates = ['VARCHAR'], types = {known}"
    return f"read_csv('{quoted}', {options})"

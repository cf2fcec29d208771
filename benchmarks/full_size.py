"""Seven simulated tables that are as large as Home Credit's.

`python -m benchmarks.full_size <folder> [scale]` writes them as CSV files, with a `portfolio.toml`
in the same folder. At scale 1 there are 307,511 applications in `application_train.csv`, 48,744 in
`test/application_test.csv`, and 58 million rows of histories, together 4 GB. As in Home Credit's
files, the rows of the tables in `SHUFFLED` have no order, and the rows of the bureau are ordered by
credit.
"""

import sys
from collections.abc import Mapping
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from tests.made_histories import APPLICATION, UNKNOWN, draw, make_histories, write_portfolio

APPLICANTS, NEW_APPLICANTS, BLOCK = 307_511, 48_744, 20_000
TEST_FOLDER = "test"
SHUFFLED = (
    *("previous_application", "POS_CASH_balance", "installments_payments"),
    "credit_card_balance",
)
Writers = dict[str, pacsv.CSVWriter]


def write_full_size(folder: Path, scale: float = 1.0) -> Mapping[str, int]:
    """Write the tables and the portfolio into a folder; return the number of rows of each table.

    Parameters
    ----------
    folder : Path
        The folder to make. Its subfolder `test` gets the table of new applicants and links to the
        histories, so that it can be scored like any folder of tables.
    scale : float
        Share of the full size.
    """
    (folder / TEST_FOLDER).mkdir(parents=True)
    applicants, new = round(APPLICANTS * scale), round(NEW_APPLICANTS * scale)
    rows: dict[str, int] = {}
    writers: Writers = {}
    for first in range(0, applicants, BLOCK):
        tables = make_histories(min(BLOCK, applicants - first), seed=first, first=first)
        known = tables["application_train"]["SK_ID_CURR"]
        unknown = known[: len(known) // 6].iloc[: new - rows.get("application_test", 0)] + UNKNOWN
        tables["application_test"] = draw(
            APPLICATION, {"SK_ID_CURR": unknown.to_numpy()}, first + 9
        )
        for name, table in tables.items():
            place = folder / TEST_FOLDER if name == "application_test" else folder
            _append(writers, place / f"{name}.csv", table)
            rows[name] = rows.get(name, 0) + len(table)
    for writer in writers.values():
        writer.close()
    for name in SHUFFLED:
        _shuffle(folder / f"{name}.csv")
    for name in set(rows) - {"application_train", "application_test"}:
        (folder / TEST_FOLDER / f"{name}.csv").symlink_to(folder.resolve() / f"{name}.csv")
    write_portfolio(folder, "csv")
    return rows


def _append(writers: Writers, path: Path, table: pd.DataFrame) -> None:
    rows = pa.Table.from_pandas(table, preserve_index=False)
    if path.name not in writers:
        writers[path.name] = pacsv.CSVWriter(path, rows.schema)
    writers[path.name].write_table(rows)


def _shuffle(path: Path) -> None:
    """Sort the rows of a CSV file by a hash of their content."""
    whole = path.rename(path.with_suffix(".ordered"))
    with duckdb.connect() as connection:
        connection.execute(f"SET temp_directory = '{path.with_suffix('.spill')}'")
        rows = f"SELECT * FROM read_csv('{whole}', all_varchar = true) AS t ORDER BY hash(t)"
        connection.execute(f"COPY ({rows}) TO '{path}' (HEADER, DELIMITER ',')")
    whole.unlink()


if __name__ == "__main__":
    sizes = write_full_size(Path(sys.argv[1]), *map(float, sys.argv[2:]))
    for name, count in sizes.items():
        print(f"{name}: {count:,} rows")

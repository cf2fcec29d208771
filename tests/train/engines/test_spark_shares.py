"""The shares of Spark's tasks hold each row once, however they are cut."""

import datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoring_model.contract import Feature, FeatureContract
from train.engines.spark_features import ROW
from train.engines.spark_rows import FILE, KEY, PROBLEMS, CheckedRows
from train.engines.spark_shares import Share, read_shares, share_tables
from train.errors import InputError
from train.tables import Source, open_tables

ROWS = 100
CONTRACT = FeatureContract((Feature("income", "number", nullable=False),))


def write_files(folder: Path, ending: str, files: int = 2) -> Source:
    """Write some files of 100 rows; row 41 of each has no income."""
    for number in range(files):
        income = np.where(np.arange(ROWS) == 41, np.nan, np.arange(ROWS) + 0.5)
        frame = pd.DataFrame({"loan": np.arange(ROWS) + ROWS * number, "income": income})
        file = folder / f"{number}.{ending}"
        if ending == "csv":
            frame.to_csv(file, index=False)
        else:
            pq.write_table(pa.Table.from_pandas(frame), file, row_group_size=30)
    return Source(str(folder))


@pytest.mark.parametrize("task_rows", [7, 30, 45, 1000])
@pytest.mark.parametrize("key", ["loan", None])
def test_every_row_is_in_one_share(tmp_path: Path, task_rows: int, key: str | None) -> None:
    source = write_files(tmp_path, "parquet")
    shares = share_tables(open_tables(source).tables, task_rows, is_numbered=key is None)
    assert len(shares) == 2 * -(-ROWS // task_rows)
    checked = CheckedRows(CONTRACT, key, pa.int64(), datetime.date(2022, 1, 1))
    tasks = [pa.RecordBatch.from_pydict({"id": [number]}) for number in range(len(shares))]
    batches = [batch for task in tasks for batch in read_shares(checked, source, shares, [task])]
    found = pa.Table.from_batches(batches)
    assert found.column(KEY).to_pylist() == list(range(2 * ROWS))
    assert found.column(ROW).to_pylist() == [*range(ROWS)] * 2
    assert found.column(FILE).to_pylist() == ["0.parquet"] * ROWS + ["1.parquet"] * ROWS
    wrong = [row for row, problems in enumerate(found.column(PROBLEMS).to_pylist()) if problems]
    assert wrong == [41, 141]


def test_a_text_file_is_one_share(tmp_path: Path) -> None:
    tables = open_tables(write_files(tmp_path, "csv")).tables
    assert share_tables(tables, 10, is_numbered=False) == [
        Share(0, 0, None, 0),
        Share(1, 0, None, 0),
    ]
    with pytest.raises(InputError, match="cannot number the rows of several text files"):
        share_tables(tables, 10, is_numbered=True)

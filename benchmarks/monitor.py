"""Monitoring of a decision log with outcomes: seconds and the peak memory.

`python -m benchmarks.monitor [decisions]` logs decisions about the loans of `portfolios/sba`, made
by the champion of `credit-scoring`, over the 36 months from 2005 to 2007. Each accepted loan has an
outcome, by its reference. The default is ten million decisions.
"""

import datetime
import sys
import tempfile
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.decision_logs import measure, run_measured, write_log
from scoring_model.decision_log import FolderReader

FIRST, DAYS = datetime.date(2005, 1, 1), 1095
AS_OF = "2010-12-31"
GROUP_ROWS = 100_000


def find_day(number: int) -> str:
    """Return the day of a decision: all days in turn."""
    return (FIRST + datetime.timedelta(number % DAYS)).isoformat()


def write_outcomes(place: Path, path: Path) -> None:
    """Write an outcome for each accepted decision of a log, with the logged probability."""
    names = ["reference", "observed_on", "defaulted"]
    types = [pa.string(), pa.date32(), pa.int32()]
    schema = pa.schema(list(zip(names, types, strict=True)))
    rng = np.random.default_rng(0)
    with pq.ParquetWriter(path, schema) as file:
        rows: list[tuple[str, datetime.date, int]] = []
        for segment in (reader := FolderReader(place)).segments():
            for text, personal in reader.pairs(segment):
                record = orjson.loads(text or b"")
                if record["score"] == 1 and personal is not None:
                    day = datetime.date.fromisoformat(record["decided_on"])
                    seen = day + datetime.timedelta(int(rng.integers(1, 1000)))
                    defaulted = int(rng.random() < record["probability"])
                    reference = orjson.loads(personal.values)["reference"]
                    rows.append((reference, seen, defaulted))
                if len(rows) == GROUP_ROWS:
                    file.write_table(_to_table(rows, schema))
                    rows.clear()
        file.write_table(_to_table(rows, schema))


def _to_table(rows: list[tuple[str, datetime.date, int]], schema: pa.Schema) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema)


def main(decisions: int) -> None:
    """Write a log and its outcomes, and monitor them."""
    with tempfile.TemporaryDirectory() as name:
        place, outcomes = Path(name) / "decisions", Path(name) / "outcomes.parquet"
        write_log(place, decisions, find_day)
        write_outcomes(place, outcomes)
        print(f"{decisions} decisions")
        arguments = ["monitor", "--decisions", str(place), "--outcomes", str(outcomes)]
        run_measured("benchmarks.monitor", place, [*arguments, "--as_of", AS_OF])


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        measure(sys.argv[2:])
    else:
        main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000_000)

"""Which cells of a table say on which day a loan was decided."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from scoring_model.contract import EncodedRows
from tests.train.batch.logged import load_version, write_version
from train.batch.decided_days import read_decided_days
from train.portfolio.sections import ReadSettings


@pytest.mark.parametrize(
    ("cells", "days"),
    [
        (pa.array(["2006-01-31", "soon"], pa.large_string()), ["2006-01-31", None]),
        (pa.array(["2006-01-31", "soon"], pa.string_view()), ["2006-01-31", None]),
        (pa.array(["2006-01-31", "soon"]).dictionary_encode(), ["2006-01-31", None]),
        (pa.array([13179, None], pa.date32()), ["2006-01-31", None]),
        (pa.array([13179 * 86400, None], pa.timestamp("s")), ["2006-01-31", None]),
        (pa.array([13179 * 86_400_000 + 1, None], pa.date64()), ["2006-01-31", None]),
        # a day of the year 20040, which Python does not know
        (pa.array([13179, 6_600_000], pa.date32()), ["2006-01-31", None]),
        (pa.array([1, 2], pa.time32("s")), [None, None]),
        (pa.array([1, 2], pa.duration("s")), [None, None]),
        (pa.array([20060131, 1]), [None, None]),
        (pa.array([[1], [2]]), [None, None]),
        (pa.nulls(2), [None, None]),
    ],
    ids=lambda value: str(value.type) if isinstance(value, pa.Array) else "",
)
def test_only_dates_and_text_say_when_a_decision_was_made(
    tmp_path: Path, cells: pa.Array, days: list[str | None]
) -> None:
    write_version(tmp_path / "version")
    model = load_version(tmp_path / "version")
    contract = replace(model.scorer.contract, decision_date="")
    dated = replace(
        model, scorer=replace(model.scorer, contract=contract), decision_date="decided_on"
    )
    records = pa.record_batch({"decided_on": cells})
    encoded, valid = EncodedRows(np.empty((2, 0))), np.ones(2, dtype=bool)
    assert read_decided_days(dated, records, ReadSettings(), encoded, valid) == days

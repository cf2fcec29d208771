"""Dates and formulas: the matrix is computed from the fields, alike for one and many applicants."""

import datetime
import io
import math
import pickle
import struct
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_model.contract import (
    UNUSUAL,
    CsvTable,
    EncodedRows,
    Feature,
    FeatureContract,
    Notice,
    days,
    join_rows,
    parse_day,
)
from scoring_model.errors import InvalidRequest

INCOME = Feature("Net income", "number", nullable=False)
BORN = Feature("born_on", "date", nullable=True)
GRADE = Feature("grade", "category", True, ("A", "B"))
INPUTS = (Feature("hired_on", "date", nullable=True), Feature("rent", "number", nullable=True))
CONTRACT = FeatureContract(
    (
        Feature("employed_days", "number", True, formula="decided_on - hired_on"),
        INCOME,
        BORN,
        Feature("left", "number", True, formula='log("Net income" - coalesce(rent, 0)) / 3'),
        GRADE,
    ),
    INPUTS,
    "decided_on",
)
FIRST = {
    "Net income": 2500,
    "born_on": "1990-06-01",
    "grade": "B",
    "hired_on": "2021-12-01",
    "rent": 700.5,
    "decided_on": "2021-12-31",
}


def test_fields_are_what_a_request_carries_and_names_are_the_matrix() -> None:
    assert CONTRACT.names == ("employed_days", "Net income", "born_on", "left", "grade")
    assert CONTRACT.field_names == tuple(FIRST)
    assert CONTRACT.categorical_indices == (4,)


def test_dates_become_days_before_the_decision_and_formulas_are_computed() -> None:
    born = (datetime.date(2021, 12, 31) - datetime.date(1990, 6, 1)).days
    values, notices = CONTRACT.encode_values(FIRST)
    assert values == [30.0, 2500.0, float(born), math.log(2500 - 700.5) / 3, 1.0]
    assert notices == []
    bare, _ = CONTRACT.encode_values({"Net income": 2, "decided_on": "2021-12-31"})
    np.testing.assert_array_equal(bare, [np.nan, 2.0, np.nan, math.log(2) / 3, np.nan])


def test_an_applicant_without_decision_date_is_decided_today(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dated, _ = CONTRACT.encode_values(FIRST)
    undated = {name: value for name, value in FIRST.items() if name != "decided_on"}
    now, _ = CONTRACT.encode_values(undated)
    assert now[0] > 1000
    monkeypatch.setattr(days, "today", lambda: parse_day("2021-12-31"))
    for record in (undated, {**undated, "decided_on": None}):
        assert CONTRACT.encode_values(record) == (dated, [])
    both = CONTRACT.encode_records([undated, {**FIRST, "decided_on": "2022-01-01"}])
    assert both.matrix[:, 0].tolist() == [30.0, 31.0]
    without_field = FeatureContract((BORN,))
    assert without_field.encode_values({"born_on": "2021-12-01"})[0] == [30.0]


@pytest.mark.parametrize("income", [700.5, 700, 0])
def test_a_result_that_is_not_finite_is_missing(income: float) -> None:
    values, notices = CONTRACT.encode_values({**FIRST, "Net income": income})
    assert math.isnan(values[3])
    assert notices == []
    ratio = FeatureContract((INCOME, Feature("r", "number", True, formula='1 / "Net income"')))
    assert math.isnan(ratio.encode_values({"Net income": 0})[0][1])
    assert math.isnan(ratio.encode_values({"Net income": 5e-324})[0][1])


def test_a_derived_feature_cannot_be_sent_and_inputs_are_checked() -> None:
    with pytest.raises(InvalidRequest, match="employed_days is not a field of this model"):
        CONTRACT.encode_values({**FIRST, "employed_days": 3})
    for encode in (CONTRACT.encode_values, lambda record: CONTRACT.encode_records([record] * 2)):
        with pytest.raises(InvalidRequest, match=r"hired_on must be a date such as 2021-12-31"):
            encode({**FIRST, "hired_on": "01/12/2021"})
        with pytest.raises(InvalidRequest, match="rent must be a number"):
            encode({**FIRST, "rent": "700"})


def test_unusual_results_are_named() -> None:
    ranges = {
        "employed_days": (0.0, 5000.0),
        "born_on": (7000.0, 30000.0),
        "Net income": (0.0, 9.0),
    }
    contract = CONTRACT.with_ranges({**ranges, "grade": (0.0, 1.0), "gone": (0.0, 1.0)})
    early = {**FIRST, "hired_on": "1921-12-01", "born_on": "2121-06-01"}
    _, alone = contract.encode_values(early)
    assert alone == [
        Notice(0, "Net income", UNUSUAL),
        Notice(0, "employed_days", UNUSUAL),
        Notice(0, "born_on", UNUSUAL),
    ]
    usual = {**FIRST, "Net income": 8}
    rows = contract.encode_records([usual, early, usual])
    assert rows.notices == tuple(notice._replace(row=1) for notice in alone)


def test_the_values_of_the_fields_are_kept_beside_the_matrix() -> None:
    rows = CONTRACT.encode_records([FIRST] * 2)
    assert rows.field_values.shape == (2, 6)
    assert rows.field_values[0, 3] == parse_day("2021-12-01")
    joined = join_rows([rows, rows], len(CONTRACT.names))
    np.testing.assert_array_equal(joined.field_values[2:], rows.field_values)
    plain = FeatureContract((INCOME,)).encode_records([{"Net income": 1}])
    assert plain.raw is None
    assert plain.field_values is plain.matrix
    long = b'{"Net income": 1, "rent": 18446744073709551617}'
    with pytest.raises(InvalidRequest, match="that a double can hold"):
        CONTRACT.encode_values({"Net income": 1, "rent": float(2**64)}, long)


def test_a_contract_may_be_sent_to_other_processes() -> None:
    CONTRACT.encode_values(FIRST)
    copy = pickle.loads(pickle.dumps(CONTRACT))
    assert copy.encode_values(FIRST) == CONTRACT.encode_values(FIRST)


DATES = st.none() | st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1))
NUMBERS = st.none() | st.floats(-1e9, 1e9) | st.sampled_from([0.0, -0.0, 1e300, -1e300, 5e-324])
RECORDS = st.fixed_dictionaries(
    {
        "Net income": NUMBERS.filter(lambda value: value is not None),
        "born_on": DATES,
        "grade": st.sampled_from(["A", "B", None, "C"]),
        "hired_on": DATES,
        "rent": NUMBERS,
        "decided_on": DATES,
    }
)


def in_every_format(records: list[dict[str, Any]]) -> Iterator[EncodedRows]:
    """Yield the applicants as encoded from JSON, lists, tables of several types and CSV."""
    names = CONTRACT.field_names
    lists = {name: [record[name] for record in records] for name in names}
    days_of = ("born_on", "hired_on", "decided_on")
    texts = {n: [str(v) if v and n in days_of else v for v in lists[n]] for n in names}
    in_json = [dict(zip(names, row, strict=True)) for row in zip(*texts.values(), strict=True)]
    yield CONTRACT.encode_records(in_json)
    yield CONTRACT.encode_columns(texts, len(records))
    yield CONTRACT.encode_frame(
        pd.DataFrame({n: pd.Series(v, dtype=object) for n, v in lists.items()})
    )
    kinds = {n: pa.date32() if n in days_of else pa.float64() for n in names} | {
        "grade": pa.string()
    }
    batch = pa.record_batch([pa.array(lists[n], kinds[n]) for n in names], list(names))
    yield CONTRACT.encode_batch(batch)
    yield CONTRACT.encode_frame(batch.to_pandas(date_as_object=False))
    cells = {
        n: ["" if v is None else repr(v) if n in ("rent", "Net income") else v for v in texts[n]]
        for n in names
    }
    csv = pd.DataFrame(cells).to_csv(index=False).encode()
    (table,) = CsvTable(lambda: io.BytesIO(csv)).read(list(names))
    yield CONTRACT.encode_batch(table.records, from_text=True)
    alone = [CONTRACT.encode_values(record) for record in in_json]
    notices = [n._replace(row=row) for row, (_, found) in enumerate(alone) for n in found]
    yield EncodedRows(np.array([values for values, _ in alone]), tuple(notices))


@given(records=st.lists(RECORDS, min_size=1, max_size=4), times=st.sampled_from([1, 20]))
def test_every_format_gives_the_same_bits_and_notices(
    records: list[dict[str, Any]], times: int
) -> None:
    first, *others = in_every_format(records * times)
    for rows in others:
        assert _bits(rows) == _bits(first)
        assert rows.notices == first.notices
        assert not rows.problems


def _bits(rows: EncodedRows) -> list[bytes]:
    return [
        struct.pack("d", math.nan if math.isnan(x) else x) for x in rows.matrix.ravel().tolist()
    ]

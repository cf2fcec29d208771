"""What callers should know about valid values, and what limits refuse, alike in every encoder."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_model.contract import NEVER_SEEN, UNUSUAL, Feature, FeatureContract, Notice
from scoring_model.errors import InvalidRequest

PURPOSE = Feature("purpose", "category", True, ("Debt consolidation", "car"), ("Été à Nice",))
AMOUNT = Feature("amount", "number", nullable=True, minimum=1, maximum=500_000)
FEW_AND_MANY = (1, 60)


def answers(contract: FeatureContract, value: Any) -> Iterator[Any]:
    """Yield number, notice or problem of one value, from each encoder, for few rows and many."""
    name = contract.names[0]
    typed = pa.array([value])
    for rows in FEW_AND_MANY:
        column = pa.array([value] * rows)
        frame = pd.DataFrame({name: [value] * rows})
        texts = pa.array([None if value is None else str(value)] * rows, pa.string())
        yield _answer(lambda c=column: contract.encode_batch(pa.record_batch({name: c})))
        yield _answer(
            lambda c=texts: contract.encode_batch(pa.record_batch({name: c}), from_text=True)
        )
        yield _answer(lambda f=frame: contract.encode_frame(f))
        yield _answer(lambda n=rows: contract.encode_records([{name: value}] * n))
        yield _answer(lambda n=rows: contract.encode_columns({name: [value] * n}, n))
    batch = pa.record_batch({name: typed.dictionary_encode()})
    yield _answer(lambda: contract.encode_batch(batch))
    yield _answer_alone(contract, {name: value})


def _answer(encode: Any) -> Any:
    try:
        rows = encode().require_valid()
    except InvalidRequest as error:
        return error.fields[0].problem
    assert len(rows.notices) in (0, len(rows.matrix))
    notice = rows.notices[0].problem if rows.notices else ""
    return str(rows.matrix[-1, 0]), notice


def _answer_alone(contract: FeatureContract, record: dict[str, Any]) -> Any:
    try:
        values, notices = contract.encode_values(record)
    except InvalidRequest as error:
        return error.fields[0].problem
    return str(values[0]), notices[0].problem if notices else ""


@pytest.mark.parametrize(
    ("value", "known"),
    [
        ("debt consolidation", "'Debt consolidation'"),
        (" Debt  Consolidation ", "'Debt consolidation'"),
        ("CAR", "'car'"),
        ("ÉTÉ À NICE", "'Été à Nice'"),
        ("debtconsolidation", ""),
        ("boat", ""),
    ],
)
def test_a_category_that_differs_by_case_or_spaces_is_named_with_the_known_one(
    value: str, known: str
) -> None:
    text = f"{NEVER_SEEN}; the known category is {known}" if known else NEVER_SEEN
    assert set(answers(FeatureContract((PURPOSE,)), value)) == {("nan", text)}
    assert Notice(0, "purpose", text).is_unseen
    assert not Notice(0, "amount", UNUSUAL).is_unseen


@pytest.mark.parametrize(
    ("value", "answer"),
    [
        (0.5, "must be from 1 to 500000"),
        (-5, "must be from 1 to 500000"),
        (10**12, "must be from 1 to 500000"),
        (2**53 + 1, "must be from 1 to 500000"),
        (1, ("1.0", "")),
        (500_000, ("500000.0", "")),
        (None, ("nan", "")),
    ],
)
def test_a_number_beyond_its_limits_is_refused(value: float, answer: Any) -> None:
    assert set(answers(FeatureContract((AMOUNT,)), value)) == {answer}


@pytest.mark.parametrize(
    ("limits", "text"),
    [
        ({"minimum": 1.0}, "must be at least 1"),
        ({"minimum": 0.05}, "must be at least 0.05"),
        ({"minimum": 7.0, "maximum": 7.0}, "must be from 7 to 7"),
        ({"maximum": -1e300}, "must be at most -1e+300"),
    ],
)
def test_limits_are_said_as_they_were_written(limits: dict[str, float], text: str) -> None:
    contract = FeatureContract((Feature("x", "number", True, **limits),))  # type: ignore[arg-type]
    assert set(answers(contract, 0)) == {text}


@pytest.mark.parametrize("value", [-math.inf, math.inf, 1e308, -11, 31, -10.000001, 30.5])
def test_a_number_outside_its_range_by_more_than_the_range_s_width_is_unusual(value: float) -> None:
    contract = FeatureContract((Feature("x", "number", True),)).with_ranges({"x": (0.0, 10.0)})
    wide = contract.with_ranges({"x": (0.0, 20.0)})
    finite = math.isfinite(value)
    infinite = "must be finite and fit into a double"
    assert set(answers(contract, value)) == {(str(float(value)), UNUSUAL) if finite else infinite}
    if 20 < abs(value) < 41 or abs(value) < 20:
        assert set(answers(wide, value)) == {(str(float(value)), "")}


@given(
    value=st.floats(allow_nan=False, allow_infinity=False) | st.integers(-(2**53), 2**53),
    limits=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)).map(sorted),
    usual=st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)).map(sorted),
)
def test_every_encoder_knows_the_same_limits_and_ranges(
    value: float, limits: list[float], usual: list[float]
) -> None:
    feature = Feature("x", "number", True, minimum=limits[0], maximum=limits[1])
    contract = FeatureContract((feature,)).with_ranges({"x": (usual[0], usual[1])})
    (answer,) = set(answers(contract, value))
    if not limits[0] <= value <= limits[1]:
        assert answer.startswith("must be from")
    else:
        width = usual[1] - usual[0]
        is_usual = usual[0] - width <= value <= usual[1] + width
        assert answer == (str(float(value)), "" if is_usual else UNUSUAL)


def test_notices_and_problems_name_their_rows_in_order() -> None:
    contract = FeatureContract((AMOUNT, PURPOSE)).with_ranges({"amount": (10.0, 20.0)})
    amounts: list[Any] = [15.0, 100.0, None, 0.0] * 20
    purposes = ["car", "CAR", None, "boat"] * 20
    batch = pa.record_batch({"amount": amounts, "purpose": purposes})
    rows = contract.encode_batch(batch)
    known = f"{NEVER_SEEN}; the known category is 'car'"
    assert rows.notices[:3] == (
        Notice(1, "amount", UNUSUAL),
        Notice(1, "purpose", known),
        Notice(3, "purpose", NEVER_SEEN),
    )
    assert [p.row for p in rows.problems] == list(range(3, 80, 4))
    assert rows.count_unseen() == {"purpose": 40}
    assert np.isnan(rows.matrix[3, 0])
    first = contract.encode_batch(batch, most_problems=2)
    assert (len(first.problems), first.problem_count) == (2, 20)


def test_yes_and_no_may_be_written_in_capitals_and_nothing_else() -> None:
    contract = FeatureContract((Feature("owner", "category", True, ("false", "true")),))
    only_no = FeatureContract((Feature("owner", "category", True, ("false",)),))
    for text in ("true", "TRUE", "True", "tRUE"):
        assert set(answers(contract, text)) == {("1.0", "")}
        assert set(answers(only_no, text)) == {("nan", NEVER_SEEN)}
    for value in ("yes", "1", " true", "tru\u0435", 1, 0.0):
        for each in (contract, only_no):
            assert set(answers(each, value)) == {"must be true or false"}
    assert set(answers(contract, True)) == {("1.0", "")}
    assert set(answers(contract, "")) == {("nan", "")}
    mixed = FeatureContract((Feature("owner", "category", True, ("false", "true", "?")),))
    assert set(answers(mixed, "True")) == {("nan", f"{NEVER_SEEN}; the known category is 'true'")}

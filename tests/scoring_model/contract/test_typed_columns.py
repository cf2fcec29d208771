"""Typed columns: levels as text, true and false in CSV, decimals, and dictionaries."""

from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from scoring_model.contract import NEVER_SEEN, Feature, FeatureContract, Notice, read_levels

GRADE = Feature("grade", "category", nullable=True, levels=("1", "2", "true"))
OWNER = Feature("owner", "category", nullable=True, levels=("false", "true"))


@pytest.mark.parametrize(
    ("column", "levels"),
    [
        (pa.array(["2", None, "x"]), ["2", None, "x"]),
        (pa.array(["2", None, "2"]).dictionary_encode(), ["2", None, "2"]),
        (pa.array([1, None], pa.uint8()), ["1", None]),
        (pa.array([2.0, np.nan, None]), ["2", None, None]),
        (pa.array([2.0, 1.5]), ["2", None]),
        (pa.array([True, None]), ["true", None]),
        (pa.array([b"2", None]), [None, None]),
        (pa.array([[1], None]), [None, None]),
        (pa.nulls(2), [None, None]),
        (pa.array([], pa.string()), []),
    ],
)
def test_levels_are_read_as_text(column: pa.Array, levels: list[Any]) -> None:
    text = read_levels(column, GRADE)
    assert text.to_pylist() == levels
    contract = FeatureContract((GRADE,))
    encoded = contract.encode_batch(pa.record_batch({"grade": column}))
    again = contract.encode_batch(pa.record_batch({"grade": text}))
    np.testing.assert_array_equal(encoded.matrix, again.matrix)
    assert encoded.notices == again.notices


def test_true_and_false_may_be_in_capitals() -> None:
    column = pa.array(["True", "FALSE", None, "no"])
    assert read_levels(column, OWNER, from_text=True).to_pylist() == ["true", "false", None, "no"]
    assert read_levels(column, OWNER).to_pylist() == ["true", "false", None, "no"]
    assert read_levels(column, GRADE, from_text=True).to_pylist() == column.to_pylist()


def test_decimals_become_the_nearest_doubles() -> None:
    decimals = [Decimal(digits) / 10**places for digits in range(1, 99) for places in range(9)]
    contract = FeatureContract((Feature("x", "number", nullable=False),))
    encoded = contract.encode_batch(pa.record_batch({"x": pa.array(decimals)}))
    assert encoded.matrix[:, 0].tolist() == [float(decimal) for decimal in decimals]


def test_a_dictionary_may_be_full_and_hold_nulls() -> None:
    levels = [f"level {number}" for number in range(127)]
    indices = pa.array([*range(127), None, 127], pa.int8())
    column = pa.DictionaryArray.from_arrays(indices, pa.array([*levels, None]))
    contract = FeatureContract((Feature("x", "category", False, tuple(levels[1:])),))
    encoded = contract.encode_batch(pa.record_batch({"x": column}))
    assert encoded.matrix[1:127, 0].tolist() == list(range(126))
    assert encoded.notices == (Notice(0, "x", NEVER_SEEN),)
    assert [(p.row, p.problem) for p in encoded.problems] == [
        (127, "is required"),
        (128, "is required"),
    ]
    assert read_levels(column, contract.features[0]).to_pylist() == [*levels, None, None]

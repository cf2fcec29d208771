"""Record batches give the same numbers, and the same refusals, as DataFrames."""

import io
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv
import pytest

from scoring_model.arrow_rows import encode_batch
from scoring_model.contract import Feature, FeatureContract

CONTRACT = FeatureContract(
    (
        Feature("income", "number", nullable=True),
        Feature("debt", "number", nullable=False),
        Feature("region", "category", True, levels=("north", "south"), rare_levels=("west",)),
        Feature("grade", "category", True, levels=("1", "2")),
        Feature("home", "category", True, levels=("false", "true")),
    )
)


def test_a_batch_gives_the_numbers_of_a_frame() -> None:
    frame = pd.DataFrame(
        {
            "income": [1.5, np.nan, -3.0, 1e300],
            "debt": [1, 2, 3, 2**53 + 1],
            "region": ["west", None, "north", "moon"],
            "grade": ["2", "1", None, "7"],
            "home": [True, False, None, True],
        }
    )
    encoded = encode_batch(CONTRACT, pa.RecordBatch.from_pandas(frame))
    expected = CONTRACT.encode_frame(frame)
    np.testing.assert_array_equal(encoded.matrix, expected.matrix)
    assert not encoded.problems
    assert encoded.unseen == {"region": 1, "grade": 1}


def test_categories_and_whole_numbers_are_read_as_levels() -> None:
    batch = pa.record_batch(
        {
            "debt": pa.array([Decimal("1.5"), Decimal(2)]),
            "region": pa.array(["south", None]).dictionary_encode(),
            "grade": pa.array([2.0, float("nan")]),
            "income": pa.nulls(2),
        }
    )
    matrix = encode_batch(CONTRACT, batch).matrix
    np.testing.assert_array_equal(matrix[0], [np.nan, 1.5, 1.0, 1.0, np.nan])
    np.testing.assert_array_equal(matrix[1], [np.nan, 2.0, np.nan, np.nan, np.nan])


@pytest.mark.parametrize(
    ("column", "values", "problems"),
    [
        ("debt", pa.array([1.0, None]), [(1, "is required")]),
        ("debt", pa.array([1.0, float("nan")]), [(1, "is required")]),
        ("income", pa.array([1.0, -np.inf]), [(1, "must be finite and fit into a double")]),
        ("income", pa.array(["1", None]), [(0, "must be a number")]),
        ("income", pa.array([True, None]), [(0, "must be a number")]),
        ("grade", pa.array([None, 1.5]), [(1, "must be text")]),
        ("region", pa.array([None, b"north"]), [(1, "must be text")]),
    ],
)
def test_what_is_wrong_is_said_by_row_and_rule(
    column: str, values: pa.Array, problems: list[tuple[int, str]]
) -> None:
    batch = pa.record_batch({"debt": pa.array([1.0, 2.0]), column: values})
    encoded = encode_batch(CONTRACT, batch)
    assert [(p.row, p.field, p.problem) for p in encoded.problems] == [
        (row, column, rule) for row, rule in problems
    ]


def test_an_absent_column_is_missing_and_a_required_one_is_a_problem() -> None:
    encoded = encode_batch(CONTRACT, pa.record_batch({"income": pa.array([1.0, 2.0])}))
    assert [(p.row, p.field) for p in encoded.problems] == [(0, "debt"), (1, "debt")]
    assert np.isnan(encoded.matrix[:, 2:]).all()


def test_text_is_parsed_and_each_wrong_number_found() -> None:
    text = "debt,income,home\n1.25,1e3,True\n 7 ,x,FALSE\nabc,,\n3,4,true\n1e999,5,no\n"
    options = pacsv.ConvertOptions(
        column_types=dict.fromkeys(("debt", "income", "home"), pa.string()),
        null_values=[""],
        strings_can_be_null=True,
    )
    table = pacsv.read_csv(io.BytesIO(text.encode()), convert_options=options)
    encoded = encode_batch(CONTRACT, table.to_batches()[0], from_text=True)
    assert {(p.row, p.field, p.problem) for p in encoded.problems} == {
        (1, "income", "must be a number"),
        (2, "debt", "must be a number"),
        (4, "debt", "must be finite and fit into a double"),
    }
    np.testing.assert_array_equal(encoded.matrix[:4, 1], [1.25, 7, np.nan, 3])
    np.testing.assert_array_equal(encoded.matrix[:, 4], [1, 0, np.nan, 1, np.nan])

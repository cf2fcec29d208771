"""One rule makes a value valid: all encoders agree on numbers, problems and notices."""

import datetime
import math
import random
import struct
from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from scoring_model.contract import (
    NEVER_SEEN,
    EncodedRows,
    Feature,
    FeatureContract,
    parse_json,
    parse_number,
    today,
)
from scoring_model.errors import InvalidRequest

FEATURES = {
    "number": Feature("x", "number", nullable=True),
    "required number": Feature("x", "number", nullable=False),
    "category": Feature("x", "category", True, levels=("1", "a", "é"), rare_levels=("b", "-3")),
    "required category": Feature("x", "category", nullable=False, levels=("a", "1")),
    "yes/no": Feature("x", "category", nullable=True, levels=("false", "true")),
    "required yes/no": Feature("x", "category", nullable=False, levels=("true", "false")),
    "only no": Feature("x", "category", nullable=True, levels=("false",)),
    "no levels": Feature("x", "category", nullable=True),
    "date": Feature("x", "date", nullable=True),
    "required date": Feature("x", "date", nullable=False),
    "limits": Feature("x", "number", nullable=True, minimum=-3, maximum=2.0**60),
    "minimum": Feature("x", "number", nullable=False, minimum=0.1),
}
RANGES = {"x": (0.0, 1.5)}
NUMBERS = [0.0, -0.0, 1.5, 1e308, -5e-324, 0.1, math.inf, -math.inf]
WHOLE = [0, -3, 1, 2**53, 2**53 + 1, -(2**53) - 1, 2**60, -(2**63), 2**63 - 1]
TEXTS = ["a", "é", "b", "1", "-3", "", "true", "True", "FALSE", "tRUE", "moon", "1.0", "É", " A "]
TEXTS += [
    " true",
    "2021-12-31",
    "2021-13-01",
    "20211231",
    "2021-12-31T23:30:00-05:00",
    "31/12/2021",
]
DATES = [datetime.date(2021, 12, 31), datetime.date(1969, 12, 31), datetime.date(1, 1, 1), None]
MOMENTS = [datetime.datetime(2021, 12, 31, 23, 30, 5, 999_999), datetime.datetime(1969, 7, 1), None]
ZONED = [moment and moment.replace(tzinfo=ZoneInfo("America/New_York")) for moment in MOMENTS]
# for each kind of column: values that it can hold, and functions that make such columns
COLUMNS: dict[str, tuple[list[Any], list[Callable[[Any], Any]]]] = {
    "doubles": (
        [*NUMBERS, 3.0, math.nan, None],
        [pd.Series, pa.array, lambda v: pd.Series(v, dtype=object)],
    ),
    "floats": ([0.5, 0.1, math.inf, 3.0, None], [lambda v: pa.array(v, pa.float32())]),
    "whole numbers": ([*WHOLE, None], [pa.array, lambda v: pd.Series(v, dtype="Int64")]),
    "large whole numbers": ([0, 2**63, 2**64 - 1], [lambda v: pa.array(v, pa.uint64()), pd.Series]),
    "decimals": (
        [
            *(Decimal("0.1"), Decimal("12345.67890"), Decimal(-3), Decimal("0.0003"), None),
            *(Decimal(2**53), Decimal(2**53 + 1), Decimal(f"{2**53 + 1}.5")),
        ],
        [pa.array, lambda v: pd.Series(v, dtype=object)],
    ),
    "booleans": ([True, False, None], [pa.array, lambda v: pd.Series(v, dtype="boolean")]),
    "text": (
        [*TEXTS, None],
        [
            *(pa.array, lambda v: pa.array(v, pa.large_string())),
            *(lambda v: pa.array(v).dictionary_encode(), lambda v: pd.Series(v, dtype="str")),
            *(lambda v: pd.Series(v, dtype="category"), lambda v: pd.Series(v, dtype=object)),
        ],
    ),
    "dates": (
        DATES,
        [
            *(pa.array, lambda v: pa.array(v).dictionary_encode()),
            *(lambda v: pa.array(v, pa.date64()), lambda v: pd.Series(v, dtype=object)),
            lambda v: pd.Series(v, dtype="datetime64[s]"),
        ],
    ),
    "moments": (
        MOMENTS,
        [
            *(pa.array, lambda v: pa.array(v, pa.timestamp("ns"))),
            *(lambda v: pd.Series(v, dtype=object), lambda v: pd.Series(v, dtype="datetime64[us]")),
            lambda v: pd.Series(v, dtype="datetime64[ns]").astype("category"),
        ],
    ),
    "moments with a zone": (
        ZONED,
        [
            *(pa.array, lambda v: pa.array(v, pa.timestamp("us", "Asia/Tokyo"))),
            lambda v: pd.Series(v, dtype=object),
            lambda v: pd.Series(v, dtype="datetime64[us, UTC]").dt.tz_convert("Asia/Tokyo"),
        ],
    ),
    "dates of all kinds": (
        [*DATES, *MOMENTS, *ZONED, pd.Timestamp("2020-02-29 12:00"), pd.NaT, "2020-02-29", 1.5],
        [lambda v: pd.Series(v, dtype=object)],
    ),
    "bytes": ([b"a", None], [pa.array, pd.Series]),
    "nothing": ([None], [pa.array, pd.Series]),
    "mixed": (
        [*NUMBERS, *WHOLE, *TEXTS, *(2**64, 10**400, True, b"a", [1], {}, None, math.nan)],
        [lambda v: pd.Series(v, dtype=object)],
    ),
}


def make_contract(feature: Feature) -> FeatureContract:
    return FeatureContract((feature,)).with_ranges(RANGES)


def judge(rows: EncodedRows) -> list[Any]:
    """Return for each value the bits of its double and any notice, or the rule that it breaks."""
    answers: list[Any] = [_bits(number) for number in rows.field_values[:, 0]]
    for row, _, text in rows.notices:
        answers[row] = (answers[row], text)
    for problem in rows.problems:
        answers[problem.row] = problem.problem
    return answers


def _bits(number: float) -> bytes:
    return struct.pack("d", math.nan if math.isnan(number) else number)


def judge_alone(contract: FeatureContract, value: Any) -> Any:
    """Return the answer of the encoder of one applicant; as in `judge`."""
    try:
        values, notices = contract.encode_values({"x": value})
    except InvalidRequest as error:
        return error.fields[0].problem
    if contract.features[0].kind == "date":
        # what was counted backwards from today
        values = [float(today() - values[0])]
    return (_bits(values[0]), notices[0].problem) if notices else _bits(values[0])


def check_raised(encode: Callable[[], EncodedRows], expected: Sequence[Any]) -> None:
    """Check an encoder that raises all problems at once."""
    problems = [(row, text) for row, text in enumerate(expected) if isinstance(text, str)]
    if not problems:
        assert judge(encode()) == expected
        return
    with pytest.raises(InvalidRequest) as raised:
        encode()
    assert [(p.row, p.problem) for p in raised.value.fields] == problems


def draw(values: Sequence[Any], seed: int) -> list[Any]:
    """Return a few or many of the values, since few and many are encoded by different code."""
    rng = random.Random(seed)
    some = rng.sample(values, rng.randint(1, len(values)))
    return [rng.choice(some) for _ in range(rng.randint(1, 8) if seed % 2 else 60)]


def as_json(value: Any, feature: Feature) -> Any:
    """Return the JSON value that a table's value stands for."""
    if value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return None
    if isinstance(value, datetime.date):
        return write_text(value) if feature.kind == "date" else b""
    if feature.kind == "number":
        if isinstance(value, Decimal):
            return int(value) if value == int(value) else float(value)
        return value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value) if type(value) is int else value


def write_text(value: datetime.date) -> str:
    """Return the day in UTC as ISO text."""
    if isinstance(value, datetime.datetime) and value.tzinfo:
        value = value.astimezone(datetime.UTC)
    return value.isoformat()[:10]


@pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)
def test_lists_of_json_values_are_encoded_like_single_values(feature: Feature) -> None:
    contract = make_contract(feature)
    values: list[Any] = [*NUMBERS, *WHOLE, *TEXTS, math.nan, True, False, None, 10**400, b"a"]
    values += [[], {}]
    for seed in range(200):
        column = draw(values, seed)
        records = [{"x": value} for value in column]
        expected = [judge_alone(contract, value) for value in column]
        check_raised(partial(contract.encode_columns, {"x": column}, len(column)), expected)
        check_raised(partial(contract.encode_records, records), expected)


@pytest.mark.parametrize("kind", COLUMNS)
@pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)
def test_tables_are_encoded_like_json(feature: Feature, kind: str) -> None:
    contract = make_contract(feature)
    values, makers = COLUMNS[kind]
    for seed in range(30):
        drawn = draw(values, seed)
        if kind == "floats":
            drawn = [None if v is None else float(np.float32(v)) for v in drawn]
        expected = [judge_alone(contract, as_json(value, feature)) for value in drawn]
        for make in makers:
            column = make(drawn)
            if isinstance(column, pa.Array):
                batch = pa.record_batch({"x": column})
                assert judge(contract.encode_batch(batch)) == expected
            else:
                frame = pd.DataFrame({"x": column})
                check_raised(partial(contract.encode_frame, frame), expected)


CELLS = ["1", " 7 ", "+1.5", "-.5", "1e3", "1e400", "inf", "NAN", "nan(1)", "1_000", "0x1A", "x"]
CELLS += ["9007199254740992", "9007199254740993", " -9007199254740993", "+9007199254740993"]
CELLS += ["9007199254740993.0", str(2**60), str(2**70), str(2**70 + 1), "1" * 400]
CELLS += ["\x1c1", "\xa02", "\uff11", "1e-400", *TEXTS]


@pytest.mark.parametrize("feature", FEATURES.values(), ids=FEATURES)
def test_csv_text_is_encoded_like_json(feature: Feature) -> None:
    contract = make_contract(feature)

    def read(text: str | None) -> Any:
        if text is None:
            return None
        if feature.kind == "number":
            return parse_number(text)
        return text

    for seed in range(200):
        drawn = draw([*CELLS, None, None], seed)
        expected = [judge_alone(contract, read(text)) for text in drawn]
        batch = pa.record_batch({"x": pa.array(drawn, pa.string())})
        assert judge(contract.encode_batch(batch, from_text=True)) == expected


@pytest.mark.hostile("whole numbers that a double would round")
@pytest.mark.parametrize("value", [2**53 + 1, -(2**53) - 1, 2**63 - 1, 2**64 + 1, 10**30, 10**300])
def test_a_whole_number_that_a_double_cannot_hold_is_refused(value: int) -> None:
    contract = FeatureContract((FEATURES["number"],))
    rule = "must be a whole number that a double can hold (up to 9007199254740992)"
    assert judge_alone(contract, value) == rule
    body = f'{{"x": {value}}}'.encode()
    with pytest.raises(InvalidRequest, match="x must be a whole number that a double can hold"):
        contract.encode_values(parse_json(body), body)
    for others in (0, 1):
        many = b"[" + others * b'{"x": 1},' + body + b"]"
        with pytest.raises(InvalidRequest) as raised:
            contract.encode_records(parse_json(many), many)
        problems = [(p.row, p.field, p.problem) for p in raised.value.fields]
        assert problems == [(others, "x", rule)]


@pytest.mark.parametrize("text", ["9007199254740992", "9007199254740993.0", str(2**60), str(2**70)])
def test_other_large_numbers_are_taken(text: str) -> None:
    contract = FeatureContract((FEATURES["number"],))
    body = f'{{"x": {text}}}'.encode()
    assert contract.encode_values(parse_json(body), body) == ([float(text)], [])


@pytest.mark.hostile("empty text for a category, in every reader")
def test_empty_text_is_missing_unless_it_is_a_level() -> None:
    old = FeatureContract((Feature("x", "category", nullable=False, levels=("", "a")),))
    required, optional = (
        FeatureContract((FEATURES[kind],)) for kind in ("required category", "category")
    )
    for contract, answer in (
        (old, _bits(0.0)),
        (required, "is required"),
        (optional, _bits(math.nan)),
    ):
        assert judge_alone(contract, "") == answer
        for rows in (1, 60):
            texts = ["a"] * rows + [""]
            assert judge(contract.encode_batch(pa.record_batch({"x": texts})))[-1] == answer
    assert judge_alone(optional, " ") == (_bits(math.nan), NEVER_SEEN)


def test_an_absent_column_is_missing_and_a_required_one_is_a_problem() -> None:
    contract = FeatureContract((FEATURES["number"], Feature("y", "category", False, ("a",))))
    encoded = contract.encode_batch(pa.record_batch({"x": pa.array([1.0, 2.0])}))
    assert [(p.row, p.field, p.problem) for p in encoded.problems] == [
        (0, "y", "is required"),
        (1, "y", "is required"),
    ]
    assert np.isnan(encoded.matrix[:, 1]).all()
    with pytest.raises(InvalidRequest):
        encoded.require_valid()


def test_encoding_does_not_change_the_table() -> None:
    contract = FeatureContract((FEATURES["number"],))
    frame = pd.DataFrame({"x": [1.0, math.inf]})
    with pytest.raises(InvalidRequest):
        contract.encode_frame(frame)
    assert frame["x"].tolist() == [1.0, math.inf]

"""Arrow record batches as a contract's numbers: what `encode_frame` gives, a column at a time."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from scoring_model.contract import YES_NO, Feature, FeatureContract
from scoring_model.encoding import NOT_A_NUMBER, NOT_FINITE, NOT_TEXT, REQUIRED
from scoring_model.errors import FieldProblem

NUMBER_KINDS = (pa.types.is_floating, pa.types.is_integer, pa.types.is_decimal, pa.types.is_null)
LEVEL_KINDS = (
    *(pa.types.is_string, pa.types.is_large_string, pa.types.is_boolean),
    *(pa.types.is_integer, pa.types.is_null),
)

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class EncodedBatch:
    """The rows of one record batch as numbers, with what is wrong with some of them.

    Attributes
    ----------
    matrix : ndarray of float64, shape (rows, features)
        C-contiguous; missing, never-seen categories and refused values are NaN.
    problems : tuple of FieldProblem
        By feature, then by row; a row without one may be scored.
    unseen : mapping of str to int
        Rows, by feature, whose category training never saw.
    """

    matrix: FloatArray
    problems: tuple[FieldProblem, ...]
    unseen: Mapping[str, int]


def encode_batch(
    contract: FeatureContract, batch: pa.RecordBatch, *, from_text: bool = False
) -> EncodedBatch:
    """Encode a record batch; columns outside the contract are ignored.

    Parameters
    ----------
    contract : FeatureContract
    batch : pyarrow.RecordBatch
        A column that is absent is missing throughout; whole numbers are read as the levels of a
        category by their digits, as training reads them.
    from_text : bool
        Whether all columns are text, as a CSV file has them: numbers are parsed.
    """
    matrix = np.full((batch.num_rows, len(contract.features)), np.nan)
    problems: list[FieldProblem] = []
    unseen: dict[str, int] = {}
    present = set(batch.schema.names)
    for index, feature in enumerate(contract.features):
        if feature.name in present:
            column = _plain(batch.column(feature.name))
            if feature.kind == "number":
                matrix[:, index], wrong = _encode_numbers(column, from_text)
            else:
                matrix[:, index], wrong, new = _encode_levels(column, feature, from_text)
                if new:
                    unseen[feature.name] = new
            missing = _is_missing(column)
        else:
            wrong, missing = {}, np.ones(batch.num_rows, dtype=bool)
        if not feature.nullable:
            wrong |= dict.fromkeys(map(int, np.flatnonzero(missing)), REQUIRED)
        problems += [FieldProblem(row, feature.name, rule) for row, rule in wrong.items()]
    return EncodedBatch(matrix, tuple(problems), unseen)


def _plain(column: pa.Array) -> pa.Array:
    if pa.types.is_dictionary(column.type):
        return column.dictionary_decode()
    return column


def _is_missing(column: pa.Array) -> BoolArray:
    missing = pc.is_null(column, nan_is_null=pa.types.is_floating(column.type))
    return np.asarray(missing.to_numpy(zero_copy_only=False), dtype=bool)


def _doubles(column: pa.Array) -> FloatArray:
    numbers = column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
    return np.asarray(numbers, dtype=np.float64)


def _refuse_all(column: pa.Array, rule: str) -> tuple[FloatArray, dict[int, str]]:
    rows = np.flatnonzero(~_is_missing(column))
    return np.full(len(column), np.nan), dict.fromkeys(map(int, rows), rule)


def _encode_numbers(column: pa.Array, from_text: bool) -> tuple[FloatArray, dict[int, str]]:
    kind = column.type
    if from_text:
        numbers, wrong = _parse_numbers(column)
    elif any(is_kind(kind) for is_kind in NUMBER_KINDS):
        numbers, wrong = _doubles(column), {}
    else:
        return _refuse_all(column, NOT_A_NUMBER)
    infinite = np.isinf(numbers)
    wrong |= dict.fromkeys(map(int, np.flatnonzero(infinite)), NOT_FINITE)
    return np.where(infinite, np.nan, numbers), wrong


def _parse_numbers(column: pa.Array) -> tuple[FloatArray, dict[int, str]]:
    """Parse text; where some value is no number, halve until it stands alone."""
    try:
        return _doubles(pc.utf8_trim_whitespace(column)), {}
    except pa.ArrowInvalid:
        half = len(column) // 2
        if not half:
            return np.full(1, np.nan), {0: NOT_A_NUMBER}
    left, wrong_left = _parse_numbers(column[:half])
    right, wrong_right = _parse_numbers(column[half:])
    wrong = wrong_left | {row + half: rule for row, rule in wrong_right.items()}
    return np.concatenate([left, right]), wrong


def _encode_levels(
    column: pa.Array, feature: Feature, from_text: bool
) -> tuple[FloatArray, dict[int, str], int]:
    """Return the codes of a column, its problems by row, and how many levels are new."""
    text = read_levels(column, feature, from_text)
    if text is None:
        return *_refuse_all(column, NOT_TEXT), 0
    codes = {level: code for level, code in feature.codes().items() if isinstance(level, str)}
    found = pc.index_in(text, value_set=pa.array(list(codes), pa.string()))
    positions = found.fill_null(len(codes)).to_numpy(zero_copy_only=False)
    encoded = np.array([*codes.values(), np.nan])[positions]
    return encoded, {}, int(np.isnan(encoded).sum()) - text.null_count


def read_levels(column: pa.Array, feature: Feature, from_text: bool) -> pa.Array | None:
    """Return a category's levels as text, or None where the column's type cannot hold any."""
    text = _as_text(_plain(column))
    if text is not None and from_text and {*feature.levels, *feature.rare_levels} <= YES_NO.keys():
        # other programs write True where JSON and this contract write true
        return pc.utf8_lower(text)
    return text


def _as_text(column: pa.Array) -> pa.Array | None:
    kind = column.type
    if pa.types.is_floating(kind):
        # a code column with gaps: 3.0 is the level 3
        try:
            column = pc.if_else(pc.is_nan(column), None, column).cast(pa.int64())
        except pa.ArrowInvalid:
            return None
    elif not any(is_kind(kind) for is_kind in LEVEL_KINDS):
        return None
    return column.cast(pa.string())

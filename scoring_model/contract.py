"""`FeatureContract`: the features a model takes, and how an applicant becomes a row of numbers."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from scoring_model.errors import ArtifactError, FieldProblem, InvalidRequest

if TYPE_CHECKING:
    import pandas as pd

FORMAT_VERSION = 1
REQUIRED = "is required"
NOT_A_NUMBER = "must be a number"
NOT_FINITE = "must be finite and fit into a double"
NOT_TEXT = "must be text"
UNKNOWN = "is not a field of this model"

Kind = Literal["number", "category"]


@dataclass(frozen=True, slots=True)
class Feature:
    """One feature: its name, kind, nullability and, for a category, its levels.

    Attributes
    ----------
    name : str
        Column name and JSON field.
    kind : {"number", "category"}
        A yes/no feature is a category with the levels `true` and `false`.
    nullable : bool
        Whether null or absent means missing; otherwise the field is required.
    levels : tuple of str
        Levels with a code of their own; level `i` is encoded as `float(i)`.
    rare_levels : tuple of str
        Levels seen too seldom in training for a code of their own; all share `float(len(levels))`.
    labels : mapping of str to str
        What people read, by language (`en`, `fr`).
    """

    name: str
    kind: Kind
    nullable: bool
    levels: tuple[str, ...] = ()
    rare_levels: tuple[str, ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)

    def codes(self) -> dict[str, float]:
        """Return the code of every level seen in training."""
        codes = dict.fromkeys(self.rare_levels, float(len(self.levels)))
        codes.update({level: float(code) for code, level in enumerate(self.levels)})
        return codes


@dataclass(frozen=True, slots=True)
class EncodedRows:
    """Applicants as numbers.

    Attributes
    ----------
    matrix : ndarray of float64, shape (rows, features)
        C-contiguous; missing and never-seen categories are NaN.
    unseen : tuple of (int, str)
        Row and field of each category that training never saw.
    """

    matrix: NDArray[np.float64]
    unseen: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class FeatureContract:
    """Names, order, kinds, categories and nullability of the features a model takes.

    `encode_records` (JSON objects) and `encode_frame` (a DataFrame) give the same numbers.
    """

    features: tuple[Feature, ...]

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Feature names in the order of the matrix columns."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def categorical_indices(self) -> tuple[int, ...]:
        """Matrix columns that hold category codes."""
        return tuple(i for i, feature in enumerate(self.features) if feature.kind == "category")

    @cached_property
    def _codes(self) -> tuple[dict[str, float] | None, ...]:
        return tuple(f.codes() if f.kind == "category" else None for f in self.features)

    def encode_record(self, record: Mapping[str, Any]) -> EncodedRows:
        """Encode one applicant; see `encode_records`."""
        return self.encode_records([record])

    def encode_records(self, records: Sequence[Mapping[str, Any]]) -> EncodedRows:
        """Encode applicants given as parsed JSON objects.

        Parameters
        ----------
        records : sequence of mapping
            One per applicant; an absent or null optional field is missing, JSON true and false
            are the categories `true` and `false`.

        Returns
        -------
        EncodedRows
            One matrix row per applicant, in order.

        Raises
        ------
        InvalidRequest
            An unknown field, a wrong kind, a missing required field, a number that is not finite.
        """
        matrix = np.empty((len(records), len(self.features)), dtype=np.float64)
        unseen: list[tuple[int, str]] = []
        problems: list[FieldProblem] = []
        for row, record in enumerate(records):
            values: list[float] = []
            for feature, codes in zip(self.features, self._codes, strict=True):
                value = record.get(feature.name)
                encoded = _encode_value(value, feature, codes)
                if isinstance(encoded, str):
                    problems.append(FieldProblem(row, feature.name, encoded))
                    encoded = math.nan
                elif encoded is None:
                    unseen.append((row, feature.name))
                    encoded = math.nan
                values.append(encoded)
            matrix[row] = values
            known = self._codes_by_name
            problems += [FieldProblem(row, name, UNKNOWN) for name in record if name not in known]
        if problems:
            raise InvalidRequest.from_problems(problems)
        return EncodedRows(matrix, tuple(unseen))

    @cached_property
    def _codes_by_name(self) -> dict[str, dict[str, float] | None]:
        return dict(zip(self.names, self._codes, strict=True))

    def encode_frame(self, frame: "pd.DataFrame") -> EncodedRows:
        """Encode applicants given as a DataFrame; columns outside the contract are ignored.

        Parameters
        ----------
        frame : DataFrame, shape (rows, any)
            Numbers of any numeric dtype, categories as text, booleans or pandas categories;
            None, NaN and NA are missing, a column that is absent is missing throughout.

        Returns
        -------
        EncodedRows
            One matrix row per applicant, in order.

        Raises
        ------
        InvalidRequest
            A wrong kind, a missing required value, a number that is not finite.
        """
        matrix = np.empty((len(frame), len(self.features)), dtype=np.float64)
        unseen: list[tuple[int, str]] = []
        problems: list[FieldProblem] = []
        for column, (feature, codes) in enumerate(zip(self.features, self._codes, strict=True)):
            if feature.name not in frame.columns:
                matrix[:, column] = np.nan
                missing = np.ones(len(frame), dtype=bool)
            elif codes is None:
                values = frame[feature.name]
                matrix[:, column], missing = _encode_numbers(values, feature.name, problems)
            else:
                values = frame[feature.name]
                matrix[:, column], missing, new = _encode_levels(values, codes, feature, problems)
                unseen += [(int(row), feature.name) for row in np.flatnonzero(new)]
            if not feature.nullable:
                problems += [
                    FieldProblem(int(row), feature.name, REQUIRED)
                    for row in np.flatnonzero(missing)
                ]
        if problems:
            raise InvalidRequest.from_problems(sorted(problems, key=lambda p: p.row))
        return EncodedRows(matrix, tuple(sorted(unseen)))

    def with_all_nullable(self) -> "FeatureContract":
        """Return the same contract with every feature optional, to look back at old rows."""
        return FeatureContract(tuple(replace(f, nullable=True) for f in self.features))

    def to_json(self) -> str:
        """Return the contract as JSON text that `from_json` reads back."""
        features = [
            {
                "name": f.name,
                "kind": f.kind,
                "nullable": f.nullable,
                "levels": list(f.levels),
                "rare_levels": list(f.rare_levels),
                "labels": dict(f.labels),
            }
            for f in self.features
        ]
        document = {"format_version": FORMAT_VERSION, "features": features}
        return json.dumps(document, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "FeatureContract":
        """Read a contract from JSON text.

        Raises
        ------
        ArtifactError
            The text's `format_version` is not one this code can read.
        """
        document = json.loads(text)
        if (version := document.get("format_version")) != FORMAT_VERSION:
            raise ArtifactError(
                f"contract.json has format_version {version!r}, this code reads {FORMAT_VERSION}"
            )
        return cls(
            tuple(
                Feature(
                    name=f["name"],
                    kind=f["kind"],
                    nullable=f["nullable"],
                    levels=tuple(f["levels"]),
                    rare_levels=tuple(f["rare_levels"]),
                    labels=f["labels"],
                )
                for f in document["features"]
            )
        )


def _encode_value(
    value: Any, feature: Feature, codes: dict[str, float] | None
) -> float | str | None:
    """Return a number, a problem as text, or None for a category never seen in training."""
    if value is None:
        return math.nan if feature.nullable else REQUIRED
    if codes is None:
        if type(value) is float:
            return value if math.isfinite(value) else NOT_FINITE
        if type(value) is not int:
            return NOT_A_NUMBER
        try:
            return float(value)
        except OverflowError:
            return NOT_FINITE
    if isinstance(value, bool):
        value = "true" if value else "false"
    return codes.get(value) if isinstance(value, str) else NOT_TEXT


def _encode_numbers(
    values: "pd.Series[Any]", name: str, problems: list[FieldProblem]
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Return the numbers of a column with NaN for missing, and where they are missing."""
    missing = values.isna().to_numpy(dtype=bool)
    if values.dtype.kind in "iuf":
        numbers = values.to_numpy(dtype=np.float64, na_value=np.nan)
        problems += [FieldProblem(int(r), name, NOT_FINITE) for r in _rows(np.isinf(numbers))]
        return numbers, missing
    numbers = np.full(len(values), np.nan)
    for row in np.flatnonzero(~missing):
        value = values.iloc[row]
        if isinstance(value, bool | np.bool_ | str | bytes):
            problems.append(FieldProblem(int(row), name, NOT_A_NUMBER))
            continue
        try:
            numbers[row] = float(value)
        except (TypeError, ValueError):
            problems.append(FieldProblem(int(row), name, NOT_A_NUMBER))
        except OverflowError:
            problems.append(FieldProblem(int(row), name, NOT_FINITE))
    problems += [FieldProblem(int(r), name, NOT_FINITE) for r in _rows(np.isinf(numbers))]
    return numbers, missing


def _rows(mask: NDArray[np.bool_]) -> list[int]:
    return [int(row) for row in np.flatnonzero(mask)]


def _encode_levels(
    values: "pd.Series[Any]",
    codes: dict[str, float],
    feature: Feature,
    problems: list[FieldProblem],
) -> tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the codes of a column, where it is missing, and where its level is new."""
    missing = values.isna().to_numpy(dtype=bool)
    column = values.astype(object).to_numpy()
    encoded = np.full(len(values), np.nan)
    new = np.zeros(len(values), dtype=bool)
    for row in np.flatnonzero(~missing):
        value = column[row]
        if isinstance(value, bool | np.bool_):
            value = "true" if value else "false"
        if not isinstance(value, str):
            problems.append(FieldProblem(int(row), feature.name, NOT_TEXT))
        elif (code := codes.get(value)) is None:
            new[row] = True
        else:
            encoded[row] = code
    return encoded, missing, new

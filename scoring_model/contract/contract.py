"""`FeatureContract`: the features a model takes, and how an applicant becomes a row of numbers."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from scoring_model import encoding
from scoring_model.errors import FieldProblem, InvalidRequest
from scoring_model.versioned import read_versioned

if TYPE_CHECKING:
    import pandas as pd

FORMAT_VERSION = 1
# the one row of `encode_values`
_ONLY_ROW = 0
_LARGEST = sys.float_info.max
# the levels of a yes/no category, and the JSON values that stand for them
YES_NO = {"true": True, "false": False}

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

    def codes(self) -> dict[str | bool, float]:
        """Return the code of every level seen in training, of `true` also under True."""
        codes: dict[str | bool, float] = dict.fromkeys(self.rare_levels, float(len(self.levels)))
        codes.update({level: float(code) for code, level in enumerate(self.levels)})
        yes_no = {value: codes[text] for text, value in YES_NO.items() if text in codes}
        return codes | yes_no


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

    `encode_values`, `encode_records` (JSON objects) and `encode_frame` (a DataFrame) give the
    same numbers.
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
    def _template(self) -> dict[str, Any]:
        """An applicant of whom nothing is known: merged with a record, it puts it in order."""
        return dict.fromkeys(self.names)

    @cached_property
    def _plan(self) -> tuple[tuple[str, bool, encoding.Codes | None], ...]:
        """Name, nullability and codes of each feature; no codes for a number."""
        return tuple(
            (f.name, f.nullable, f.codes() if f.kind == "category" else None) for f in self.features
        )

    def encode_record(self, record: Mapping[str, Any]) -> EncodedRows:
        """Encode one applicant; see `encode_records`."""
        return self.encode_records([record])

    def encode_values(self, record: Mapping[str, Any]) -> tuple[list[float], list[str]]:
        """Encode one applicant, as fast as Python can.

        Returns
        -------
        values : list of float
            As a row of `EncodedRows.matrix`.
        unseen : list of str
            Fields whose category training never saw.

        Raises
        ------
        InvalidRequest
            As `encode_records` does.
        """
        values: list[float] = []
        unseen: list[str] = []
        problems: list[FieldProblem] = []
        complete = {**self._template, **record}
        # an unknown field comes after all others
        for value, (name, nullable, codes) in zip(complete.values(), self._plan, strict=False):
            encoded: float | str | None
            # the two common cases without a call
            if codes is None:
                if type(value) is float and -_LARGEST <= value <= _LARGEST:
                    values.append(value)
                    continue
                encoded = encoding.encode_number(value, nullable)
            elif type(value) is str:
                encoded = codes.get(value)
            else:
                encoded = encoding.encode_level(value, nullable, codes)
            if type(encoded) is float:
                values.append(encoded)
                continue
            values.append(math.nan)
            if encoded is None:
                unseen.append(name)
            else:
                problems.append(FieldProblem(_ONLY_ROW, name, str(encoded)))
        if problems or len(complete) > len(self._plan):
            raise InvalidRequest.from_problems(problems + self._find_unknown(_ONLY_ROW, record))
        return values, unseen

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
        complete = [{**self._template, **record} for record in records]
        unknown: list[FieldProblem] = []
        for row, record in enumerate(complete):
            if len(record) > len(self._template):
                unknown += self._find_unknown(row, record)
        # an unknown field comes after all others, where zip ends
        values = zip(*(record.values() for record in complete), strict=False)
        columns = dict(zip(self.names, values, strict=False))
        return self.encode_columns(columns, len(records), unknown)

    def encode_columns(
        self,
        columns: Mapping[str, Sequence[Any]],
        rows: int,
        problems: Sequence[FieldProblem] = (),
    ) -> EncodedRows:
        """Encode applicants given column by column; other columns are ignored.

        Parameters
        ----------
        columns : mapping of str to sequence
            JSON values, `rows` of them in each; a column that is absent is missing throughout.
        rows : int
        problems : sequence of FieldProblem
            What is known to be wrong already: it is raised with the rest.

        Returns
        -------
        EncodedRows

        Raises
        ------
        InvalidRequest
            As `encode_records`.
        """
        matrix = np.empty((rows, len(self.features)), dtype=np.float64)
        unseen: list[tuple[int, str]] = []
        found = list(problems)
        for index, (name, nullable, codes) in enumerate(self._plan):
            column = columns.get(name)
            if column is None:
                column = [None] * rows
            new: list[int] = []
            if codes is None:
                matrix[:, index], wrong = encoding.encode_numbers(column, nullable)
            else:
                matrix[:, index], wrong, new = encoding.encode_levels(column, nullable, codes)
            found += [FieldProblem(row, name, problem) for row, problem in wrong]
            unseen += [(row, name) for row in new]
        return _collect(matrix, unseen, found)

    def _find_unknown(self, row: int, record: Mapping[str, Any]) -> list[FieldProblem]:
        unknown = (name for name in record if name not in self._template)
        return [FieldProblem(row, name, encoding.UNKNOWN) for name in unknown]

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
        for index, (name, nullable, codes) in enumerate(self._plan):
            new: list[int] = []
            if name not in frame.columns:
                matrix[:, index] = np.nan
                wrong = [] if nullable else [(row, encoding.REQUIRED) for row in range(len(frame))]
            elif codes is None:
                matrix[:, index], wrong = encoding.encode_number_series(frame[name], nullable)
            else:
                series = frame[name]
                matrix[:, index], wrong, new = encoding.encode_level_series(series, nullable, codes)
            problems += [FieldProblem(row, name, problem) for row, problem in wrong]
            unseen += [(row, name) for row in new]
        return _collect(matrix, unseen, problems)

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
        document = read_versioned(text, "contract.json", FORMAT_VERSION)
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


def _collect(
    matrix: NDArray[np.float64], unseen: list[tuple[int, str]], problems: list[FieldProblem]
) -> EncodedRows:
    """Return the rows, or raise what is wrong with them, both in the order of the rows."""
    if problems:
        raise InvalidRequest.from_problems(sorted(problems, key=lambda problem: problem.row))
    return EncodedRows(matrix, tuple(sorted(unseen, key=lambda cell: cell[0])))

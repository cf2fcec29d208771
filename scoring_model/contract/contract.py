"""`FeatureContract`: the features a model takes, and how an applicant becomes a row of numbers."""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from scoring_model.contract.encoded_rows import (
    LEAST_LONG,
    EncodedColumn,
    EncodedRows,
    gather_columns,
)
from scoring_model.contract.encoding import (
    UNKNOWN,
    Codes,
    encode_absent,
    encode_level,
    encode_list,
    encode_number,
)
from scoring_model.contract.feature import Feature, read_features
from scoring_model.contract.json_body import parse_exactly
from scoring_model.contract.notices import NEVER_SEEN, Notice
from scoring_model.contract.typed_columns import encode_array, encode_series
from scoring_model.contract.versioned import read_versioned
from scoring_model.errors import MOST_PROBLEMS, FieldProblem, InvalidRequest, Problems

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

FORMAT_VERSION = 1
_ONLY_ROW = 0


@dataclass(frozen=True)
class FeatureContract:
    """Names, order, kinds, categories and nullability of the features a model takes.

    One rule decides whether a value is valid, in every input format: `encode_values` and
    `encode_records` take JSON objects, `encode_columns` lists of JSON values, `encode_frame` a
    DataFrame and `encode_batch` a record batch.

    Attributes
    ----------
    features : tuple of Feature
        In the order of the matrix columns.
    inputs : tuple of Feature
        Fields that a request carries and that are no features: formulas of features use them.
    decision_date : str
        Optional field with the day of the decision, from which dates are counted; empty if no
        feature uses dates. An applicant without it is decided today (UTC).
    """

    features: tuple[Feature, ...]
    inputs: tuple[Feature, ...] = ()
    decision_date: str = ""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Feature names in the order of the matrix columns."""
        return tuple(feature.name for feature in self.features)

    @cached_property
    def fields(self) -> tuple[Feature, ...]:
        """What a request or a table carries: features without formula, inputs, decision date."""
        own = tuple(feature for feature in self.features if not feature.formula)
        day = (Feature(self.decision_date, "date", nullable=True),) if self.decision_date else ()
        return (*own, *self.inputs, *day)

    @cached_property
    def field_names(self) -> tuple[str, ...]:
        """Names of the fields."""
        return tuple(field.name for field in self.fields)

    @cached_property
    def categorical_indices(self) -> tuple[int, ...]:
        """Matrix columns that hold category codes."""
        return tuple(i for i, feature in enumerate(self.features) if feature.kind == "category")

    @cached_property
    def _template(self) -> dict[str, Any]:
        """An applicant without values. Merging a record into it gives the contract's order."""
        return dict.fromkeys(self.names)

    @cached_property
    def _plan(self) -> tuple[tuple[str, bool, Codes | None], ...]:
        """Name, nullability and codes of each feature; the codes of a number are None."""
        return tuple(
            (f.name, f.nullable, f.codes() if f.kind == "category" else None) for f in self.features
        )

    def encode_values(
        self, record: Mapping[str, Any], body: bytes = b""
    ) -> tuple[list[float], list[Notice]]:
        """Encode one applicant, as fast as Python can.

        Parameters
        ----------
        record : mapping of str to value
            The applicant as a parsed JSON object.
        body : bytes
            What `record` was parsed from. If a number may have been rounded, it is parsed again.

        Returns
        -------
        values : list of float
            One row of `EncodedRows.matrix`.
        notices : list of Notice
            What the caller should know about valid values.

        Raises
        ------
        InvalidRequest
            In the same cases as in `encode_records`.
        """
        values: list[float] = []
        notices: list[Notice] = []
        problems: list[FieldProblem] = []
        has_long = False
        complete = {**self._template, **record}
        # unknown fields come last: zip stops before them
        for value, (name, nullable, codes) in zip(complete.values(), self._plan, strict=False):
            encoded: float | str | None
            # the two most common cases are handled without a function call
            if codes is None:
                if type(value) is float:
                    if -LEAST_LONG < value < LEAST_LONG:
                        values.append(value)
                        continue
                    has_long = True
                encoded = encode_number(value, nullable)
            elif type(value) is not str or (encoded := codes.get(value)) is None:
                encoded = encode_level(value, nullable, codes)
            if type(encoded) is float:
                values.append(encoded)
                continue
            values.append(math.nan)
            if encoded is None:
                notices.append(Notice(_ONLY_ROW, name, NEVER_SEEN))
            else:
                problems.append(FieldProblem(_ONLY_ROW, name, str(encoded)))
        if problems or len(complete) > len(self._plan):
            problems += self._find_unknown(_ONLY_ROW, record)
            raise InvalidRequest.from_problems(problems)
        if has_long and body:
            return self.encode_values(parse_exactly(body))
        return values, notices

    def encode_records(
        self, records: Sequence[Mapping[str, Any]], body: bytes = b""
    ) -> EncodedRows:
        """Encode applicants given as parsed JSON objects.

        Parameters
        ----------
        records : sequence of mapping
            One per applicant. An optional field that is absent or null is missing. JSON true and
            false are the categories `true` and `false`.
        body : bytes
            What `records` were parsed from; see `encode_values`.

        Raises
        ------
        InvalidRequest
            An unknown field, a wrong kind, a missing required field, a number that is not finite
            or a whole number that a double cannot hold.
        """
        complete = [{**self._template, **record} for record in records]
        unknown = Problems()
        for row, record in enumerate(complete):
            if len(record) > len(self._template):
                extra = len(record) - len(self._template)
                unknown.extend(self._find_unknown(row, record), extra)
        # unknown fields come last: zip stops before them
        values = zip(*(record.values() for record in complete), strict=False)
        columns = dict(zip(self.names, values, strict=False))
        rows = self._encode_all(columns.get, encode_list, len(records), unknown).require_valid()
        if body and rows.has_long_numbers():
            exact = parse_exactly(body)
            return self.encode_records([exact] if isinstance(exact, dict) else exact)
        return rows

    def encode_columns(self, columns: Mapping[str, Sequence[Any]], rows: int) -> EncodedRows:
        """Encode applicants given column by column; columns outside the contract are ignored.

        Parameters
        ----------
        columns : mapping of str to sequence
            `rows` JSON values in each. An absent column is missing in every row.
        rows : int
            Number of applicants.
        """
        return self._encode_all(columns.get, encode_list, rows).require_valid()

    def _find_unknown(self, row: int, record: Mapping[str, Any]) -> Iterator[FieldProblem]:
        return (FieldProblem(row, name, UNKNOWN) for name in record if name not in self._template)

    def encode_frame(self, frame: "pd.DataFrame") -> EncodedRows:
        """Encode applicants given as a DataFrame; columns outside the contract are ignored.

        Parameters
        ----------
        frame : DataFrame, shape (rows, any)
            Numbers of any numeric dtype, categories as text, booleans, whole numbers or pandas
            categories. None, NaN and NA are missing. An absent column is missing in every row.

        Raises
        ------
        InvalidRequest
            In the same cases as in `encode_records`, except for unknown fields.
        """
        return self._encode_all(frame.get, encode_series, len(frame)).require_valid()

    def encode_batch(
        self, batch: "pa.RecordBatch", *, from_text: bool = False, most_problems: int | None = None
    ) -> EncodedRows:
        """Encode a record batch; columns outside the contract are ignored.

        Parameters
        ----------
        batch : pyarrow.RecordBatch
            The same columns as in `encode_frame`.
        from_text : bool
            Whether all columns are text, as in a CSV file. Numbers are then parsed.
        most_problems : int, optional
            List only so many problems, the first by row; by default all are listed.

        Returns
        -------
        EncodedRows
            The problems of invalid rows are listed in it. They are not raised.
        """
        columns = dict(zip(batch.schema.names, batch.columns, strict=True))
        encode = partial(encode_array, from_text=from_text)
        return self._encode_all(columns.get, encode, batch.num_rows, None, most_problems)

    def _encode_all(
        self,
        find: Callable[[str], Any],
        encode: Callable[[Any, bool, Codes | None], EncodedColumn],
        rows: int,
        problems: Problems | None = None,
        most_problems: int | None = MOST_PROBLEMS,
    ) -> EncodedRows:
        """Encode feature by feature; `find` returns None for a feature without a column."""
        columns = (
            encode_absent(rows, nullable) if column is None else encode(column, nullable, codes)
            for name, nullable, codes in self._plan
            for column in (find(name),)
        )
        return gather_columns(self.names, columns, rows, problems, most_problems)

    def with_all_nullable(self) -> "FeatureContract":
        """Return the contract with every feature optional, for old rows that may lack values."""
        return FeatureContract(tuple(replace(f, nullable=True) for f in self.features))

    def to_json(self) -> str:
        """Return the contract as JSON text that `from_json` reads back."""
        document = {
            "format_version": FORMAT_VERSION,
            "features": [f.to_fields() for f in self.features],
        }
        return json.dumps(document, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str) -> "FeatureContract":
        """Read a contract from JSON; raises `ArtifactError` if a feature is not valid."""
        document = read_versioned(text, "contract.json", FORMAT_VERSION)
        return cls(read_features(document))

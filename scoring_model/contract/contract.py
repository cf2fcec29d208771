"""`FeatureContract`: the features a model takes, and how an applicant becomes a row of numbers."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scoring_model.contract.contract_fields import ContractFields, judge_reference
from scoring_model.contract.documents import parse_exactly
from scoring_model.contract.encoded_rows import EncodedColumn, EncodedRows, gather_columns
from scoring_model.contract.encoding import encode_absent, encode_list
from scoring_model.contract.notices import Notice
from scoring_model.contract.one_applicant import FieldPlan, Remark, encode_one, plan_field
from scoring_model.contract.typed import encode_array, encode_series, list_records
from scoring_model.contract.value_rule import LEAST_LONG, UNKNOWN, ValueRule
from scoring_model.errors import MOST_PROBLEMS, FieldProblem, InvalidRequest, Problems

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

_ONLY_ROW = 0


@dataclass(frozen=True)
class FeatureContract(ContractFields):
    """The features a model takes, and the encoders of applicants.

    One rule decides whether a value is valid, in every input format: `encode_values` and
    `encode_records` take JSON objects, `encode_columns` lists of JSON values, `encode_frame` a
    DataFrame and `encode_batch` a record batch.
    """

    @cached_property
    def _template(self) -> dict[str, Any]:
        """An applicant without values. Merging a record into it gives the contract's order."""
        return dict.fromkeys(self.field_names)

    @cached_property
    def _rules(self) -> tuple[tuple[str, ValueRule], ...]:
        return tuple(
            (field.name, field.make_rule(self.ranges.get(field.name))) for field in self.fields
        )

    @cached_property
    def _plan(self) -> tuple[FieldPlan, ...]:
        return tuple(plan_field(rule) for _, rule in self._rules)

    def encode_values(
        self, record: Mapping[str, Any], body: bytes = b""
    ) -> tuple[list[float], list[Notice]]:
        """Encode one applicant, as fast as Python can.

        Parameters
        ----------
        record : mapping of str to value
            The applicant as a parsed JSON object.
        body : bytes
            What `record`, or an array of it alone, was parsed from. If a number may have been
            rounded, it is parsed again.

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
        complete = {**self._template, **record}
        values: list[float] = []
        remarks = encode_one(complete.values(), self._plan, values)
        if remarks is None and len(complete) == len(values) and not self.derivation:
            return values, []
        return self._finish(record, body, values, remarks or [])

    def _finish(
        self, record: Mapping[str, Any], body: bytes, values: list[float], remarks: list[Remark]
    ) -> tuple[list[float], list[Notice]]:
        """Finish an applicant who is not plain."""
        names = self.field_names
        problems = [
            FieldProblem(_ONLY_ROW, names[place], text) for place, text, _ in remarks if text
        ]
        problems += self._find_unknown(_ONLY_ROW, record)
        if problems:
            raise InvalidRequest.from_problems(problems)
        if body and any(abs(value) >= LEAST_LONG for value in values):
            exact = parse_exactly(body)
            return self.encode_values(exact[0] if isinstance(exact, list) else exact)
        notices = [Notice(_ONLY_ROW, names[place], text) for place, _, text in remarks if text]
        if self.derivation:
            rows = self.derivation.apply(EncodedRows(np.array([values]), tuple(notices)))
            return rows.matrix[0].tolist(), list(rows.notices)
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
        if len(records) == 1 and not self.derivation:
            values, notices = self.encode_values(records[0], body)
            return EncodedRows(np.array([values]), tuple(notices))
        complete = [{**self._template, **record} for record in records]
        unknown = Problems()
        for row, record in enumerate(complete):
            if len(record) > len(self._template):
                extra = len(record) - len(self._template) - self._count_unscored(record)
                unknown.extend(self._find_unknown(row, record), extra)
        # unknown fields come last: zip stops before them
        lists = zip(*(record.values() for record in complete), strict=False)
        columns = dict(zip(self.field_names, lists, strict=False))
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
        """Yield a problem for each field that is not known, and for a wrong reference."""
        for name, value in record.items():
            if name not in self._template and (problem := self._judge_unscored(name, value)):
                yield FieldProblem(row, name, problem)

    def _judge_unscored(self, name: str, value: Any) -> str:
        if name not in self.unscored:
            return UNKNOWN
        return "" if name in self.unread else judge_reference(value)

    def _count_unscored(self, record: Mapping[str, Any]) -> int:
        """Return how many fields of an applicant are taken and not scored."""
        given = (name for name in self.unscored if name in record)
        return sum(not self._judge_unscored(name, record[name]) for name in given)

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

    def list_records(
        self, batch: "pa.RecordBatch", *, from_text: bool = False
    ) -> list[dict[str, Any]]:
        """Return the valid rows of a record batch as `encode_records` takes them.

        Parameters
        ----------
        batch : pyarrow.RecordBatch
        from_text : bool
            As in `encode_batch`.
        """
        return list_records(batch, self._rules, from_text=from_text)

    def _encode_all(
        self,
        find: Callable[[str], Any],
        encode: Callable[[Any, ValueRule], EncodedColumn],
        rows: int,
        problems: Problems | None = None,
        most_problems: int | None = MOST_PROBLEMS,
    ) -> EncodedRows:
        """Encode field by field; `find` returns None for a field without a column."""
        columns = (
            encode_absent(rows, rule) if (column := find(name)) is None else encode(column, rule)
            for name, rule in self._rules
        )
        encoded = gather_columns(self.field_names, columns, rows, problems, most_problems)
        return self.derivation.apply(encoded) if self.derivation else encoded

"""Read applicants with their histories from JSON, and check every column of each table."""

import datetime
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from scoring_model.contract import (
    NOT_TEXT,
    NOT_TRUE_OR_FALSE,
    REQUIRED,
    YES_NO,
    FeatureContract,
    encode_number,
    judge_reference,
)
from scoring_model.errors import FieldProblem, Problems
from scoring_model.features.feature_sql import APPLICATION, FeatureSql

NOT_WHOLE = "must be a whole number of at most 64 bits"
NOT_DATE = "must be a date such as 2004-01-31"
NOT_TIME = "must be a time such as 2004-01-31T09:30:00, without a zone"
NOT_OBJECT = "must be an object"
NOT_ROWS = "must be an array of objects"
UNKNOWN_TABLE = "is not a table of this model"
UNKNOWN_COLUMN = "is not a column of this table"
OTHER_KEY = "must equal the key of the application, or be left out"


class Refused(NamedTuple):
    """The rule that a value breaks."""

    rule: str


Reader = Callable[[Any], Any]


class ApplicantTables(NamedTuple):
    """The checked rows of one applicant.

    Attributes
    ----------
    tables : mapping of str to list of dict
        Rows of each table, with the columns that the SQL reads. All rows have the key.
    fields : mapping of str to value
        Features that are columns of the application, so they are not computed.
    """

    tables: Mapping[str, list[dict[str, Any]]]
    fields: Mapping[str, Any]


class ApplicantReader:
    """Reads applicants with their histories, as strictly as the contract reads finished rows.

    A finished row holds all features.

    Parameters
    ----------
    features : FeatureSql
    contract : FeatureContract
    """

    def __init__(self, features: FeatureSql, contract: FeatureContract) -> None:
        self._key = features.key
        text_readers = (_read_text, _read_yes_no_text)
        self._skip_empty = frozenset(text_readers if features.empty_is_missing else ())
        self._readers: dict[str, dict[str, Reader]] = {
            h.table: {name: _READERS.get(kind, _read_text) for name, kind in h.columns.items()}
            for h in features.histories
        }
        self._unread = {h.table: frozenset(h.unread) for h in features.histories}
        self._unread[APPLICATION] |= frozenset(contract.unscored)
        self._reference = contract.answer.reference if contract.answer else ""
        key_kind = next(h.columns[self._key] for h in features.histories if h.table == APPLICATION)
        # stands for the key of an applicant without one: a key only joins rows
        self._stand_in: Any = "0" if key_kind == "VARCHAR" else 0
        application, computed = self._readers[APPLICATION], features.labels()
        self._fields = {
            f.name: f for f in contract.fields if f.name in application and f.name not in computed
        }
        for feature in self._fields.values():
            if set(feature.levels) == set(YES_NO) and application[feature.name] is _read_text:
                application[feature.name] = _read_yes_no_text
        self._names = frozenset(self._readers).difference(contract.field_names)

    def has_history(self, record: Mapping[str, Any]) -> bool:
        """Return whether an applicant names a table, which a finished row never does."""
        return not self._names.isdisjoint(record)

    def read(self, applicant: Mapping[str, Any], row: int, problems: Problems) -> ApplicantTables:
        """Return the rows of one applicant, and add their problems to `problems`.

        Parameters
        ----------
        applicant : mapping
            `application` is an object, every other table is an array of objects. A table that is
            left out or null has no rows.
        row : int
            Position of the applicant in the request, counted from 0.
        problems : Problems
            The problems found are appended to it.
        """

        def refuse(field: str, rule: str) -> None:
            problems.append(FieldProblem(row, field, rule))

        application = applicant.get(APPLICATION)
        if type(application) is not dict:
            refuse(APPLICATION, REQUIRED if application is None else NOT_OBJECT)
            application = {}
        own = self._read_row(APPLICATION, application, APPLICATION, refuse)
        if self._reference and (problem := judge_reference(application.get(self._reference))):
            refuse(f"{APPLICATION}.{self._reference}", problem)
        key = own.setdefault(self._key, self._stand_in)
        for name, feature in self._fields.items():
            if not feature.nullable and application.get(name) is None:
                refuse(f"{APPLICATION}.{name}", REQUIRED)
        for name in applicant:
            if name not in self._readers:
                refuse(name, UNKNOWN_TABLE)
        tables = {APPLICATION: [own]}
        for table in self._readers:
            if table != APPLICATION:
                tables[table] = self._read_rows(table, applicant.get(table), key, refuse)
        fields = {name: self._as_field(name, own.get(name)) for name in self._fields}
        return ApplicantTables(tables, fields)

    def _read_rows(
        self, table: str, rows: Any, key: Any, refuse: Callable[[str, str], None]
    ) -> list[dict[str, Any]]:
        if rows is None:
            return []
        if type(rows) is not list:
            refuse(table, NOT_ROWS)
            return []
        has_key, read = self._key in self._readers[table], []
        for number, row in enumerate(rows):
            if type(row) is not dict:
                refuse(f"{table}[{number}]", NOT_OBJECT)
                continue
            values = self._read_row(table, row, f"{table}[{number}]", refuse)
            if has_key and values.setdefault(self._key, key) != key:
                refuse(f"{table}[{number}].{self._key}", OTHER_KEY)
            read.append(values)
        return read

    def _read_row(
        self,
        table: str,
        row: Mapping[str, Any],
        place: str,
        refuse: Callable[[str, str], None],
    ) -> dict[str, Any]:
        readers, unread = self._readers[table], self._unread[table]
        values: dict[str, Any] = {}
        for name, value in row.items():
            reader = readers.get(name)
            if reader is None:
                if name not in unread:
                    refuse(f"{place}.{name}", UNKNOWN_COLUMN)
            elif value is not None and (value != "" or reader not in self._skip_empty):
                values[name] = read = reader(value)
                if isinstance(read, Refused):
                    refuse(f"{place}.{name}", read.rule)
        return values

    def _as_field(self, name: str, value: Any) -> Any:
        """Return a value for the contract: a numeric code becomes the text of its digits."""
        is_code = self._fields[name].kind == "category" and type(value) in (int, float)
        return str(int(value)) if is_code and value == int(value) else value


def _read_whole(value: Any) -> int | Refused:
    if type(value) is float and value.is_integer():
        value = int(value)
    if type(value) is not int or not -(2**63) <= value < 2**63:
        return Refused(NOT_WHOLE)
    return value


def _read_number(value: Any) -> float | Refused:
    number = encode_number(value, nullable=True)
    return Refused(number) if isinstance(number, str) else number


def _read_text(value: Any) -> str | Refused:
    return value if type(value) is str else Refused(NOT_TEXT)


def _read_yes_no(value: Any) -> bool | Refused:
    found = YES_NO.get(value.lower()) if type(value) is str else value
    return found if type(found) is bool else Refused(NOT_TRUE_OR_FALSE)


def _read_yes_no_text(value: Any) -> str | Refused:
    if value == "" and type(value) is str:
        # the contract takes it as missing
        return value
    text = str(value).lower() if type(value) in (bool, str) else ""
    return text if text in YES_NO else Refused(NOT_TRUE_OR_FALSE)


def _read_date(value: Any) -> str | Refused:
    try:
        return datetime.date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        return Refused(NOT_DATE)


def _read_time(value: Any) -> str | Refused:
    try:
        time = datetime.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        return Refused(NOT_TIME)
    return time.isoformat() if time.tzinfo is None else Refused(NOT_TIME)


_READERS: Mapping[str, Reader] = {
    "BIGINT": _read_whole,
    "DOUBLE": _read_number,
    "BOOLEAN": _read_yes_no,
    "DATE": _read_date,
    "TIMESTAMP": _read_time,
}

"""`ApplicantFeatures`: encodes applicants with histories, by the version's own SQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from scoring_model.contract import EncodedRows, FeatureContract, parse_exactly, refuse_duplicates
from scoring_model.errors import FeatureError, FieldProblem, InvalidRequest, Problems
from scoring_model.features.applicant_engine import ApplicantEngine
from scoring_model.features.applicant_tables import ApplicantReader
from scoring_model.features.feature_sql import APPLICATION, FeatureSql


class ApplicantFeatures:
    """Computes the features of each applicant of a request separately; for one thread at a time.

    Parameters
    ----------
    features : FeatureSql
    contract : FeatureContract

    Raises
    ------
    FeatureError
        The SQL cannot be prepared.
    """

    def __init__(self, features: FeatureSql, contract: FeatureContract) -> None:
        self._features = features
        self._contract = contract
        self._reader = ApplicantReader(features, contract)
        self._engine: ApplicantEngine | None = ApplicantEngine(features)

    def encode(
        self,
        body: bytes,
        records: Sequence[Mapping[str, Any]],
        check_time: Callable[[], None],
        kept: list[Mapping[str, Any]] | None = None,
    ) -> EncodedRows:
        """Encode a request's applicants.

        Either all are finished rows, which hold every feature, or all have their histories.

        Parameters
        ----------
        body : bytes
            The body that `records` were parsed from.
        records : sequence of mapping
            The parsed objects.
        check_time : callable
            Called before each applicant; raises `TooSlow` if the time limit has passed.
        kept : list, optional
            The finished row of each applicant is added to it.

        Raises
        ------
        InvalidRequest
            An applicant is not valid. The error names a field by table and row: `bureau[3].STATUS`.
        TooSlow
            The time limit has passed.
        """
        if not any(map(self._reader.has_history, records)):
            refuse_duplicates(body, sum(map(len, records)), [r.values() for r in records])
            if kept is not None:
                kept += records
            return self._contract.encode_records(records, body)
        exact = parse_exactly(body)
        records = [exact] if isinstance(exact, dict) else exact
        objects = list(_objects(records))
        refuse_duplicates(body, sum(map(len, objects)), [each.values() for each in objects])
        problems = Problems()
        read = [self._reader.read(record, row, problems) for row, record in enumerate(records)]
        problems.require_none()
        finished = []
        for applicant in read:
            check_time()
            computed = self._compute(applicant.tables)
            known = {name: v for name, v in computed.items() if name in self._contract.field_names}
            finished.append({**applicant.fields, **known})
        if kept is not None:
            kept += finished
        try:
            return self._contract.encode_records(finished)
        except InvalidRequest as error:
            fields = [self._with_place(problem) for problem in error.fields]
            raise InvalidRequest.from_problems(fields, error.count) from error

    def own_columns(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return the columns of a valid applicant itself, without its histories."""
        own: Mapping[str, Any] = record[APPLICATION] if self._reader.has_history(record) else record
        return own

    def _compute(self, tables: Mapping[str, list[dict[str, Any]]]) -> dict[str, float | None]:
        # an engine that raised an error is not used again
        engine, self._engine = self._engine or ApplicantEngine(self._features), None
        try:
            computed = engine.compute(tables)
        except FeatureError as error:
            if type(error.__cause__).__name__ == "OutOfMemoryException":
                raise MemoryError from error
            raise
        self._engine = engine
        return computed

    def _with_place(self, problem: FieldProblem) -> FieldProblem:
        if problem.field in self._features.labels():
            return problem
        return FieldProblem(problem.row, f"{APPLICATION}.{problem.field}", problem.problem)


def _objects(records: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield all objects of a valid body, and some objects of an invalid one."""
    for record in records:
        yield record
        for table in record.values():
            rows = table if isinstance(table, list) else [table]
            yield from (row for row in rows if isinstance(row, dict))

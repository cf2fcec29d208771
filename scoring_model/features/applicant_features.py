"""`ApplicantFeatures`: applicants with histories as encoded rows, by the version's own SQL."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from queue import Empty, LifoQueue
from typing import Any

from scoring_model.contract import EncodedRows, FeatureContract, refuse_duplicates
from scoring_model.errors import FieldProblem, InvalidRequest
from scoring_model.features.applicant_engine import ApplicantEngine
from scoring_model.features.applicant_tables import ApplicantReader
from scoring_model.features.feature_sql import APPLICATION, FeatureSql


class ApplicantFeatures:
    """Computes the features of a request's applicants, each one alone; for any number of threads.

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
        # the last one used is the first one used again: there are as many as ever ran side by side
        self._engines: LifoQueue[ApplicantEngine] = LifoQueue()
        self._engines.put(ApplicantEngine(features))

    def encode(
        self, body: bytes, records: Sequence[Mapping[str, Any]], check_time: Callable[[], None]
    ) -> EncodedRows:
        """Encode a request's applicants: finished rows, or all of them with their histories.

        Parameters
        ----------
        body : bytes
            What was parsed.
        records : sequence of mapping
            The parsed objects.
        check_time : callable
            Raises `TooSlow` when the request is out of time; asked before each applicant.

        Raises
        ------
        InvalidRequest
            Something is wrong with the applicants; fields of tables read `bureau[3].STATUS`.
        TooSlow
        """
        if not any(map(self._reader.has_history, records)):
            refuse_duplicates(body, sum(map(len, records)), [r.values() for r in records])
            return self._contract.encode_records(records)
        objects = list(_objects(records))
        refuse_duplicates(body, sum(map(len, objects)), [each.values() for each in objects])
        problems: list[FieldProblem] = []
        read = [self._reader.read(record, row, problems) for row, record in enumerate(records)]
        if problems:
            raise InvalidRequest.from_problems(problems)
        finished = []
        for applicant in read:
            check_time()
            computed = self._compute(applicant.tables)
            known = {name: v for name, v in computed.items() if name in self._contract.names}
            finished.append({**applicant.fields, **known})
        try:
            return self._contract.encode_records(finished)
        except InvalidRequest as error:
            fields = [self._with_place(problem) for problem in error.fields]
            raise InvalidRequest.from_problems(fields) from error

    def _compute(self, tables: Mapping[str, list[dict[str, Any]]]) -> dict[str, float | None]:
        try:
            engine = self._engines.get_nowait()
        except Empty:
            engine = ApplicantEngine(self._features)
        computed = engine.compute(tables)
        # one that has failed is not used again
        self._engines.put(engine)
        return computed

    def _with_place(self, problem: FieldProblem) -> FieldProblem:
        if problem.field in self._features.labels():
            return problem
        return FieldProblem(problem.row, f"{APPLICATION}.{problem.field}", problem.problem)


def _objects(records: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Yield all objects of a body that is what it should be; of another one, some."""
    for record in records:
        yield record
        for table in record.values():
            rows = table if isinstance(table, list) else [table]
            yield from (row for row in rows if isinstance(row, dict))

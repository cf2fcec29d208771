"""`SparkEngine`: features, search and batch scoring on Spark; the final fit on this machine."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoring_model.errors import FeatureError
from scoring_model.features import APPLICATION
from train.batch import BatchJob, BatchReport
from train.data import JoinedTable, JoinNotes, describe_join, find_tables, input_errors
from train.engines.local import LocalEngine
from train.engines.spark_batch import score_on_spark
from train.engines.spark_features import ROW, compute_on_spark, spark_errors
from train.engines.spark_rows import check_rows
from train.engines.spark_session import open_session, ship_packages
from train.engines.spark_shares import read_loans
from train.errors import InputError

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from train.portfolio import Portfolio
    from train.search import PlannedSearch, Search, Trial


@dataclass(frozen=True)
class SparkEngine(LocalEngine):
    """Implements `train.engines.Engine` with one Spark session.

    Attributes
    ----------
    session : pyspark.sql.SparkSession
        A session from `open_session`.
    """

    session: Any = None

    def features(self, portfolio: "Portfolio") -> JoinedTable:
        """Run the same SQL on Spark, and fetch the finished rows to this machine."""
        with input_errors(portfolio.path):
            described = describe_join(portfolio)
            notes = JoinNotes(portfolio)
            with compute_on_spark(self.session, described.read, described.files) as computed:
                notes.add_all(computed.joined)
                with spark_errors("rows with all features"):
                    rows = computed.rows.toArrow().to_pandas()
        frame = rows.sort_values(ROW, ignore_index=True).drop(columns=ROW)
        return JoinedTable(frame, described.features, tuple(notes.texts))

    def search(
        self,
        planned: "PlannedSearch",
        on_trial: "Callable[[Trial], None]",
        finished: "Sequence[Trial]" = (),
    ) -> "Search":
        """Search with hyperopt's `SparkTrials`; each trial is one Spark task."""
        from train.engines.spark_search import tune_on_spark

        return tune_on_spark(self.session, planned, on_trial, finished)

    def score(self, job: BatchJob, say: Callable[[str], None]) -> BatchReport:
        """Score into a folder of files with MLflow's `spark_udf`."""
        import mlflow

        if job.database:
            raise InputError("output: a database needs engine=local")
        if job.log:
            raise InputError("decision_log needs engine=local")
        ship_packages(self.session)
        with ExitStack() as computed:
            rows = self._read(job, say, computed)
            # "local": the version runs in this Python environment, as in tests and production
            predict = mlflow.pyfunc.spark_udf(self.session, job.model.uri, env_manager="local")
            try:
                with spark_errors("rows"):
                    return score_on_spark(rows, job, predict)
            except FeatureError as error:
                raise InputError(f"input {job.source.shown}: {error}") from error

    def _read(self, job: BatchJob, say: Callable[[str], None], computed: ExitStack) -> "DataFrame":
        """Return the checked rows of the input, or of a folder of tables to compute them from."""
        if job.tables is None:
            return read_loans(self.session, job.model, job.source, say)
        (features, folder), notes = job.tables, JoinNotes()
        computed.enter_context(input_errors(folder))
        tables = find_tables(features, folder)
        made = computed.enter_context(compute_on_spark(self.session, features, tables))
        notes.add_all(made.joined)
        for note in notes.texts:
            say(note)
        return check_rows(made.rows, job.model, APPLICATION)


@contextmanager
def open_spark_engine(memory_limit: str) -> Iterator[SparkEngine]:
    """Yield an engine with an open session; raise `InputError` if Spark does not start."""
    with open_session() as session:
        yield SparkEngine(memory_limit, session)

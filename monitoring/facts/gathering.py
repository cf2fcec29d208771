"""`open_facts`: read a decision log once, and count it by month."""

import datetime
import os
from collections.abc import Collection, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

import pyarrow as pa

from monitoring.decisions import VersionFinder, list_logged_versions
from monitoring.facts.decision_facts import (
    BinCounts,
    DecisionSums,
    JudgedVersion,
    RecalibratedSums,
)
from monitoring.facts.decision_queries import count_requests, sum_decisions
from monitoring.facts.extraction import (
    MORE_PLACES,
    Extraction,
    ExtractionTally,
    VersionBins,
    Wanted,
    choose_model,
)
from monitoring.facts.facts import Facts
from monitoring.facts.outcome_facts import OutcomeFacts
from monitoring.facts.outcome_queries import gather_outcomes
from monitoring.facts.outcome_table import OutcomeSource, read_outcomes
from monitoring.facts.recalibrated_sums import sum_recalibrated
from monitoring.facts.tables import DECISIONS, OUTCOMES, FactTables, sql_date
from scoring_model.decision_log import LogReader, VersionName
from train.engines import open_spark
from train.errors import InputError

_DECISION_ROWS = """
SELECT day, margin, false_negative_cost, false_positive_cost
FROM decisions
WHERE day <= {day} AND manifest IN ({manifests}) AND margin IS NOT NULL
"""
_OUTCOME_ROWS = """
SELECT day, margin, share, defaulted, false_negative_cost, false_positive_cost
FROM members
WHERE is_mature AND manifest IN ({manifests}) AND margin IS NOT NULL
ORDER BY day, id
"""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a log.

    Attributes
    ----------
    as_of : date
        The last day that counts.
    model : str
        Name of the registered model; empty for the only one in the log.
    maturity_days : int
        Age from which 'repaid so far' counts as repaid.
    outcomes : OutcomeSource, optional
        None without a table of outcomes.
    with_margins : bool
        Whether the raw log-odds of the boosters are computed too.
    """

    as_of: datetime.date
    model: str
    maturity_days: int
    outcomes: OutcomeSource | None = None
    with_margins: bool = False


@dataclass(frozen=True, slots=True)
class GatheredFacts:
    """What a log and the outcomes hold, and further questions about single decisions.

    Attributes
    ----------
    model : str or None
        Name of the registered model; None for versions from a folder.
    facts : Facts
    tables : FactTables
    """

    model: str | None
    facts: Facts
    tables: FactTables

    def recalibrate(
        self, manifest: str, slope: float, intercept: float, months: Collection[int]
    ) -> RecalibratedSums:
        """Return what another calibration of a version would have saved in some months."""
        as_of = self.facts.as_of
        return sum_recalibrated(self.tables, as_of, manifest, slope, intercept, months)

    def decision_rows(self, manifests: Collection[str]) -> pa.Table:
        """Return decisions of some versions with day, margin and costs.

        Decisions without a margin, such as erased ones, are left out.
        """
        return self._select(_DECISION_ROWS, manifests)

    def outcome_rows(self, manifests: Collection[str]) -> pa.Table:
        """Return the accepted mature decisions with an outcome of some versions, oldest first.

        Beside the columns of `decision_rows` they have `share` and `defaulted`. There must be a
        table of outcomes.
        """
        return self._select(_OUTCOME_ROWS, manifests)

    def _select(self, sql: str, manifests: Collection[str]) -> pa.Table:
        # hex digits only: others are damaged
        quoted = ", ".join(f"'{manifest}'" for manifest in sorted(manifests))
        return self.tables.columns(sql.format(day=sql_date(self.facts.as_of), manifests=quoted))


@contextmanager
def open_facts(
    reader: LogReader,
    place: str,
    question: Question,
    finder: VersionFinder,
    engine: str,
    memory_limit: str,
) -> Iterator[GatheredFacts]:
    """Read a log once and yield what is counted of it.

    Parameters
    ----------
    reader : LogReader
    place : str
        The log that it reads.
    question : Question
    finder : VersionFinder
    engine : {"local", "spark"}
    memory_limit : str
        Most memory of DuckDB, such as `1GB`.

    Raises
    ------
    InputError
        The log has no such decision, or decisions of several models, or Spark fails.
    """
    wanted = Wanted(question.as_of, question.model, question.with_margins)
    if engine == "spark":
        opened = _read_on_spark(reader, Path(place).absolute(), wanted, finder)
    else:
        opened = _read_here(reader, wanted, finder, memory_limit)
    with opened as (tables, tally):
        model = choose_model(tally.names, question.model)
        sums = sum_decisions(tables, question.as_of)
        if not sums:
            raise InputError(f"decisions: there is none up to {question.as_of}")
        names = [name for name in tally.names if name.model == model]
        versions = _judge_versions(sums, names, finder)
        facts = Facts(
            as_of=question.as_of,
            versions=versions,
            decisions=tuple(sums),
            bins=tuple(_list_bins(tally, versions)),
            requests=tuple(count_requests(reader.counts(), question.as_of)),
            damaged=tally.damaged,
            outcomes=_gather_outcomes(tables, versions, question),
        )
        yield GatheredFacts(model, facts, tables)


Read = tuple[FactTables, ExtractionTally]


@contextmanager
def _read_here(
    reader: LogReader, wanted: Wanted, finder: VersionFinder, memory_limit: str
) -> Iterator[Read]:
    from monitoring.facts.duckdb_tables import open_duckdb_tables

    with open_duckdb_tables(memory_limit, os.cpu_count() or 1) as tables:
        extraction = Extraction(wanted, finder.find_scorer)
        pairs = chain.from_iterable(map(reader.pairs, reader.segments()))
        tables.load("decisions", DECISIONS, extraction.read(pairs))
        yield tables, extraction.tally


@contextmanager
def _read_on_spark(
    reader: LogReader, folder: Path, wanted: Wanted, finder: VersionFinder
) -> Iterator[Read]:
    from monitoring.facts.spark_tables import SparkTables

    segments = list(reader.segments())
    sealed = [segment for segment in segments if segment.seal is not None]
    # tasks that read a growing file twice would not see the same decisions
    growing = [segment for segment in segments if segment.seal is None]
    with (
        open_spark(f"decisions {reader.shown}") as session,
        closing(SparkTables(session)) as tables,
    ):
        extraction = Extraction(wanted, finder.find_scorer)
        pairs = chain.from_iterable(map(reader.pairs, growing))
        tables.load("growing", DECISIONS, extraction.read(pairs))
        named = list_logged_versions(session, folder, sealed, _take_all)
        choose_model(dict.fromkeys([*named, *extraction.tally.names], 0), wanted.model)
        found = {n.manifest: files for n in named if (files := finder.find_files(n))}
        tally = tables.load_segments("decisions", folder, sealed, wanted, found, "growing")
        tally.add(extraction.tally)
        yield tables, tally


def _take_all(_identifier: str, _time: str) -> bool:
    return True


def _judge_versions(
    sums: list[DecisionSums], names: Collection[VersionName], finder: VersionFinder
) -> dict[str, JudgedVersion]:
    """Return each version that decided; the same files may have several names."""
    known = {name.manifest: name for name in sorted(names, key=str, reverse=True)}
    versions = {}
    for manifest in sorted({each.manifest for each in sums}):
        scorer = finder.find_scorer(known[manifest])
        bins = VersionBins(scorer).bins if scorer else ()
        problem = "" if scorer else finder.problems[manifest]
        versions[manifest] = JudgedVersion(known[manifest], scorer, problem, bins)
    return versions


def _list_bins(
    tally: ExtractionTally, versions: Mapping[str, JudgedVersion]
) -> Iterator[BinCounts]:
    for (manifest, month), row in sorted(tally.counts.items(), key=lambda item: item[0]):
        start = 0
        for bins in versions[manifest].bins:
            end = start + len(bins.labels)
            missing, unseen = row[end : end + MORE_PLACES].tolist()
            yield BinCounts(month, manifest, bins.name, row[start:end], missing, unseen)
            start = end + MORE_PLACES


def _gather_outcomes(
    tables: FactTables, versions: Mapping[str, JudgedVersion], question: Question
) -> OutcomeFacts | None:
    if question.outcomes is None:
        return None
    tables.load("outcomes", OUTCOMES, read_outcomes(question.outcomes))
    return gather_outcomes(tables, versions, question.as_of, question.maturity_days)

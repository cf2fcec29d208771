"""`Extraction`: turn logged decisions into rows of the table `decisions` and counts of bins."""

import datetime
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Self

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray

from monitoring.decisions import (
    EPOCH,
    DecidedRow,
    encode_logged,
    name_version,
    parse_record,
    read_decided_row,
)
from monitoring.facts.extraction.feature_bins import VersionBins
from monitoring.facts.tables import DECISIONS
from scoring_model.contract import EncodedRows
from scoring_model.decision_log import LoggedPair, VersionName
from scoring_model.errors import InvalidRequest
from scoring_model.types import FloatArray
from scoring_model.version import Scorer

# more objects at once fit into no cache of a processor, and cost a quarter more time
_BATCH_ROWS = 1000
_MANIFEST = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which decisions are read, and what of them.

    Attributes
    ----------
    as_of : date
        Later decisions keep only their row, without costs.
    model : str
        Empty for all models.
    with_margins : bool
    """

    as_of: datetime.date
    model: str
    with_margins: bool


@dataclass(slots=True)
class ExtractionTally:
    """What is counted while decisions are read.

    Attributes
    ----------
    damaged : int
    names : Counter of VersionName
        Number of decisions by each version, of all models.
    counts : dict of (str, int) to ndarray of int64, shape (places,)
        Row of counts of `VersionBins`, by manifest and month.
    """

    damaged: int = 0
    names: Counter[VersionName] = field(default_factory=Counter)
    counts: dict[tuple[str, int], NDArray[np.int64]] = field(default_factory=dict)

    def count(self, manifest: str, month: int, row: NDArray[np.int64]) -> None:
        """Add a row of counts."""
        known = self.counts.get((manifest, month))
        self.counts[manifest, month] = row if known is None else known + row

    def add(self, other: "ExtractionTally") -> None:
        """Add what was counted of other decisions."""
        self.damaged += other.damaged
        self.names.update(other.names)
        for (manifest, month), row in other.counts.items():
            self.count(manifest, month, row)

    def to_json(self) -> str:
        """Return the JSON text that `from_json` reads."""
        counts = [[*key, row.tolist()] for key, row in self.counts.items()]
        names = [[*name, count] for name, count in self.names.items()]
        return orjson.dumps([self.damaged, names, counts]).decode()

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Return what `to_json` describes."""
        damaged, names, counts = orjson.loads(text)
        rows = {(m, month): np.array(row, dtype=np.int64) for m, month, row in counts}
        return cls(damaged, Counter({VersionName(*name): count for *name, count in names}), rows)


class Extraction:
    """Reads decisions in batches by version; the memory does not grow with their number.

    Parameters
    ----------
    wanted : Wanted
    find_scorer : callable
        Returns the version with a name, or None if it is not found.

    Attributes
    ----------
    tally : ExtractionTally
    """

    def __init__(self, wanted: Wanted, find_scorer: Callable[[VersionName], Scorer | None]) -> None:
        self._wanted = wanted
        self._as_of = (wanted.as_of - EPOCH).days
        self._find_scorer = find_scorer
        self._bins: dict[str, VersionBins] = {}
        self.tally = ExtractionTally()

    def read(self, pairs: Iterable[LoggedPair]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of decisions, with the schema `DECISIONS`, in no order."""
        waiting: dict[VersionName, list[DecidedRow]] = defaultdict(list)
        count = 0
        for text, personal in pairs:
            try:
                record = parse_record(text)
                name = name_version(record)
                if self._takes(name):
                    waiting[name].append(read_decided_row(record, personal))
                    count += 1
            except (ValueError, LookupError, TypeError):
                self.tally.damaged += 1
                continue
            if count == _BATCH_ROWS:
                yield from self._finish(waiting)
                waiting.clear()
                count = 0
        yield from self._finish(waiting)

    def _takes(self, name: VersionName) -> bool:
        if name not in self.tally.names and not _MANIFEST.fullmatch(name.manifest):
            raise ValueError("manifest of the record is damaged")
        self.tally.names[name] += 1
        return not self._wanted.model or name.model == self._wanted.model

    def _finish(self, waiting: dict[VersionName, list[DecidedRow]]) -> Iterator[pa.RecordBatch]:
        for name, rows in waiting.items():
            late = [row for row in rows if row.day > self._as_of]
            due = [row for row in rows if row.day <= self._as_of]
            scorer = self._find_scorer(name) if due else None
            if scorer is None:
                yield _to_batch(name, rows)
                continue
            erased = [row for row in due if row.applicant is None]
            known = [row for row in due if row.applicant is not None]
            if late:
                yield _to_batch(name, late)
            if erased:
                yield _to_batch(name, erased, _costs(scorer, len(erased), None))
            if known:
                yield from self._read_known(name, scorer, known)

    def _read_known(
        self, name: VersionName, scorer: Scorer, rows: list[DecidedRow]
    ) -> Iterator[pa.RecordBatch]:
        try:
            encoded = encode_logged(
                scorer.contract,
                [row.applicant or {} for row in rows],
                [row.values for row in rows],
                [row.decided_on for row in rows],
            )
            costs = _costs(scorer, len(rows), encoded)
        except (InvalidRequest, ArithmeticError):
            if len(rows) == 1:
                self.tally.damaged += 1
                return
            # only some of them are damaged
            half = len(rows) // 2
            yield from self._read_known(name, scorer, rows[:half])
            yield from self._read_known(name, scorer, rows[half:])
            return
        self._count_bins(name.manifest, scorer, rows, encoded)
        margins = scorer.predict_margins(encoded.matrix) if self._wanted.with_margins else None
        yield _to_batch(name, rows, costs, margins)

    def _count_bins(
        self, manifest: str, scorer: Scorer, rows: list[DecidedRow], encoded: EncodedRows
    ) -> None:
        if manifest not in self._bins:
            self._bins[manifest] = VersionBins(scorer)
        probability = np.array([row.probability for row in rows])
        months, groups = np.unique([row.month for row in rows], return_inverse=True)
        counts = self._bins[manifest].count(encoded, probability, groups, len(months))
        for month, row in zip(months.tolist(), counts, strict=True):
            self.tally.count(manifest, month, row)


def _costs(
    scorer: Scorer, rows: int, encoded: EncodedRows | None
) -> tuple[FloatArray, FloatArray] | None:
    """Return the costs of a wrong decision; raises `InvalidRequest` if one is not positive.

    They are None if they differ by loan and the applicants were erased.
    """
    policy = scorer.policy
    if policy.loan_costs is None:
        return np.full(rows, policy.false_negative_cost), np.full(rows, policy.false_positive_cost)
    if encoded is None:
        return None
    return policy.loan_costs.costs(encoded.matrix, scorer.contract.names)


def _to_batch(
    name: VersionName,
    rows: Sequence[DecidedRow],
    costs: tuple[FloatArray, FloatArray] | None = None,
    margins: FloatArray | None = None,
) -> pa.RecordBatch:
    count = len(rows)
    absent = pa.nulls(count, pa.float64())
    identifiers, references, are_digests, *others = zip(*rows, strict=True)
    months, days, probability, score, applicants, _, _ = others
    columns = [
        identifiers,
        references,
        are_digests,
        [applicant is None for applicant in applicants],
        months,
        pa.array(days, pa.int32()).cast(pa.date32()),
        pa.repeat(name.manifest, count),
        probability,
        score,
        *(costs or (absent, absent)),
        absent if margins is None else margins,
    ]
    arrays = [pa.array(c, f.type) for c, f in zip(columns, DECISIONS, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=DECISIONS)

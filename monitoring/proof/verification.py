"""`verify_log`: compares a log with its anchor, and with itself where no anchor reaches."""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from monitoring.proof.anchor import Anchor, Claim
from monitoring.proof.expected import TreePoint
from monitoring.proof.finding import Finding
from monitoring.proof.seals import SealChain
from monitoring.proof.segment_check import SegmentCheck
from scoring_model.decision_log import LoggedSegment, LogReader


@dataclass(slots=True)
class Verification:
    """What the verification of a log found.

    Attributes
    ----------
    writers : int
    segments : int
    records : int
    proven : int
        Records that the anchor proves.
    erased : int
        Decisions whose personal part was erased.
    unanchored : int
        Writers that the anchor does not know.
    findings : list of Finding
        What is wrong, by writer and segment: the first record and the first personal part of each.
    """

    writers: int
    segments: int
    records: int
    proven: int
    erased: int
    unanchored: int
    findings: list[Finding]


def verify_log(reader: LogReader, anchor: Anchor | None) -> Verification:
    """Verify all decisions of a log.

    Parameters
    ----------
    reader : LogReader
    anchor : Anchor or None
        The anchor must be older than the log's state: read it first.
    """
    made = Verification(0, 0, 0, 0, 0, 0, [])
    claims = dict(anchor.by_writer()) if anchor is not None else {}
    for writer, segments in itertools.groupby(reader.segments(), lambda s: s.writer):
        made.writers += 1
        made.unanchored += writer not in claims
        _verify_writer(reader, writer, segments, claims.pop(writer, []), made)
    for writer, lost in claims.items():
        # a writer whose only segment is empty leaves nothing to prove
        if any(claim.sealed or claim.open for claim in lost):
            made.findings.append(Finding(writer, "all segments of the writer are missing"))
    return made


def _verify_writer(
    reader: LogReader,
    writer: str,
    found: Iterable[LoggedSegment],
    claims: Sequence[Claim],
    made: Verification,
) -> None:
    segments = {segment.number: segment for segment in found}
    chain = SealChain(segments, claims)
    made.findings += reversed(chain.findings)
    claimed = [claim.sealed - 1 for claim in claims]
    claimed += [part.segment for claim in claims for part in claim.open]
    start: int | None = 0
    for number in range(max([*segments, *claimed]) + 1):
        segment = segments.get(number)
        if segment is None:
            made.findings.append(Finding(writer, "the segment is missing", number))
            start = None
            continue
        seal = chain.good.get(number)
        points = _find_points(chain, claims, number)
        end = seal.records if seal is not None else None
        check = SegmentCheck(writer, number, start, points, end)
        check.run(reader.pairs(segment))
        start = check.next_number()
        made.segments += 1
        made.records += check.records
        made.proven += check.proven
        made.erased += check.erased
        made.findings += check.findings


def _find_points(chain: SealChain, claims: Sequence[Claim], number: int) -> list[TreePoint]:
    """Return the roots that must hold within a segment, by number of records."""
    points = {
        TreePoint(part.records, part.root, True, claim.time)
        for claim in claims
        for part in claim.open
        if part.segment == number
    }
    seal = chain.good.get(number)
    if seal is not None:
        points.add(TreePoint(seal.records, seal.root, seal.is_proven))
    return sorted(points, key=lambda point: (point.records, point.time))

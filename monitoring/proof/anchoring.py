"""`make_anchor`: reads what a log holds now, and keeps what no longer fits the anchor before."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from monitoring.proof.anchor import Anchor, Claim, OpenPart
from monitoring.proof.seals import parse_seal
from scoring_model.decision_log import (
    NO_SEAL,
    LoggedSegment,
    LogReader,
    MerkleTree,
    hash_leaf,
    write_time,
)


@dataclass(frozen=True, slots=True)
class MadeAnchor:
    """An anchor that was just made.

    Attributes
    ----------
    anchor : Anchor
    records : int
        Records that it holds.
    """

    anchor: Anchor
    records: int


def make_anchor(reader: LogReader, earlier: Anchor | None) -> MadeAnchor:
    """Return an anchor of all that a log holds.

    An alteration between two anchors must not get lost. So each claim of the earlier anchor is
    compared with the log, and kept beside the new ones if it does not hold.

    Parameters
    ----------
    reader : LogReader
    earlier : Anchor or None
        The newest anchor so far.
    """
    time = write_time(datetime.now(UTC))
    before = dict(earlier.by_writer()) if earlier is not None else {}
    made: list[Claim] = []
    kept: list[Claim] = []
    records = 0
    for writer, found in itertools.groupby(reader.segments(), lambda s: s.writer):
        segments = {segment.number: segment for segment in found}
        state = _WriterState(reader, writer, segments, before.pop(writer, []))
        made.append(state.claim(time))
        kept += state.broken()
        records += state.records
    kept += itertools.chain.from_iterable(before.values())
    number = 0 if earlier is None else earlier.number + 1
    return MadeAnchor(Anchor(reader.log, number, time, (*made, *kept)), records)


class _WriterState:
    """What a writer has written so far, and which earlier claims about it hold."""

    def __init__(
        self,
        reader: LogReader,
        writer: str,
        segments: Mapping[int, LoggedSegment],
        claims: Sequence[Claim],
    ) -> None:
        self.records = 0
        self._writer, self._claims = writer, claims
        # digest of each seal from the first one on, as long as each names the one before
        self._digests = [NO_SEAL]
        while (segment := segments.get(len(self._digests) - 1)) and segment.seal is not None:
            seal = parse_seal(segment)
            if seal is None or seal.previous != self._digests[-1]:
                break
            self.records += seal.records
            self._digests.append(seal.digest)
        self._sealed = len(self._digests) - 1
        self._open: list[OpenPart] = []
        self._roots: dict[tuple[int, int], str] = {}
        asked = {part.segment for claim in claims for part in claim.open}
        for number, segment in segments.items():
            is_open = number >= self._sealed
            if is_open or number in asked:
                self._read(reader, segment, is_open=is_open)

    def _read(self, reader: LogReader, segment: LoggedSegment, *, is_open: bool) -> None:
        """Compute the root of a segment, and those that earlier claims name."""
        number, tree = segment.number, MerkleTree()
        asked = {p.records for c in self._claims for p in c.open if p.segment == number}
        for record, _ in reader.pairs(segment):
            if record is None:
                break
            tree.add(hash_leaf(record))
            if tree.size in asked:
                self._roots[number, tree.size] = tree.root().hex()
        if is_open and tree.size:
            self._open.append(OpenPart(number, tree.size, tree.root().hex()))
            self.records += tree.size

    def claim(self, time: str) -> Claim:
        """Return what the writer has written."""
        return Claim(self._writer, time, self._sealed, self._digests[-1], tuple(self._open))

    def broken(self) -> list[Claim]:
        """Return the earlier claims that do not hold."""
        return [claim for claim in self._claims if not self._holds(claim)]

    def _holds(self, claim: Claim) -> bool:
        has_seals = self._digests[claim.sealed : claim.sealed + 1] == [claim.last_seal]
        return has_seals and all(
            self._roots.get((part.segment, part.records)) == part.root for part in claim.open
        )

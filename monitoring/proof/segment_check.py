"""`SegmentCheck`: compares the decisions of a segment with the roots that hold for it."""

import copy
from collections.abc import Iterable, Sequence

from monitoring.proof.expected import Clash, TreePoint
from monitoring.proof.finding import Finding
from monitoring.proof.lines import ReadRecord, find_flaw, read_record
from scoring_model.decision_log import MerkleTree, PersonalPart, hash_leaf

_UNFIT = "the record and its personal part do not belong together: one of them was altered"
_PROBLEMS = {
    "missing": "the record is missing",
    "altered": "the record was altered",
    "out of order": "the record is not at its place",
}


class SegmentCheck:
    """Checks one segment, decision by decision.

    A personal part repeats the hash of its record. So there are two trees: over the records, and
    over the hashes that the personal parts hold. Where a record does not fit its personal part, the
    tree with the expected root says which of the two was altered.

    Parameters
    ----------
    writer : str
    segment : int
    start : int or None
        Number of the first record; None if it is not known.
    points : sequence of TreePoint
        By number of records.
    end : int or None
        Number of records of a sealed segment.

    Attributes
    ----------
    records : int
    erased : int
    proven : int
        How many of the first records an anchor proves.
    findings : list of Finding
        The first record and the first personal part that are not as they were written.
    """

    def __init__(
        self,
        writer: str,
        segment: int,
        start: int | None,
        points: Sequence[TreePoint],
        end: int | None,
    ) -> None:
        self.records = self.erased = self.proven = 0
        self.findings: list[Finding] = []
        self._writer, self._segment = writer, segment
        self._start, self._points, self._end = start, points, end
        self._position = 0
        self._tree = MerkleTree()
        # as long as both trees are the same, only one is kept
        self._other: MerkleTree | None = None
        self._passed: dict[TreePoint, bool] = {}
        self._other_fits: set[TreePoint] = set()
        self._clash: Clash | None = None
        self._jump: Clash | None = None
        self._flaw: Finding | None = None

    def run(self, pairs: Iterable[tuple[bytes | None, PersonalPart | None]]) -> None:
        """Check all decisions."""
        for record, personal in pairs:
            self._add(record, personal)
            self._position += 1
        self._finish()

    def next_number(self) -> int | None:
        """Return the number of the first record of the next segment; None if it is not known."""
        records = self.records if self._end is None else self._end
        return None if self._start is None else self._start + records

    def _add(self, record: bytes | None, personal: PersonalPart | None) -> None:
        leaf = b"" if record is None else hash_leaf(record)
        read = read_record(record)
        if self._start is None and read is not None:
            self._start = read.number - self._position
        number = (self._start or 0) + self._position
        told = personal.leaf if personal is not None else leaf.hex()
        self._note_kinds(leaf.hex(), read)
        fits = told == leaf.hex()
        if not fits and self._clash is None:
            self._clash = self._describe_clash(number, told, record, read, personal)
        if self._jump is None and (read is None or read.number != number):
            self._jump = Clash(self._position, "", number, read.identifier if read else "")
        self._grow(leaf, told)
        if fits and (flaw := find_flaw(read, personal)):
            self._note_flaw(flaw, number, read.identifier if read else "")
        self.erased += personal is not None and bool(personal.erased)

    def _describe_clash(
        self,
        number: int,
        told: str,
        record: bytes | None,
        read: ReadRecord | None,
        personal: PersonalPart | None,
    ) -> Clash:
        identifier = personal.identifier if personal is not None else ""
        kind = ""
        if record is None:
            kind = "missing"
        elif read is None or read.identifier == identifier:
            kind = "altered"
        return Clash(self._position, told, number, identifier, kind)

    def _note_kinds(self, leaf: str, read: ReadRecord | None) -> None:
        """Note that an expected record comes later."""
        if self._clash is not None and not self._clash.kind and leaf == self._clash.leaf:
            self._clash.kind = "out of order"
        jump = self._jump
        if jump is not None and not jump.kind and read is not None and read.number == jump.number:
            jump.kind, jump.identifier = "out of order", read.identifier

    def _grow(self, leaf: bytes, told: str) -> None:
        """Add the record to both trees, and compare their roots where one is expected."""
        if self._other is None and told != leaf.hex():
            self._other = copy.deepcopy(self._tree)
        if self._other is not None:
            self._other.add(_bytes_of(told))
            for point in self._points:
                if point.records == self._other.size and point.root == self._other.root().hex():
                    self._other_fits.add(point)
        if not leaf:
            return
        self.records += 1
        self._tree.add(leaf)
        for point in self._points:
            if point.records == self.records:
                self._pass(point)

    def _pass(self, point: TreePoint) -> None:
        fits = self._tree.root().hex() == point.root
        self._passed[point] = fits
        if not all(self._passed.values()):
            return
        if point.is_proven:
            self.proven = point.records
        # so the records up to here are as they were written
        if self._clash is not None:
            text = "the personal part does not belong to the record: it was altered or moved"
            self._note_flaw(text, self._clash.number, self._clash.identifier)
        self._clash = self._jump = self._other = None

    def _note_flaw(self, problem: str, number: int, identifier: str) -> None:
        if self._flaw is None or number < (self._flaw.number or 0):
            self._flaw = Finding(self._writer, problem, self._segment, number, identifier)

    def _finish(self) -> None:
        start, clash, jump = self._start or 0, self._clash, self._jump
        failed = [point for point in self._points if not self._passed.get(point)]
        if failed:
            self._explain(failed[0])
        elif self._end is not None and self.records > self._end:
            self._report("the record was added after the segment was sealed", start + self._end)
        elif clash is not None and clash.kind == "missing":
            text = "the personal part has no record: it was added"
            self._note_flaw(text, clash.number, clash.identifier)
        elif clash is not None:
            self._report(_UNFIT, clash.number, clash.identifier)
        elif jump is not None:
            self._report("the record is not at its place", jump.number, jump.identifier)
        if self._flaw is not None:
            self.findings.append(self._flaw)
        self.findings.sort(key=lambda finding: finding.number or 0)

    def _report(self, problem: str, number: int | None = None, identifier: str = "") -> None:
        self.findings.append(Finding(self._writer, problem, self._segment, number, identifier))

    def _explain(self, point: TreePoint) -> None:
        """Name the first record that is not as the root says."""
        start = self._start or 0
        by = f"the anchor of {point.time}" if point.time else "the seal"
        knows_leaves = point in self._other_fits
        places = [self._clash] if knows_leaves else [self._clash, self._jump]
        found = [place for place in places if place is not None and place.position < point.records]
        lacks = self.records < point.records
        if found:
            first = min(found, key=lambda place: place.position)
            kind = first.kind or ("missing" if lacks else "altered")
            problem = _PROBLEMS[kind]
            if kind == "altered" and first is self._clash and not knows_leaves:
                problem = _UNFIT
            is_known = first is self._clash or kind != "missing"
            identifier = first.identifier if is_known else ""
            self._report(f"{problem}, {by} shows", first.number, identifier)
        elif lacks:
            problem = f"it and all after it are missing: {by} holds {point.records} records"
            self._report(problem, start + self.records)
        else:
            held = [p.records for p, fits in self._passed.items() if fits]
            first_number = start + max((n for n in held if n < point.records), default=0)
            self._report(
                f"at least one of the records {first_number} to {start + point.records - 1} was "
                f"altered together with its personal part: {by} holds another root"
            )


def _bytes_of(told: str) -> bytes:
    """Return a hash that a personal part holds; an altered text only has to differ."""
    try:
        return bytes.fromhex(told)
    except ValueError:
        return told.encode()

"""The chain of the seals of one writer: which of them the anchor proves."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import orjson

from monitoring.proof.anchor import Claim
from monitoring.proof.finding import Finding
from scoring_model.decision_log import NO_SEAL, LoggedSegment


@dataclass(frozen=True, slots=True)
class Seal:
    """What the seal of a segment says.

    Attributes
    ----------
    digest : str
        SHA-256 of the seal's text.
    records : int
    root : str
    previous : str
        Digest of the seal before it.
    is_proven : bool
        Whether the anchor holds its digest, by itself or through the seals after it.
    """

    digest: str
    records: int
    root: str
    previous: str
    is_proven: bool = False


def digest_of(text: bytes) -> str:
    """Return the SHA-256 of a seal's text, as the next seal and an anchor hold it."""
    return hashlib.sha256(text).hexdigest()


def parse_seal(segment: LoggedSegment, *, is_proven: bool = False) -> Seal | None:
    """Return the seal of a segment; None if it is damaged or of another segment."""
    text = segment.seal or b""
    try:
        fields = orjson.loads(text)
        named = (fields["writer"], fields["segment"])
        found = Seal(
            digest_of(text), fields["records"], fields["root"], fields["previous"], is_proven
        )
    except (ValueError, TypeError, KeyError):
        return None
    is_typed = type(found.records) is int and type(found.root) is type(found.previous) is str
    return found if is_typed and named == (segment.writer, segment.number) else None


class SealChain:
    """Checks the seals of a writer, from the last one back to the first.

    Parameters
    ----------
    segments : mapping of int to LoggedSegment
    claims : sequence of Claim
        What anchors say about the writer.

    Attributes
    ----------
    good : dict of int to Seal
        The seals that fit; the roots of the others say nothing.
    findings : list of Finding
        Altered and missing seals, the last one first.
    """

    def __init__(self, segments: Mapping[int, LoggedSegment], claims: Sequence[Claim]) -> None:
        self.good: dict[int, Seal] = {}
        self.findings: list[Finding] = []
        self._claims = claims
        sealed = [number for number, segment in segments.items() if segment.seal is not None]
        top = max([*sealed, *(claim.sealed - 1 for claim in claims)], default=-1)
        after: Seal | None = None
        for number in range(top, -1, -1):
            segment = segments.get(number)
            if segment is None:
                after = None
            elif segment.seal is None:
                problem = "the seal is missing: without it, nothing proves the segments up to it"
                self.findings.append(Finding(segment.writer, problem, number))
                after = None
            else:
                after = self._check(segment, after)

    def _check(self, segment: LoggedSegment, after: Seal | None) -> Seal | None:
        """Check a seal against the one after it and the anchors; return it if it fits."""
        writer, number = segment.writer, segment.number
        digest = digest_of(segment.seal or b"")
        claimed = [c for c in self._claims if c.sealed == number + 1]
        broken = [claim.time for claim in claimed if claim.last_seal != digest]
        is_proven = bool(claimed) or (after is not None and after.is_proven)
        seal = parse_seal(segment, is_proven=is_proven)
        if broken:
            problem = f"the seal was altered: the anchor of {broken[0]} holds another one"
        elif after is not None and after.previous != digest:
            problem = f"the seal was altered: the seal of segment {number + 1} names another one"
        elif seal is None or (number == 0 and seal.previous != NO_SEAL):
            problem = "the seal is damaged"
        else:
            self.good[number] = seal
            return seal
        self.findings.append(Finding(writer, problem, number))
        return None

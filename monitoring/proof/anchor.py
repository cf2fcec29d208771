"""`Anchor`: what a log held at one time, kept where the log's own keepers cannot change it."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from train.errors import InputError

ANCHOR_FORMAT = 1


@dataclass(frozen=True, slots=True)
class OpenPart:
    """The records of a segment that had no seal yet.

    Attributes
    ----------
    segment : int
    records : int
        How many there were, at least one.
    root : str
        Root of their tree, as hex digits.
    """

    segment: int
    records: int
    root: str


@dataclass(frozen=True, slots=True)
class Claim:
    """What one writer had written at one time.

    Attributes
    ----------
    writer : str
    time : str
        When the log was read, in UTC.
    sealed : int
        Number of the segments that were sealed, from the first one on without a gap.
    last_seal : str
        SHA-256 of the last of their seals; each seal names the one before.
    open : tuple of OpenPart
        The segments after them.
    """

    writer: str
    time: str
    sealed: int
    last_seal: str
    open: tuple[OpenPart, ...] = ()


@dataclass(frozen=True, slots=True)
class Anchor:
    """What a log held at one time.

    Attributes
    ----------
    log : str
        Name of the log.
    number : int
        Position among the anchors of the log, from 0.
    time : str
        When the log was read, in UTC.
    claims : tuple of Claim
        One for each writer. Older claims that no longer held at that time follow: they are kept, so
        that a later anchor never hides an alteration.
    """

    log: str
    number: int
    time: str
    claims: tuple[Claim, ...]

    def by_writer(self) -> Mapping[str, list[Claim]]:
        """Return the claims of each writer, the newest first."""
        found: dict[str, list[Claim]] = defaultdict(list)
        for claim in self.claims:
            found[claim.writer].append(claim)
        return found

    def broken(self) -> tuple[Claim, ...]:
        """Return the older claims that did not hold when the anchor was made."""
        return tuple(claim for claim in self.claims if claim.time != self.time)

    def to_document(self) -> dict[str, Any]:
        """Return the anchor as a JSON object."""
        return {"format_version": ANCHOR_FORMAT, **asdict(self)}


def read_anchor(document: Mapping[str, Any], run_id: str) -> Anchor:
    """Return the anchor that `Anchor.to_document` wrote.

    Parameters
    ----------
    document : mapping
    run_id : str
        The run that holds it, for messages.

    Raises
    ------
    InputError
        A newer release wrote it, or it is damaged.
    """
    fields = dict(document)
    version = fields.pop("format_version", None)
    if type(version) is int and version > ANCHOR_FORMAT:
        raise InputError(
            f"anchor {run_id} has format {version}, this release reads {ANCHOR_FORMAT}: use a newer"
            " release"
        )
    try:
        claims = tuple(_read_claim(**claim) for claim in fields.pop("claims"))
        return Anchor(claims=claims, **fields)
    except (TypeError, KeyError) as error:
        raise InputError(f"anchor {run_id} is damaged: its anchor.json cannot be read") from error


def _read_claim(**fields: Any) -> Claim:
    parts = tuple(OpenPart(**part) for part in fields.pop("open"))
    return Claim(open=parts, **fields)

"""`prove_inclusion`: shows by a few hashes that a log holds a record."""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.errors import DecisionsDiffer
from monitoring.proof.anchor import Claim
from monitoring.proof.anchor_runs import KeptAnchor
from monitoring.proof.lines import read_record
from monitoring.proof.seals import SealChain
from scoring_model.decision_log import (
    LoggedSegment,
    LogReader,
    hash_leaf,
    hash_node,
    root_of,
    writer_of,
)
from train.errors import InputError

PROOF_FORMAT = 1


def audit_path(index: int, leaves: Sequence[bytes]) -> list[bytes]:
    """Return the hashes that lead from a leaf to the root [1]_.

    Parameters
    ----------
    index : int
        Position of the leaf, from 0.
    leaves : sequence of bytes
        Hashes of all records of the tree.

    Returns
    -------
    list of bytes
        The sibling of the leaf first.

    References
    ----------
    .. [1] RFC 6962, section 2.1.1.
    """
    path = []
    level = list(leaves)
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        pairs = itertools.zip_longest(level[::2], level[1::2])
        # a node without a sibling moves up as it is
        level = [left if right is None else hash_node(left, right) for left, right in pairs]
        index //= 2
    return path


def prove_inclusion(reader: LogReader, identifier: str, kept: KeptAnchor | None) -> dict[str, Any]:
    """Return a proof that a log holds a decision, as a JSON object.

    Parameters
    ----------
    reader : LogReader
    identifier : str
        Id of the decision.
    kept : KeptAnchor or None
        The newest anchor of the log.

    Raises
    ------
    InputError
        The log does not hold the decision.
    DecisionsDiffer
        The records do not give the root of the seal or of the anchor.
    """
    writer = writer_of(identifier)
    segments = {s.number: s for s in reader.segments() if s.writer == writer}
    # the newest claim comes first
    claims = kept.anchor.by_writer().get(writer, [])[:1] if kept is not None else []
    segment = _find_segment(reader, list(segments.values()), identifier)
    record, index, leaves = _read_leaves(reader, segment, identifier)
    tree = _choose_tree(segments, segment, claims, index) or _Tree(
        len(leaves), _root_text(leaves), False
    )
    if tree.root != _root_text(leaves[: tree.size]):
        raise DecisionsDiffer(
            f"decisions: segment {segment.number} of writer {writer} was altered, so that nothing "
            "in it can be proven: run verify"
        )
    path = audit_path(index, leaves[: tree.size])
    return {
        "format_version": PROOF_FORMAT,
        "log": reader.log,
        "id": identifier,
        "record": record,
        "writer": writer,
        "segment": segment.number,
        "leaf_index": index,
        "tree_size": tree.size,
        "root": tree.root,
        "audit_path": [node.hex() for node in path],
        "seals": [seal.decode() for seal in tree.seals],
        "anchor": kept.run_id if kept is not None and tree.is_anchored else None,
    }


@dataclass(frozen=True, slots=True)
class _Tree:
    """The tree that a proof leads into.

    Attributes
    ----------
    size : int
    root : str
    is_anchored : bool
    seals : tuple of bytes
        From the seal that holds the root to the one whose digest the anchor holds.
    """

    size: int
    root: str
    is_anchored: bool
    seals: tuple[bytes, ...] = ()


def _choose_tree(
    segments: Mapping[int, LoggedSegment],
    segment: LoggedSegment,
    claims: Sequence[Claim],
    index: int,
) -> _Tree | None:
    """Return a tree that an anchor or a seal names; None if there is none."""
    number = segment.number
    for part in claims[0].open if claims else ():
        if part.segment == number and index < part.records:
            return _Tree(part.records, part.root, True)
    if segment.seal is None:
        return None
    seal = SealChain(segments, claims).good.get(number)
    if seal is None:
        return _Tree(0, "", False)
    last = claims[0].sealed if seal.is_proven else number + 1
    chain = tuple(segments[place].seal or b"" for place in range(number, last))
    return _Tree(seal.records, seal.root, seal.is_proven, chain)


def _find_segment(
    reader: LogReader, segments: Sequence[LoggedSegment], identifier: str
) -> LoggedSegment:
    """Return the last segment that begins with this id or a smaller one: ids grow."""
    for segment in reversed(segments):
        first = read_record(next(iter(reader.pairs(segment)), (None, None))[0])
        if first is not None and first.identifier <= identifier:
            return segment
    raise InputError(f"id {identifier}: the log holds no such decision")


def _read_leaves(
    reader: LogReader, segment: LoggedSegment, identifier: str
) -> tuple[str, int, list[bytes]]:
    """Return the text and the position of a record, and the hashes of all records around it."""
    text, index = "", -1
    leaves: list[bytes] = []
    wanted = identifier.encode()
    for record, _ in reader.pairs(segment):
        if record is None:
            break
        # most records are not parsed
        if index < 0 and wanted in record:
            read = read_record(record)
            if read is not None and read.identifier == identifier:
                text, index = record.decode(), len(leaves)
        leaves.append(hash_leaf(record))
    if index < 0:
        raise InputError(f"id {identifier}: the log holds no such decision")
    return text, index, leaves


def _root_text(leaves: Sequence[bytes]) -> str:
    return root_of(leaves).hex()

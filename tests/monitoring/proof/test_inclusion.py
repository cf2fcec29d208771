"""Inclusion proofs are those of RFC 6962, and other code accepts them."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pymerkle
import pytest

from monitoring.errors import DecisionsDiffer
from monitoring.proof import KeptAnchor, audit_path, make_anchor, prove_inclusion
from scoring_model.decision_log import (
    EMPTY_ROOT,
    FolderReader,
    LogWriter,
    MerkleTree,
    SegmentFiles,
    hash_leaf,
)
from tests.monitoring.logs import make_log, write_decisions
from train.errors import InputError

# the leaves and the root of the test tree that implementations of RFC 6962 share
LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOT_OF_EIGHT = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
WRITER, LIVE = "8000000000000000", "9000000000000000"


def root_of(leaves: list[bytes]) -> bytes:
    tree = MerkleTree()
    for leaf in leaves:
        tree.add(hash_leaf(leaf))
    return tree.root()


def is_left(index: int, size: int) -> list[bool]:
    """Return for each hash of an audit path whether it is the left one (RFC 9162, 2.1.3.2)."""
    last, sides = size - 1, []
    while last:
        if index & 1 or index != last:
            sides.append(bool(index & 1))
        index, last = index >> 1, last >> 1
    return sides


def accept_elsewhere(proof: dict[str, Any]) -> None:
    """Let pymerkle verify a proof; it counts leaves from 1."""
    index, size, leaf = proof["leaf_index"], proof["tree_size"], hash_of(proof["record"])
    document = {
        "type": "inclusion",
        "metadata": {"algorithm": "sha256", "security": True, "size": size, "index": index + 1},
        "rule": [*map(int, is_left(index, size)), 0],
        "path": [leaf.hex(), *proof["audit_path"]],
    }
    pymerkle.verify_inclusion(
        leaf,
        bytes.fromhex(proof["root"]),
        pymerkle.MerkleProof.deserialize(document),
        index=index + 1,
        size=size,
        algorithm="sha256",
    )


def hash_of(record: str) -> bytes:
    return hashlib.sha256(b"\x00" + record.encode()).digest()


def test_the_test_tree_of_the_rfc() -> None:
    assert EMPTY_ROOT.hex() == hashlib.sha256().hexdigest()
    assert MerkleTree().root() == EMPTY_ROOT
    assert root_of(LEAVES).hex() == ROOT_OF_EIGHT


@pytest.mark.parametrize("size", [*range(1, 20), 64, 100])
def test_roots_and_paths_are_those_of_other_code(size: int) -> None:
    entries = [(LEAVES * 20)[place] + bytes([place]) for place in range(size)]
    other = pymerkle.InmemoryTree(algorithm="sha256")
    for entry in entries:
        other.append_entry(entry)
    assert root_of(entries) == other.get_root()
    hashes = list(map(hash_leaf, entries))
    for index in range(size):
        expected = other.prove_inclusion(index + 1, size).path
        assert [hashes[index], *audit_path(index, hashes)] == expected


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """Return the folder of a log."""
    return make_log(tmp_path / "log")


@pytest.fixture
def live(place: Path) -> Iterator[LogWriter]:
    """Yield a writer with ten decisions in its open segment."""
    writer = LogWriter(place, LIVE)
    write_decisions(writer, range(10))
    yield writer
    writer.close()


def anchored(place: Path) -> KeptAnchor:
    return KeptAnchor("some run", make_anchor(FolderReader(place), None).anchor)


def ids_of(place: Path, writer: str, segment: int) -> list[str]:
    lines = SegmentFiles(place / writer, segment).read_records()
    return [orjson.loads(line)["id"] for line in lines]


@pytest.mark.usefixtures("live")
def test_other_code_accepts_the_proof_of_every_decision(place: Path) -> None:
    kept, reader = anchored(place), FolderReader(place)
    claims = kept.anchor.by_writer()
    for segment in reader.segments():
        for index, (record, _) in enumerate(reader.pairs(segment)):
            assert record is not None
            identifier = orjson.loads(record)["id"]
            proof = json.loads(json.dumps(prove_inclusion(reader, identifier, kept)))
            accept_elsewhere(proof)
            assert (proof["id"], proof["record"].encode()) == (identifier, record)
            assert (proof["writer"], proof["segment"]) == (segment.writer, segment.number)
            assert (proof["log"], proof["leaf_index"]) == (reader.log, index)
            assert proof["anchor"] == "some run"
            (claim,) = claims[segment.writer]
            if not proof["seals"]:
                (part,) = claim.open
                assert (part.root, part.records) == (proof["root"], proof["tree_size"])
                continue
            # each seal names the one before, and the anchor the last one
            assert json.loads(proof["seals"][0])["root"] == proof["root"]
            digests = [hashlib.sha256(seal.encode()).hexdigest() for seal in proof["seals"]]
            names = [json.loads(seal)["previous"] for seal in proof["seals"]]
            assert names[1:] == digests[:-1]
            assert digests[-1] == claim.last_seal


@pytest.mark.hostile("an inclusion proof for a record that the log does not hold")
def test_other_code_refuses_a_proof_of_something_else(place: Path) -> None:
    identifier = ids_of(place, WRITER, 1)[4]
    proof = prove_inclusion(FolderReader(place), identifier, anchored(place))
    altered = proof["record"].replace('"score":1', '"score":0')
    assert altered != proof["record"]
    with pytest.raises(pymerkle.InvalidProof):
        accept_elsewhere(proof | {"record": altered})
    with pytest.raises(pymerkle.InvalidProof):
        accept_elsewhere(proof | {"leaf_index": 5})


def test_what_an_anchor_does_not_hold_yet(place: Path, live: LogWriter) -> None:
    kept, reader = anchored(place), FolderReader(place)
    early = ids_of(place, LIVE, 0)[2]
    (late,) = write_decisions(live, range(10, 11))
    # the anchor holds the root over the first ten
    assert prove_inclusion(reader, early, kept)["tree_size"] == 10
    proof = prove_inclusion(reader, late, kept)
    assert (proof["tree_size"], proof["anchor"], proof["seals"]) == (11, None, [])
    live.close()
    proof = prove_inclusion(reader, late, kept)
    assert (proof["tree_size"], proof["anchor"], len(proof["seals"])) == (11, None, 1)
    accept_elsewhere(proof)
    # sealed in the meantime, and still proven by the anchor
    proof = prove_inclusion(reader, early, kept)
    assert (proof["tree_size"], proof["anchor"]) == (10, "some run")
    accept_elsewhere(proof)


def test_without_any_anchor(place: Path) -> None:
    proof = prove_inclusion(FolderReader(place), ids_of(place, WRITER, 0)[0], None)
    assert (proof["anchor"], len(proof["seals"])) == (None, 1)
    accept_elsewhere(proof)


def test_an_erased_decision_is_proven_all_the_same(place: Path) -> None:
    from monitoring.erasure import erase_decisions, of_reference

    identifier = ids_of(place, WRITER, 0)[3]
    before = prove_inclusion(FolderReader(place), identifier, None)
    assert erase_decisions(str(place), of_reference("loan-3", None), print).erased == 1
    assert prove_inclusion(FolderReader(place), identifier, None) == before


@pytest.mark.parametrize("segment", [0, 3])
def test_an_altered_segment_proves_nothing(place: Path, segment: int) -> None:
    files, kept = SegmentFiles(place / WRITER, segment), anchored(place)
    ids = ids_of(place, WRITER, segment)
    whole = files.records.read_bytes()
    files.records.write_bytes(whole.replace(b'"threshold":0.3', b'"threshold":0.9', 1))
    with pytest.raises(DecisionsDiffer, match=f"segment {segment} of writer .*: run verify"):
        prove_inclusion(FolderReader(place), ids[-1], kept)
    files.records.write_bytes(whole)
    files.seal.write_bytes(files.seal.read_bytes().replace(b"T", b"t"))
    with pytest.raises(DecisionsDiffer):
        prove_inclusion(FolderReader(place), ids[-1], kept)


@pytest.mark.parametrize("writer", [WRITER, "8000000000000009"])
def test_an_id_that_the_log_does_not_hold(place: Path, writer: str) -> None:
    for time in ("00000000-0000-7000", "ffffffff-ffff-7fff"):
        identifier = f"{time}-{writer[:4]}-{writer[4:]}"
        with pytest.raises(InputError, match="the log holds no such decision"):
            prove_inclusion(FolderReader(place), identifier, None)

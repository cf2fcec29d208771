"""The root of a tree is what RFC 6962 defines, however the tree has grown."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring_model.decision_log import EMPTY_ROOT, MerkleTree, hash_leaf

EIGHT = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
LEAVES = [*map(bytes.fromhex, EIGHT), bytes.fromhex("606162636465666768696a6b6c6d6e6f")]


def defined(records: list[bytes]) -> bytes:
    """Compute a root as section 2.1 of RFC 6962 words it."""
    if not records:
        return hashlib.sha256().digest()
    if len(records) == 1:
        return hashlib.sha256(b"\x00" + records[0]).digest()
    split = 1
    while split * 2 < len(records):
        split *= 2
    halves = defined(records[:split]) + defined(records[split:])
    return hashlib.sha256(b"\x01" + halves).digest()


def grown(records: list[bytes]) -> MerkleTree:
    tree = MerkleTree()
    for record in records:
        tree.add(hash_leaf(record))
    return tree


@pytest.mark.parametrize(
    ("size", "root"),
    [
        (0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (1, "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"),
        (8, "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"),
    ],
)
def test_the_roots_that_all_implementations_know(size: int, root: str) -> None:
    tree = grown(LEAVES[:size])
    assert (tree.size, tree.root().hex()) == (size, root)
    assert defined(LEAVES[:size]).hex() == root


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_a_root_is_as_the_rfc_words_it(records: list[bytes]) -> None:
    tree = grown(records)
    assert tree.root() == defined(records)
    # asking changes nothing
    assert tree.root() == defined(records)
    assert (tree.root() == EMPTY_ROOT) == (not records)
